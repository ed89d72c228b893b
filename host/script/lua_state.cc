#include "script/lua_state.h"

#include <algorithm>
#include <string_view>

#include "base/units.h"
#include "script/guard.h"
#include "script/sandbox.h"

namespace dormouse {
namespace {

// Coroutines kept for reuse: making one costs 0.3 us, and one request seldom needs more than a few at once.
constexpr size_t kIdleCoroutinesMax = 64;
constexpr size_t kBytesBetweenLooks = size_t{1} << 20;  // at how deep calls nest: a call takes 64 bytes
constexpr size_t kTextPieceBytes = 4096;                // between two looks of the parser at the budget

// Of an inner coroutine, or caught and raised again: then it is text like any other.
bool is_memory_error(lua_State* L) {
  constexpr std::string_view kLuaSays = "not enough memory";
  size_t size = 0;
  const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : "";
  return std::string_view(text, size).ends_with(kLuaSays);
}

// In pieces: no hook runs inside of the parser, and long chains of elseif cost it quadratic time. A byte order mark
// before the text, as editors on Windows write it, is no part of it: Lua's own reader of files skips it as well.
int parse(lua_State* thread, std::string_view text, const std::string& name) {
  const auto piece = [](lua_State* L, void* data, size_t* size) -> const char* {
    look_at_budget(L);
    auto& left = *static_cast<std::string_view*>(data);
    const std::string_view taken = left.substr(0, kTextPieceBytes);
    left.remove_prefix(taken.size());
    *size = taken.size();
    return taken.data();
  };
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return lua_load(thread, piece, &text, name.c_str(), "t");
}

}  // namespace

void* LuaState::allocate(void* memory, void* block, size_t old_size, size_t new_size) {
  auto& self = *static_cast<Memory*>(memory);
  if (!block) old_size = 0;  // then it is the kind of object, not a size
  if (new_size > old_size) {
    if (new_size - old_size > self.max - self.used) return nullptr;  // Lua collects and asks again
    self.until_look -= std::min(self.until_look, new_size);
    if (self.until_look == 0) {
      self.until_look = kBytesBetweenLooks;
      if (CpuGuard* guard = CpuGuard::current()) guard->look_at_nesting();
    }
  }
  void* moved = self.heap.reallocate(block, old_size, new_size);
  if (moved || new_size == 0) self.used = self.used - old_size + new_size;
  return moved;
}

bool LuaState::clean(Duration slice, const Clock& clock) {
  const Time end = clock.now() + slice;
  bool done = false;
  const Status status = protect(main_, [&](lua_State* L) {
    // The generations of Lua's collector have no small steps.
    if (!cleaning_) lua_gc(L, LUA_GCINC, 0, 0, 0);
    cleaning_ = true;
    do done = lua_gc(L, LUA_GCSTEP, 0) != 0;
    while (!done && clock.now() < end);
    if (done) lua_gc(L, LUA_GCGEN, 0, 0);
  });
  if (!done && status.ok()) return false;
  cleaning_ = false;
  memory_.settled = memory_.used;
  memory_.heap.release_kept();
  return true;
}

Result<std::unique_ptr<LuaState>> LuaState::create(size_t memory_bytes_max, void* owner) {
  std::unique_ptr<LuaState> state(new LuaState);
  state->memory_.max = memory_bytes_max;
  state->main_ = lua_newstate(allocate, &state->memory_);
  const Status no_memory = Error{.code = Code::resource_exhausted,
                                 .message = "out of memory",
                                 .object = "Lua state",
                                 .needed = "more than " + std::to_string(memory_bytes_max) + " bytes"};
  if (!state->main_) return no_memory;
  *static_cast<void**>(lua_getextraspace(state->main_)) = owner;
  const Status opened = protect(state->main_, [](lua_State* L) { open_sandbox(L); });
  if (!opened.ok()) return no_memory;
  lua_gc(state->main_, LUA_GCGEN, 0, 0);  // requests make much garbage and keep little
  return state;
}

LuaState::~LuaState() {
  if (main_) lua_close(main_);
}

void* LuaState::owner_of(lua_State* L) {
  return *static_cast<void**>(lua_getextraspace(L));
}

// Lua's buffers for strings take memory without collecting first, so an entry must not begin among the garbage of one
// that used up the state. As dear as the collection that Lua makes itself when memory runs out.
void LuaState::make_room() {
  if (memory_.used <= memory_.max / 2 || memory_.used <= memory_.settled + memory_.max / 4) return;
  (void)protect(main_, [](lua_State* L) { lua_gc(L, LUA_GCCOLLECT); }).ok();
  memory_.settled = memory_.used;
}

Result<LuaState::Coroutine> LuaState::take_coroutine() {
  make_room();
  if (!idle_.empty()) {
    const Coroutine coroutine = idle_.back();
    idle_.pop_back();
    return coroutine;
  }
  Coroutine made;
  const Status status = protect(main_, [&](lua_State* L) {
    made.thread = lua_newthread(L);
    made.anchor = luaL_ref(L, LUA_REGISTRYINDEX);
  });
  if (!status.ok()) return status;
  return made;
}

void LuaState::give_back(Coroutine& coroutine, Duration limit) {
  bool expired;
  {
    CpuGuard guard(coroutine.thread, limit);
    lua_resetthread(coroutine.thread);
    expired = guard.expired();
  }
  lua_sethook(coroutine.thread, nullptr, 0, 0);
  if (expired || idle_.size() >= kIdleCoroutinesMax) return drop(coroutine);
  lua_settop(coroutine.thread, 0);
  idle_.push_back(coroutine);
  coroutine = {};
}

void LuaState::drop(Coroutine& coroutine) {
  luaL_unref(main_, LUA_REGISTRYINDEX, coroutine.anchor);
  coroutine = {};
}

LuaState::Run LuaState::ended(const Coroutine& coroutine, int status, int values, const CpuGuard& guard) const {
  if (guard.expired()) return {guard.out_of_stack() ? Ended::out_of_stack : Ended::out_of_time, 0, guard.stopped_at()};
  if (status == LUA_OK) return {Ended::returned, values};
  if (status == LUA_YIELD) return {Ended::yielded, values};
  if (status == LUA_ERRMEM || is_memory_error(coroutine.thread))
    return {Ended::out_of_memory, 1, script_place(coroutine.thread)};
  return {Ended::failed, 1};
}

LuaState::Run LuaState::resume(const Coroutine& coroutine, int arguments, Duration limit) {
  int values = 0;
  CpuGuard guard(coroutine.thread, limit);
  const int status = lua_resume(coroutine.thread, nullptr, arguments, &values);
  return ended(coroutine, status, values, guard);
}

LuaState::Run LuaState::load(const Coroutine& coroutine, const std::string& text, const std::string& name,
                             Duration limit) {
  CpuGuard guard(coroutine.thread, limit);
  return ended(coroutine, parse(coroutine.thread, text, name), 1, guard);
}

Status LuaState::load_text(lua_State* thread, const std::string& text, const std::string& name) {
  const int status = parse(thread, text, name);
  if (status == LUA_OK) return {};
  const std::string message = error_text(thread, -1);
  lua_pop(thread, 1);
  return Status(status == LUA_ERRMEM ? Code::resource_exhausted : Code::invalid_argument, message);
}

std::string LuaState::memory_limit() const {
  return "at most " + format_bytes(memory_.max) + " in one Lua state (scripts.memory_bytes_max)";
}

std::string error_text(lua_State* L, int index) {
  if (lua_type(L, index) == LUA_TSTRING) {
    size_t size = 0;
    const char* text = lua_tolstring(L, index, &size);
    return std::string(text, size);
  }
  return std::string("an error value of type ") + luaL_typename(L, index);
}

namespace lua_detail {

namespace {
struct Protected {
  void (*run)(void* body, lua_State* L);
  void* body;
};
}  // namespace

Status run_protected(lua_State* L, void (*run)(void* body, lua_State* L), void* body) {
  Protected call{run, body};
  if (!lua_checkstack(L, 4)) return Status(Code::resource_exhausted, "out of memory in a script");
  const int top = lua_gettop(L);
  lua_pushcfunction(L, [](lua_State* state) {
    auto* inner = static_cast<Protected*>(lua_touserdata(state, 1));
    lua_pop(state, 1);
    inner->run(inner->body, state);
    return 0;
  });
  lua_pushlightuserdata(L, &call);
  const int status = lua_pcall(L, 1, 0, 0);
  if (status == LUA_OK) return {};
  const std::string message = error_text(L, -1);
  lua_settop(L, top);
  return Status(status == LUA_ERRMEM ? Code::resource_exhausted : Code::internal,
                status == LUA_ERRMEM ? "out of memory in a script" : message);
}

}  // namespace lua_detail

}  // namespace dormouse
