// The bounds of one entry into Lua: CPU time, nesting of calls, and the C stack. It bounds no memory (lua_state.h
// does). Owner: the stack of the thread that enters Lua, for that entry. Thread: the one that enters.
//
// CPU time. A thread that enters Lua has a timer on its own CPU time. The timer ticks into a signal handler on the same
// thread. At each tick the handler reads the thread's CPU clock; it does not count ticks, because the kernel delivers
// them late and in bursts. The first tick of an entry computes the end of the entry's budget. The first tick after that
// end sets a hook on the running coroutine: lua_sethook may be called from a signal handler of the same thread, and
// from no other thread. So an entry gets at least its budget, and up to three ticks (30 ms) more. The hook yields out
// of the coroutine, which no pcall can catch. Where a yield is impossible (inside a sort comparator), the hook raises
// an error at every instruction until a yield is possible. The coroutine is then dropped and never resumed. C code that
// a script can make run long checks the budget itself, by look_at_budget().
//
// The timer keeps running while Lua is in use, and no entry reads the clock: setting and clearing the timer costs 3 us,
// the clock 0.2 us, an entry of a short function less than 1 us.
//
// Nesting. lua_sethook visits every frame of the coroutine in a signal handler, so the depth of calls is bounded.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "script/lua.h"

namespace dormouse {

// Most nested calls. (Lua's own bound is a million stack slots.) The depth is checked once for each MiB that a state
// allocates, which is 16,384 calls; so calls can nest at most twice as deep.
constexpr int kCallsNestedMax = 16'000;
// Most bytes of C stack above the entry. Lua counts nested C calls only within one coroutine, and not across a
// coroutine that closes another.
constexpr size_t kCStackBytesMax = size_t{512} << 10;

class CpuGuard {
 public:
  // Begins an entry: until destruction this thread's CPU time counts, and a hook would stop the coroutine `running`.
  // Guards do not nest. Nothing extends `limit`.
  CpuGuard(lua_State* running, Duration limit);
  ~CpuGuard();
  CpuGuard(const CpuGuard&) = delete;

  // The entry has used up its CPU time or its C stack: its coroutine must not run again, whatever Lua returned.
  bool expired() const { return expired_ != 0; }
  bool out_of_stack() const { return out_of_stack_; }
  // A flag for code that does not know Lua: nonzero once expired() is true.
  const volatile sig_atomic_t* expired_flag() const { return &expired_; }
  // The line of the script at which the entry expired: "t.lua:12"; empty when no function of the script was running.
  const std::string& stopped_at() const { return stopped_at_; }

  // The guard of this thread's entry; null outside of Lua.
  static CpuGuard* current();
  // The coroutine `coroutine` runs from now on; returns the one that ran before. If the budget is used up already,
  // `coroutine` is stopped at its next instruction.
  lua_State* switch_to(lua_State* coroutine);
  // Raises an error in `L` when the entry has expired.
  void look(lua_State* L);
  // Raises an error in `L` when the C stack between the entry and the caller is deeper than kCStackBytesMax. Expires
  // the whole entry, not only the innermost call: coroutine.close catches errors at every level, and the next level
  // would be as deep again.
  void look_at_c_stack(lua_State* L);
  // Stops the running coroutine with "stack overflow" when its calls nest too deep. The allocator calls it, once for
  // each MiB that the state allocates.
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

// The line of the innermost function of a script that runs in `L`: "t.lua:12"; empty when none runs. Raises no Lua
// error.
std::string script_place(lua_State* L);

// Raises an error when the entry of this thread has used up its budget. Every C loop whose length a script decides
// calls this in each turn. It costs one read of memory.
inline void look_at_budget(lua_State* L) {
  if (CpuGuard* guard = CpuGuard::current()) guard->look(L);
}

}  // namespace dormouse
