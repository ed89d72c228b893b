// One Lua state with its guard rails: bounded memory, allow-listed libraries, bounded entries.
// For accidents, not attackers. Knows nothing of pipelines; what `require "dormouse"` gives is put in by the owner.
// One thread at a time. Everything that runs script code runs in a coroutine of this state.
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
  // `owner` is what C functions find with owner_of(). Errors: resource_exhausted.
  static Result<std::unique_ptr<LuaState>> create(size_t memory_bytes_max, void* owner);
  ~LuaState();
  LuaState(const LuaState&) = delete;

  lua_State* main() const { return main_; }
  size_t memory_bytes() const { return memory_.used; }
  // Address space, freed memory that is kept included.
  size_t mapped_bytes() const { return memory_.heap.mapped_bytes(); }

  // Whether there is much more than was left by the last cleaning: what a function used, and no later one will need to
  // collect for long, because Lua waits until its heap has doubled.
  bool is_bloated() const { return memory_.used > 2 * memory_.settled + kBloatBytes; }
  // Collects garbage for about `slice` and says whether all of it is collected; then what is free is given back to the
  // system. Not while Lua runs.
  bool clean(Duration slice, const Clock& clock);

  static void* owner_of(lua_State* L);

  // A coroutine to run functions in, kept from the collector until it is given back or dropped.
  struct Coroutine {
    lua_State* thread = nullptr;
    int anchor = 0;
    explicit operator bool() const { return thread != nullptr; }
  };
  // Errors: resource_exhausted.
  Result<Coroutine> take_coroutine();
  // Ends it (its to-be-closed variables run, within `limit`) and keeps it for reuse.
  void give_back(Coroutine& coroutine, Duration limit);
  // Leaves it to the collector as it is: what ran over its budget is not allowed another instruction.
  void drop(Coroutine& coroutine);

  enum class Ended : uint8_t { returned, yielded, failed, out_of_time, out_of_memory, out_of_stack };
  struct Run {
    Ended how;
    int values = 0;               // on top of the coroutine's stack; when failed: the error value
    std::string stopped_at = {};  // when out of something: "t.lua:12"; empty outside of functions of the script
  };
  // Runs or goes on with what is on the coroutine's stack with `arguments` values, for at most `limit` of CPU time.
  Run resume(const Coroutine& coroutine, int arguments, Duration limit);

  // Loads text (never bytecode) as a function on top of `thread`. Errors: invalid_argument with Lua's message,
  // resource_exhausted.
  static Status load_text(lua_State* thread, const std::string& text, const std::string& name);
  // The same on top of the coroutine, for at most `limit` of CPU time; `failed` leaves Lua's message there.
  Run load(const Coroutine& coroutine, const std::string& text, const std::string& name, Duration limit);

  // As protect below, for C code that reads or writes the stack of `coroutine`, for at most `limit` of CPU time.
  template <class Body>
  Status protect_within(Duration limit, const Coroutine& coroutine, Body&& body);

  // What a person is told when a run ended as out of memory: the limit, and the key that sets it.
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

// What an error value says, as text: strings as they are, others by their type. Raises nothing.
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
