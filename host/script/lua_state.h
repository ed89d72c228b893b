// One Lua state with its guard rails: bounded memory, allow-listed libraries, bounded entries. They protect against
// accidents, not attackers. It knows nothing of pipelines: its owner adds the module `dormouse` (script_api.h).
// Owner: LoopScripts, or the load of scripts. One thread at a time. Script code runs only in coroutines of this state.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/units.h"
#include "script/guard.h"
#include "script/lua.h"
#include "script/lua_heap.h"

namespace dormouse {

class LuaState {
 public:
  // C functions find `owner` by owner_of(). `memory_bytes_max`: bytes in use at most. Errors: resource_exhausted.
  static Result<std::unique_ptr<LuaState>> create(size_t memory_bytes_max, void* owner);
  ~LuaState();
  LuaState(const LuaState&) = delete;

  lua_State* main() const { return main_; }
  size_t memory_bytes() const { return memory_.used; }
  // Bytes of address space, with freed memory that is kept for reuse.
  size_t mapped_bytes() const { return memory_.heap.mapped_bytes(); }

  // Whether the state uses much more memory than after its last cleaning. Lua's collector would let such garbage lie
  // for long, because it waits until the heap has doubled.
  bool is_bloated() const { return memory_.used > 2 * memory_.settled + kBloatBytes; }
  // Collects garbage for about `slice`. True: all garbage is collected, and free memory is back with the system. Not
  // while Lua runs.
  bool clean(Duration slice, const Clock& clock);

  static void* owner_of(lua_State* L);

  // A coroutine that runs functions. The collector does not free it until it is given back or dropped.
  struct Coroutine {
    lua_State* thread = nullptr;
    int anchor = 0;
    explicit operator bool() const { return thread != nullptr; }
  };
  // Errors: resource_exhausted.
  Result<Coroutine> take_coroutine();
  // Ends the coroutine and keeps it for reuse. Its to-be-closed variables run, for `limit` of CPU time at most.
  void give_back(Coroutine& coroutine, Duration limit);
  // Leaves the coroutine to the collector. For one that used up its budget: no instruction of it may run any more.
  void drop(Coroutine& coroutine);

  enum class Ended : uint8_t { returned, yielded, failed, out_of_time, out_of_memory, out_of_stack };
  struct Run {
    Ended how;
    int values = 0;               // on top of the coroutine's stack; when failed: the error value
    std::string stopped_at = {};  // with out_of_*: "t.lua:12"; empty outside of functions of the script
  };
  // Starts or resumes the coroutine with the top `arguments` values of its stack, for `limit` of CPU time at most.
  Run resume(const Coroutine& coroutine, int arguments, Duration limit);

  // Loads text (never bytecode) as a function on top of `thread`. Errors: invalid_argument with Lua's message,
  // resource_exhausted.
  static Status load_text(lua_State* thread, const std::string& text, const std::string& name);
  // The same on top of the coroutine, for `limit` of CPU time at most. When failed, Lua's message is there instead.
  Run load(const Coroutine& coroutine, const std::string& text, const std::string& name, Duration limit);

  // Like protect() below, for C code that reads or writes the stack of `coroutine`, for `limit` of CPU time at most.
  template <class Body>
  Status protect_within(Duration limit, const Coroutine& coroutine, Body&& body);

  // The text for a person when a run ended out of memory: the limit, and the configuration key that sets it.
  std::string memory_limit() const;

 private:
  static constexpr size_t kBloatBytes = size_t{4} << 20;

  struct Memory {
    LuaHeap heap;
    size_t used = 0;
    size_t max = 0;
    size_t until_look = 0;
    size_t settled = 0;  // used after the last cleaning
  };
  LuaState() = default;
  void make_room();
  Run ended(const Coroutine& coroutine, int status, int values, const CpuGuard& guard) const;
  static void* allocate(void* memory, void* block, size_t old_size, size_t new_size);

  Memory memory_;
  lua_State* main_ = nullptr;
  std::vector<Coroutine> idle_;
  bool cleaning_ = false;
};

// Runs `body(L)` so that Lua errors inside it (out of memory, mostly) become a Status. For host code that works on a
// stack outside of any Lua call. `L` is the main thread, with an empty stack of its own for the body; the stacks of
// coroutines are seen from inside as they are.
template <class Body>
Status protect(lua_State* L, Body&& body);

// An error value as text: a string as it is, any other value by its type. Raises no Lua error.
std::string error_text(lua_State* L, int index);

namespace lua_detail {
Status run_protected(lua_State* L, void (*run)(void* body, lua_State* L), void* body);
}

template <class Body>
Status protect(lua_State* L, Body&& body) {
  return lua_detail::run_protected(
      L, [](void* b, lua_State* state) { (*static_cast<std::remove_reference_t<Body>*>(b))(state); }, &body);
}

template <class Body>
Status LuaState::protect_within(Duration limit, const Coroutine& coroutine, Body&& body) {
  const CpuGuard guard(coroutine.thread, limit);
  Status status = protect(main_, std::forward<Body>(body));
  if (!guard.expired()) return status;
  return Status(Code::internal, "it takes more than " + format_duration(limit) + " of CPU time to read");
}

}  // namespace dormouse
