#include "script/sandbox.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <string_view>

#include "graph/script_errors.h"
#include "script/guard.h"
#include "script/pattern.h"
#include "script/sandbox_limits.h"
#include "script/table_functions.h"

namespace dormouse {
namespace {

// ---- arguments, and the originals ----

std::string_view text_argument(lua_State* L, int index) {
  size_t size = 0;
  const char* text = luaL_checklstring(L, index, &size);
  return {text, size};
}

// Calls upvalue 1, the original, with the same arguments.
int call_original(lua_State* L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

// ---- string.rep, format, pack ----

int bounded_rep(lua_State* L) {
  const std::string_view text = text_argument(L, 1);
  const lua_Integer count = luaL_checkinteger(L, 2);
  size_t separator_size = 0;
  const char* separator = luaL_optlstring(L, 3, "", &separator_size);
  const size_t each = text.size() + separator_size;
  if (count <= 0 || each == 0) return lua_pushliteral(L, ""), 1;
  if (static_cast<size_t>(count) > kStringBytesMax / each)
    return luaL_error(L, "string.rep would make more than %d bytes", static_cast<int>(kStringBytesMax));
  const size_t size = static_cast<size_t>(count) * each - separator_size;
  luaL_Buffer buffer;
  char* made = luaL_buffinitsize(L, &buffer, size);
  if (!text.empty()) std::memcpy(made, text.data(), text.size());
  if (separator_size > 0 && size > text.size()) std::memcpy(made + text.size(), separator, separator_size);
  for (size_t done = std::min(each, size); done < size;) {  // twice as much each time
    const size_t more = std::min(done, size - done);
    std::memcpy(made + done, made, more);
    done += more;
  }
  luaL_pushresultsize(&buffer, size);
  return 1;
}

// One value takes some microseconds at worst ("%.99f").
int bounded_format(lua_State* L) {
  if (lua_gettop(L) > kFormatValuesMax) return luaL_error(L, "string.format takes at most %d values", kFormatValuesMax);
  return call_original(L);
}

// "c1000000" pads: what the numbers of the format add up to is bounded before anything is made.
int bounded_pack(lua_State* L) {
  size_t bytes = 0, number = 0;
  for (const char c : text_argument(L, 1)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) bytes = std::min(bytes + number + 1, kStringBytesMax + 1);
    number = digit ? std::min(number * 10 + static_cast<size_t>(c - '0'), kStringBytesMax + 1) : 0;
  }
  bytes += number;
  if (bytes > kStringBytesMax)
    return luaL_error(L, "string.pack would make more than %d bytes", static_cast<int>(kStringBytesMax));
  return call_original(L);
}

// ---- base: what is replaced ----

// Handlers run after unwinding, as ordinary code: inside of Lua's own error handling no hook would stop them.
int finish_xpcall(lua_State* L, int status, lua_KContext) {
  if (status == LUA_OK || status == LUA_YIELD) {
    lua_pushboolean(L, 1);
    lua_replace(L, 1);
    return lua_gettop(L);
  }
  lua_pushvalue(L, 1);  // the handler
  lua_insert(L, -2);
  lua_pushboolean(L, 0);
  lua_insert(L, -3);
  const auto handled = [](lua_State* state, int handler_status, lua_KContext) {
    if (handler_status != LUA_OK && handler_status != LUA_YIELD) {
      lua_pushboolean(state, 0);
      lua_insert(state, -2);
    }
    return 2;
  };
  return handled(L, lua_pcallk(L, 1, 1, 0, 0, handled), 0);
}

// xpcall(f, handler, ...)
int plain_xpcall(lua_State* L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 1);
  lua_replace(L, 2);
  lua_replace(L, 1);  // handler, f, ...
  return finish_xpcall(L, lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_xpcall), 0);
}

constexpr char kReadOnlyMark[] = "dormouse.read_only";

bool is_read_only(lua_State* L, int index) {
  if (!lua_getmetatable(L, index)) return false;
  lua_pushstring(L, kReadOnlyMark);
  const bool marked = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return marked;
}

int checked_rawset(lua_State* L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (is_read_only(L, 1)) return luaL_error(L, "this table is read-only");
  return call_original(L);
}

int checked_setmetatable(lua_State* L) {
  if (lua_istable(L, 2)) {
    lua_pushliteral(L, "__gc");
    if (lua_rawget(L, 2) != LUA_TNIL)
      return luaL_error(L, "__gc is not available: Lua runs it where nothing can stop it");
    lua_pop(L, 1);
  }
  return call_original(L);
}

// ---- coroutines: tracked, so that the CPU guard knows which one runs ----

