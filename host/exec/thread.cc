#include "exec/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/crash_signals.h"

namespace dormouse {
namespace {

constexpr size_t kThreadNameBytesMax = 15;  // the kernel's TASK_COMM_LEN without its zero

// Blocks the signals of this thread until destroyed; a thread started meanwhile inherits that.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    const sigset_t blocked = all_but_crash_signals();
    pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// As the kernel has it (linux/sched/types.h, which clashes with sched.h); the first 48 bytes are its oldest form.
struct SchedulingWish {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime_ns, deadline_ns, period_ns;
};
static_assert(sizeof(SchedulingWish) == 48);
constexpr uint64_t kShortTurnNs = 100'000;  // the shortest the kernel takes

// Enough by measurement (docs/performance.md, row `beside`): fifteen steps gave requests no more.
constexpr int kBackgroundNiceness = 5;
constexpr int kNicenessMax = 19;

// Absolute and not one step more than the creator, because background threads start threads too.
void go_to_background() {
  const int ours = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::getpid()));  // of the first thread
  (void)::setpriority(PRIO_PROCESS, 0, std::min(ours + kBackgroundNiceness, kNicenessMax));
}

}  // namespace

void ask_for_short_turns() {
  SchedulingWish wish{};
  // Read first: a wish is taken whole, and the policy and the niceness are the operator's.
  if (::syscall(SYS_sched_getattr, 0, &wish, sizeof wish, 0) != 0 || wish.policy != SCHED_OTHER) return;
  wish.runtime_ns = kShortTurnNs;
  (void)::syscall(SYS_sched_setattr, 0, &wish, 0);
}

Result<std::thread> start_thread(const std::string& name, Task body, ThreadPriority priority) {
  const SignalsBlocked blocked;
  try {
    return std::thread([shown = name.substr(0, kThreadNameBytesMax), body = std::move(body), priority]() mutable {
      const SignalStack crash_stack;
      pthread_setname_np(pthread_self(), shown.c_str());
      if (priority == ThreadPriority::background) go_to_background();
      body();
    });
  } catch (const std::system_error& e) {
    return Error{.code = Code::resource_exhausted,
                 .message = "cannot start a thread",
                 .object = "thread " + name,
                 .needed = "",
                 .found = e.code().message(),
                 .remedy = "raise the limit of threads (ulimit -u, TasksMax=) or free memory"};
  }
}

}  // namespace dormouse
