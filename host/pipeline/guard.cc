#include "pipeline/guard.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <ctime>
#include <mutex>

// ThreadSanitizer delivers signals only at calls it intercepts, of which a Lua loop makes none: there a counting hook
// reads the clock instead.
#if defined(__SANITIZE_THREAD__)
#define DORMOUSE_GUARD_COUNTS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DORMOUSE_GUARD_COUNTS 1
#endif
#endif
#ifndef DORMOUSE_GUARD_COUNTS
#define DORMOUSE_GUARD_COUNTS 0
#endif

namespace dormouse {
namespace {

constexpr bool kCounts = DORMOUSE_GUARD_COUNTS;
constexpr int kCountedInstructions = 10'000;
constexpr int64_t kTickNs = 10'000'000;
// After this many ticks without an entry the timer stops until the next one.
constexpr unsigned kIdleTicksMax = 20;

int tick_signal() {
  return SIGRTMIN + 7;
}

int64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// What the signal handler of this thread sees. Plain data: it is read between any two instructions.
struct ThreadState {
  CpuGuard* volatile current;
  timer_t timer;
  volatile sig_atomic_t ticking;
  volatile unsigned idle_ticks;
};
constinit thread_local ThreadState t_state{};

}  // namespace

// Owns the timer of one thread.
struct CpuGuard::Thread {
  bool made = false;

  ~Thread() {
    t_state.current = nullptr;
    if (made) timer_delete(t_state.timer);
  }

  static void install_handler() {
    static std::once_flag once;
    std::call_once(once, [] {
      struct sigaction action {};
      action.sa_sigaction = on_signal;
      action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
      sigemptyset(&action.sa_mask);
      sigaction(tick_signal(), &action, nullptr);
    });
  }

  void start() {
    if (!made) {
      install_handler();
      // Threads of the host start with every signal blocked; this one is for them.
      sigset_t tick;
      sigemptyset(&tick);
      sigaddset(&tick, tick_signal());
      pthread_sigmask(SIG_UNBLOCK, &tick, nullptr);
      sigevent event{};
      event.sigev_notify = SIGEV_THREAD_ID;
      event.sigev_signo = tick_signal();
      event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
      made = timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &t_state.timer) == 0;
      if (!made) return;
    }
    t_state.idle_ticks = 0;
    t_state.ticking = 1;
    const itimerspec every{{0, kTickNs}, {0, kTickNs}};
    timer_settime(t_state.timer, 0, &every, nullptr);
  }

  static Thread& of_this_thread() {
    static thread_local Thread thread;
    return thread;
  }
};

CpuGuard::CpuGuard(lua_State* running, Duration limit)
    : running_(running), ticks_max_(static_cast<unsigned>(limit.count() / kTickNs) + 1) {
  assert(!t_state.current);
  if constexpr (kCounts) {
    cpu_end_ns_ = thread_cpu_ns() + limit.count();
    lua_sethook(running, on_hook, LUA_MASKCOUNT, kCountedInstructions);
  } else if (!t_state.ticking) {
    Thread::of_this_thread().start();
    // Without a timer (the system is out of them) scripts still run under the counting hook.
    if (!t_state.ticking) {
      cpu_end_ns_ = thread_cpu_ns() + limit.count();
      lua_sethook(running, on_hook, LUA_MASKCOUNT, kCountedInstructions);
    }
  }
  t_state.current = this;
}

CpuGuard::~CpuGuard() {
  t_state.current = nullptr;
}

CpuGuard* CpuGuard::current() {
  return t_state.current;
}

lua_State* CpuGuard::switch_to(lua_State* coroutine) {
  lua_State* before = running_;
  running_ = coroutine;
  if (expired_)
    stop_running();
  else if (cpu_end_ns_ != 0 && lua_gethookmask(coroutine) == 0)  // setting it again would begin the count anew
    lua_sethook(coroutine, on_hook, LUA_MASKCOUNT, kCountedInstructions);
  return before;
}

void CpuGuard::stop_running() {
  lua_sethook(running_, on_hook, LUA_MASKCOUNT, 1);
}

void CpuGuard::tick(unsigned ticks) {
  ticks_ = ticks_ + ticks;
  if (ticks_ <= ticks_max_) return;
  expired_ = 1;
  stop_running();
}

void CpuGuard::on_signal(int, siginfo_t* info, void*) {
  if (CpuGuard* current = t_state.current) {
    t_state.idle_ticks = 0;
    current->tick(1 + static_cast<unsigned>(std::max(info->si_overrun, 0)));
    return;
  }
  t_state.idle_ticks = t_state.idle_ticks + 1;
  if (t_state.idle_ticks <= kIdleTicksMax) return;
  const itimerspec never{};
  timer_settime(t_state.timer, 0, &never, nullptr);
  t_state.ticking = 0;
}

std::string CpuGuard::stopped_at() const {
  return stopped_line_ > 0 ? std::string(stopped_source_) + ":" + std::to_string(stopped_line_) : "";
}

void CpuGuard::on_hook(lua_State* L, lua_Debug* where) {
  CpuGuard* guard = t_state.current;
  if (!guard) {
    lua_sethook(L, nullptr, 0, 0);  // left over from an entry that ended
    return;
  }
  if (!guard->expired_) {
    if (guard->cpu_end_ns_ == 0) {
      lua_sethook(L, nullptr, 0, 0);
      return;
    }
    if (thread_cpu_ns() < guard->cpu_end_ns_) return;
    guard->expired_ = 1;
    lua_sethook(L, on_hook, LUA_MASKCOUNT, 1);
  }
  if (guard->stopped_line_ == 0 && lua_getinfo(L, "Sl", where) && where->currentline > 0) {
    guard->stopped_line_ = where->currentline;
    std::memcpy(guard->stopped_source_, where->short_src, sizeof guard->stopped_source_);
  }
  if (lua_isyieldable(L)) {
    lua_yield(L, 0);
    return;
  }
  luaL_error(L, "the script used up its CPU time");
}

}  // namespace dormouse