lua_State* coroutine_argument(lua_State* L) {
  lua_State* co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  return co;
}

int coroutine_create(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State* co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

// Lua counts the C calls of one coroutine and of those that resume it, and begins anew in one that is closed.
void look_at_c_stack(lua_State* L) {
  if (CpuGuard* guard = CpuGuard::current()) guard->look_at_c_stack(L);
}

// Resumes with `arguments` from the top of L; pushes results or the error. Returns their number, -1 for an error.
int resume(lua_State* L, lua_State* co, int arguments) {
  look_at_c_stack(L);
  if (!lua_checkstack(co, arguments)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, arguments);
  CpuGuard* guard = CpuGuard::current();
  if (guard) guard->switch_to(co);
  int results = 0;
  const int status = lua_resume(co, L, arguments, &results);
  if (guard) {
    guard->switch_to(L);
    guard->look(L);  // a coroutine that was stopped looks as if it had yielded
  }
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return -1;
  }
  if (!lua_checkstack(L, results + 1)) {
    lua_pop(co, results);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, results);
  return results;
}

int coroutine_resume(lua_State* L) {
  lua_State* co = coroutine_argument(L);
  const int results = resume(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  const int shown = results >= 0 ? results : 1;
  lua_insert(L, -(shown + 1));
  return shown + 1;
}

int coroutine_wrapped(lua_State* L) {
  lua_State* co = lua_tothread(L, lua_upvalueindex(1));
  const int results = resume(L, co, lua_gettop(L));
  if (results >= 0) return results;
  if (lua_type(L, -1) == LUA_TSTRING) {  // where the caller stands, as Lua's own does
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

int coroutine_wrap(lua_State* L) {
  coroutine_create(L);
  lua_pushcclosure(L, coroutine_wrapped, 1);
  return 1;
}

int coroutine_yield(lua_State* L) {
  return lua_yield(L, lua_gettop(L));
}

const char* status_name(lua_State* L, lua_State* co) {
  if (L == co) return "running";
  switch (lua_status(co)) {
    case LUA_YIELD:
      return "suspended";
    case LUA_OK: {
      lua_Debug frame;
      if (lua_getstack(co, 0, &frame)) return "normal";
      return lua_gettop(co) == 0 ? "dead" : "suspended";
    }
    default:
      return "dead";
  }
}

int coroutine_status(lua_State* L) {
  lua_pushstring(L, status_name(L, coroutine_argument(L)));
  return 1;
}

int coroutine_isyieldable(lua_State* L) {
  lua_pushboolean(L, lua_isyieldable(lua_isthread(L, 1) ? lua_tothread(L, 1) : L));
  return 1;
}

int coroutine_running(lua_State* L) {
  lua_pushboolean(L, lua_pushthread(L));
  return 2;
}

int coroutine_close(lua_State* L) {
  lua_State* co = coroutine_argument(L);
  const char* status = status_name(L, co);
  if (std::strcmp(status, "suspended") != 0 && std::strcmp(status, "dead") != 0)
    return luaL_error(L, "cannot close a %s coroutine", status);
  look_at_c_stack(L);
  CpuGuard* guard = CpuGuard::current();
  if (guard) guard->switch_to(co);
  const int closed = lua_resetthread(co);
  if (guard) {
    guard->switch_to(L);
    guard->look(L);
  }
  lua_pushboolean(L, closed == LUA_OK);
  if (closed == LUA_OK) return 1;
  lua_xmove(co, L, 1);
  return 2;
}

constexpr luaL_Reg kCoroutine[] = {
    {"create", coroutine_create},   {"resume", coroutine_resume}, {"wrap", coroutine_wrap},
    {"yield", coroutine_yield},     {"status", coroutine_status}, {"isyieldable", coroutine_isyieldable},
    {"running", coroutine_running}, {"close", coroutine_close},   {nullptr, nullptr}};

// ---- putting it together ----

// Replaces field `name` of the table on top by `wrapper` around it.
void wrap_field(lua_State* L, const char* name, lua_CFunction wrapper) {
  lua_getfield(L, -1, name);
  lua_pushcclosure(L, wrapper, 1);
  lua_setfield(L, -2, name);
}

void remove_field(lua_State* L, const char* name) {
  lua_pushnil(L);
  lua_setfield(L, -2, name);
}

int refuse_assignment(lua_State* L) {
  const char* table = lua_tostring(L, lua_upvalueindex(1));
  const char* key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
  if (std::strcmp(table, "_G") == 0)
    return luaL_error(L, "assigning global '%s': scripts share nothing, write 'local %s = ...'", key, key);
  return luaL_error(L, "assigning '%s.%s': %s is read-only", table, key, table);
}

// Upvalues: the real globals.
int missing_global(lua_State* L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const std::string name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
  for (const char* absent :
       {"io", "os", "debug", "package", "load", "loadfile", "dofile", "loadstring", "collectgarbage", "print", "warn"})
    if (name == absent) return luaL_error(L, "'%s' is not available in scripts", name.c_str());
  std::vector<std::string> known;
  lua_pushnil(L);
  while (lua_next(L, lua_upvalueindex(1))) {
    if (lua_type(L, -2) == LUA_TSTRING) known.emplace_back(lua_tostring(L, -2));
    lua_pop(L, 1);
  }
  const std::string hint = near_hint(name, known);
  return luaL_error(L, "unknown global '%s'%s%s", name.c_str(), hint.empty() ? "" : ": ", hint.c_str());
}

void mark_read_only(lua_State* L, const char* name) {  // the metatable is on top
  lua_pushstring(L, name);
  lua_pushcclosure(L, refuse_assignment, 1);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, kReadOnlyMark);
}

// Lua seeds math.random with the time in seconds and the state's address, and states that follow each other are often
// at the same address. A script that draws what it describes would then pass for one that does not. Stack: +0, the
// library is in the registry's table of loaded ones.
void seed_random(lua_State* L) {
  std::random_device device;
  const auto draw = [&device] { return static_cast<lua_Integer>(uint64_t{device()} << 32 | device()); };
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_MATHLIBNAME);
  lua_getfield(L, -1, "randomseed");
  lua_pushinteger(L, draw());
  lua_pushinteger(L, draw());
  lua_call(L, 2, 0);
  lua_pop(L, 2);
}

void open_library(lua_State* L, const char* name, lua_CFunction open) {
  luaL_requiref(L, name, open, 0);
}

}  // namespace

