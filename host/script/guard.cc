#include "script/guard.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
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
constexpr unsigned kCountedLooks = 1024;
constexpr int kPlaceLevelsMax = 200;  // as deep as functions of the host nest
constexpr int64_t kTickNs = 10'000'000;
// After this many ticks without an entry the timer stops until the next one.
constexpr unsigned kIdleTicksMax = 20;

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

  // False when the system has no timer for it.
  bool start() {
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
      if (!made) return false;
    }
    t_state.idle_ticks = 0;
    t_state.ticking = 1;
    const itimerspec every{{0, kTickNs}, {0, kTickNs}};
    timer_settime(t_state.timer, 0, &every, nullptr);
    return true;
  }

  static Thread& of_this_thread() {
    static thread_local Thread thread;
    return thread;
  }
};

int CpuGuard::tick_signal() {
  return SIGRTMIN + 7;
}

namespace {

// Whether the timer of this thread ticks. Without one (the system is out of them) scripts run under the counting hook.
bool ticks(bool (*start)()) {
  if constexpr (kCounts) return false;
  return t_state.ticking || start();
}

}  // namespace

CpuGuard::CpuGuard(lua_State* running, Duration limit)
    : running_(running),
      counts_(!ticks([] { return Thread::of_this_thread().start(); })),
      limit_ns_(limit.count()),
      c_stack_(static_cast<const char*>(__builtin_frame_address(0))) {
  assert(!t_state.current);
  if (counts_) {
    cpu_end_ns_ = thread_cpu_ns() + limit_ns_;
    hook_as_usual(running);
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
  else if (counts_ && lua_gethookmask(coroutine) == 0)  // setting it again would begin the count anew
    hook_as_usual(coroutine);
  return before;
}

void CpuGuard::stop_running() {
  lua_sethook(running_, on_hook, LUA_MASKCOUNT, 1);
}

void CpuGuard::hook_as_usual(lua_State* L) const {
  if (counts_)
    lua_sethook(L, on_hook, LUA_MASKCOUNT, kCountedInstructions);
  else
    lua_sethook(L, nullptr, 0, 0);
}

// Once a budget is used up ticks change nothing: setting the hook visits every frame, which may take longer than a
// tick.
void CpuGuard::tick() {
  if (expired_) return;
  const int64_t now = thread_cpu_ns();
  if (cpu_end_ns_ == 0) cpu_end_ns_ = now + limit_ns_;
  if (now >= cpu_end_ns_) expire();
}

void CpuGuard::expire() {
  expired_ = 1;
  stop_running();
}

void CpuGuard::on_signal(int, siginfo_t*, void*) {
  const int error_of_the_interrupted = errno;
  if (CpuGuard* current = t_state.current) {
    t_state.idle_ticks = 0;
    current->tick();
  } else if (t_state.idle_ticks < kIdleTicksMax) {
    t_state.idle_ticks = t_state.idle_ticks + 1;
  } else {
    const itimerspec never{};
    timer_settime(t_state.timer, 0, &never, nullptr);
    t_state.ticking = 0;
  }
  errno = error_of_the_interrupted;
}

int CpuGuard::raise(lua_State* L) {
  if (stopped_at_.empty()) stopped_at_ = script_place(L);
  return luaL_error(L, out_of_stack_ ? "C stack overflow" : "the script used up its CPU time");
}

void CpuGuard::look(lua_State* L) {
  if (counts_ && !expired_ && ++looks_ % kCountedLooks == 0 && thread_cpu_ns() >= cpu_end_ns_) expire();
  if (expired_) [[unlikely]]
    raise(L);
}

void CpuGuard::look_at_c_stack(lua_State* L) {
  const auto* here = static_cast<const char*>(__builtin_frame_address(0));
  if (expired_ || c_stack_ - here <= static_cast<ptrdiff_t>(kCStackBytesMax)) return;
  out_of_stack_ = true;
  expire();
  raise(L);
}

void CpuGuard::look_at_nesting() {
  lua_Debug frame;
  if (expired_ || too_deep_ || !lua_getstack(running_, kCallsNestedMax, &frame)) return;
  too_deep_ = true;
  stop_running();
}

void CpuGuard::on_hook(lua_State* L, lua_Debug*) {
  CpuGuard* guard = t_state.current;
  if (!guard) {
    lua_sethook(L, nullptr, 0, 0);  // left over from an entry that ended
    return;
  }
  if (guard->counts_ && !guard->expired_ && thread_cpu_ns() >= guard->cpu_end_ns_) guard->expired_ = 1;
  if (!guard->expired_) {
    guard->hook_as_usual(L);
    if (guard->expired_) guard->stop_running();  // a tick came in between
    if (!guard->too_deep_) return;
    guard->too_deep_ = false;
    luaL_error(L, "stack overflow: calls nest more than %d deep", kCallsNestedMax);
  }
  if (guard->counts_) lua_sethook(L, on_hook, LUA_MASKCOUNT, 1);
  if (!lua_isyieldable(L)) {
    guard->raise(L);
    return;
  }
  if (guard->stopped_at_.empty()) guard->stopped_at_ = script_place(L);
  lua_yield(L, 0);
}

std::string script_place(lua_State* L) {
  lua_Debug frame;
  for (int level = 0; level < kPlaceLevelsMax && lua_getstack(L, level, &frame); ++level)
    if (lua_getinfo(L, "Sl", &frame) && frame.currentline > 0)
      return std::string(frame.short_src) + ":" + std::to_string(frame.currentline);
  return "";
}

}  // namespace dormouse
