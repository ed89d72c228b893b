// The bounds of one entry into Lua: CPU time, nesting of calls, and the C stack.
//
// CPU time. A thread that enters Lua has a timer on its own CPU time that ticks into a signal handler on that same
// thread. A tick only makes the handler look at the thread's CPU clock: how many ticks came, and how late, says nothing
// (the kernel delivers them in bursts). The first tick of an entry sets where its budget ends, the first one behind
// that sets a hook on the coroutine that is running now, which lua_sethook allows from a signal handler of the same
// thread and from no other thread. An entry never gets less than its budget, and up to three ticks (30 ms) more. The
// hook yields out of the coroutine, which no pcall can catch; where a yield is impossible (inside a sort comparator) it
// raises an error at every instruction until it is possible. The coroutine is then dropped, never resumed. C code that
// a script can make run long looks at the budget itself: look_at_budget.
//
// The timer runs on while Lua is in use instead of being set for each entry, and no entry reads the clock: setting and
// clearing the timer costs 3 us, the clock 0.2 us, an entry of a short function less than one.
//
// Nesting. lua_sethook visits every frame of the coroutine, so calls nest some kCallsNestedMax deep and no deeper.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "script/lua.h"

namespace dormouse {

// Lua's own bound is a million stack slots, of which a hook visits each in a signal handler. Looked at once for each
// MiB that a state allocates, which is 16,384 calls: so twice as deep at most.
constexpr int kCallsNestedMax = 16'000;
// Of the C stack, above the entry. Lua counts nested C calls within one coroutine, not across those that close another.
constexpr size_t kCStackBytesMax = size_t{512} << 10;

class CpuGuard {
 public:
  // Enters: from now to destruction this thread's CPU time is counted, and `running` is what a hook would stop. Not
  // nested. Nothing extends `limit`.
  CpuGuard(lua_State* running, Duration limit);
  ~CpuGuard();
  CpuGuard(const CpuGuard&) = delete;

  // The entry used up its CPU time, or its C stack: whatever Lua answers, its coroutine must not run again.
  bool expired() const { return expired_ != 0; }
  bool out_of_stack() const { return out_of_stack_; }
  // The same for code that knows nothing of Lua: nonzero from then on.
  const volatile sig_atomic_t* expired_flag() const { return &expired_; }
  // Where it was then: "t.lua:12", empty when no function of the script was running.
  const std::string& stopped_at() const { return stopped_at_; }

  // The entry of this thread; null outside of Lua.
  static CpuGuard* current();
  // Says that `coroutine` runs from now on, and returns the one before. When the budget is gone already, `coroutine` is
  // stopped at its next instruction.
  lua_State* switch_to(lua_State* coroutine);
  // Raises an error in `L` when the entry has expired.
  void look(lua_State* L);
  // The same for the C stack between the entry and the caller, which may be kCStackBytesMax deep. Ends the entry and
  // not the innermost call alone: coroutine.close catches errors at every level, and the next one would be as deep
  // again.
  void look_at_c_stack(lua_State* L);
  // Stops the running coroutine with "stack overflow" when its calls nest too deep. For the allocator: the memory of a
  // state says how often a look is due.
  void look_at_nesting();

  // The signal of the timer.
  static int tick_signal();

 private:
  struct Thread;
  static void on_signal(int, siginfo_t*, void*);
  static void on_hook(lua_State* L, lua_Debug* where);
  void tick();          // async-signal-safe
  void expire();        // async-signal-safe
  void stop_running();  // async-signal-safe
  int raise(lua_State* L);
  void hook_as_usual(lua_State* L) const;

  lua_State* volatile running_;
  volatile sig_atomic_t expired_ = 0;
  bool too_deep_ = false;
  bool out_of_stack_ = false;
  const bool counts_;   // instructions, where no timer ticks
  unsigned looks_ = 0;  // then
  const int64_t limit_ns_;
  volatile int64_t cpu_end_ns_ = 0;  // 0 before the first tick
  const char* const c_stack_;
  std::string stopped_at_;
};

// Where the innermost function of a script in `L` stands: "t.lua:12". Empty when there is none. Raises no Lua error.
std::string script_place(lua_State* L);

// Raises an error when the entry of this thread has used up its budget. Every loop in C whose length a script decides
// calls it in each turn: the cost is that of a read.
inline void look_at_budget(lua_State* L) {
  if (CpuGuard* guard = CpuGuard::current()) guard->look(L);
}

}  // namespace dormouse