void push_read_only(lua_State* L, const char* name) {
  lua_newtable(L);  // the view
  lua_newtable(L);  // its metatable
  lua_pushvalue(L, -3);
  lua_setfield(L, -2, "__index");
  mark_read_only(L, name);
  lua_setmetatable(L, -2);
  lua_remove(L, -2);
}

void open_sandbox(lua_State* L) {
  open_library(L, LUA_GNAME, luaopen_base);
  for (const char* name : {"load", "loadfile", "dofile", "collectgarbage", "print", "warn"}) remove_field(L, name);
  lua_pushcfunction(L, plain_xpcall);
  lua_setfield(L, -2, "xpcall");
  wrap_field(L, "rawset", checked_rawset);
  wrap_field(L, "setmetatable", checked_setmetatable);

  open_library(L, LUA_STRLIBNAME, luaopen_string);
  open_pattern_functions(L);
  lua_pushcfunction(L, bounded_rep);
  lua_setfield(L, -2, "rep");
  wrap_field(L, "format", bounded_format);
  wrap_field(L, "pack", bounded_pack);
  remove_field(L, "dump");
  lua_pushliteral(L, "");  // ("x"):rep(n) reaches the same bounded functions, and nobody can replace them
  lua_getmetatable(L, -1);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 2);
  push_read_only(L, LUA_STRLIBNAME);
  lua_setfield(L, -2, LUA_STRLIBNAME);

  open_table_functions(L);
  push_read_only(L, LUA_TABLIBNAME);
  lua_setfield(L, -2, LUA_TABLIBNAME);

  open_library(L, LUA_MATHLIBNAME, luaopen_math);
  seed_random(L);
  push_read_only(L, LUA_MATHLIBNAME);
  lua_setfield(L, -2, LUA_MATHLIBNAME);
  open_library(L, LUA_UTF8LIBNAME, luaopen_utf8);
  push_read_only(L, LUA_UTF8LIBNAME);
  lua_setfield(L, -2, LUA_UTF8LIBNAME);
  luaL_newlib(L, kCoroutine);
  push_read_only(L, LUA_COLIBNAME);
  lua_setfield(L, -2, LUA_COLIBNAME);

  // Scripts get an empty table in front of the real globals as their _ENV.
  lua_newtable(L);
  lua_newtable(L);
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, missing_global, 1);
  lua_setfield(L, -2, "__index");
  mark_read_only(L, "_G");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, LUA_GNAME);
  lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  // The real table is reachable by nobody but the functions above, and by the owner under this name.
  lua_setfield(L, LUA_REGISTRYINDEX, "dormouse.globals");
  // luaL_requiref kept the unwrapped libraries there.
  lua_pushnil(L);
  lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

}  // namespace dormouse
