// The CPU budget of one entry into Lua.
// A thread that enters Lua has a timer on its own CPU time that ticks into a signal handler on that same thread. The
// handler counts the ticks of the current entry; past the budget it sets a hook on the coroutine that is running now,
// which lua_sethook allows from a signal handler of the same thread and from no other thread.
// The hook yields out of the coroutine, which no pcall can catch; where a yield is impossible (inside a sort
// comparator) it raises an error at every instruction until it is possible. The coroutine is then dropped, never
// resumed.
//
// The timer runs on while Lua is in use instead of being set for each entry: setting and clearing it costs 3 us, an
// entry of a short function costs less than one. So a budget is kept to about two ticks of the kernel (10-20 ms).
#pragma once

#include <csignal>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "pipeline/lua.h"

namespace dormouse {

class CpuGuard {
 public:
  // Enters: from now to destruction this thread's CPU time is counted, and `running` is what a hook would stop. Not
  // nested. `limit` can be extended by nobody.
  CpuGuard(lua_State* running, Duration limit);
  ~CpuGuard();
  CpuGuard(const CpuGuard&) = delete;

  // The budget is used up: whatever Lua answers, its coroutine must not run again.
  bool expired() const { return expired_ != 0; }
  // Where it was then: "t.lua:12", empty when it was in a function of the host.
  std::string stopped_at() const;

  // The entry of this thread; null outside of Lua.
  static CpuGuard* current();
  // Tells that `coroutine` runs from now on, and returns the one before. When the budget is gone already, it is stopped
  // at its next instruction.
  lua_State* switch_to(lua_State* coroutine);

 private:
  struct Thread;
  static void on_signal(int, siginfo_t* info, void*);
  static void on_hook(lua_State* L, lua_Debug* where);
  void tick(unsigned ticks);  // async-signal-safe
  void stop_running();        // async-signal-safe

  lua_State* volatile running_;
  volatile sig_atomic_t expired_ = 0;
  volatile unsigned ticks_ = 0;
  unsigned ticks_max_;
  int stopped_line_ = 0;
  char stopped_source_[LUA_IDSIZE] = "";
  int64_t cpu_end_ns_ = 0;  // only where signals are not delivered in time
};

}  // namespace dormouse
