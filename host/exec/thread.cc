#include "exec/thread.h"

#include <pthread.h>
#include <signal.h>

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

}  // namespace

Result<std::thread> start_thread(const std::string& name, Task body) {
  const SignalsBlocked blocked;
  try {
    return std::thread([shown = name.substr(0, kThreadNameBytesMax), body = std::move(body)]() mutable {
      const SignalStack crash_stack;
      pthread_setname_np(pthread_self(), shown.c_str());
      body();
    });
  } catch (const std::system_error& e) {
    return Error{Code::resource_exhausted, "cannot start a thread",
                 "thread " + name,         "",
                 e.code().message(),       "raise the limit of threads (ulimit -u, TasksMax=) or free memory"};
  }
}

}  // namespace dormouse
