#include "script/stage_function.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/object_names.h"
#include "base/suggest.h"
#include "graph/script_errors.h"
#include "script/lua_value.h"
#include "script/script_host.h"
#include "values/adapt.h"

namespace dormouse {
namespace {

constexpr char kCtxType[] = "dormouse.ctx";
constexpr char kErrorType[] = "dormouse.error";
constexpr size_t kNameBytesMax = 256;  // of a component or method

// ---- errors as values ----

int error_text_of(lua_State* L) {
  const auto& status = *static_cast<const Status*>(luaL_checkudata(L, 1, kErrorType));
  const std::string text = status.to_string();
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

int error_field(lua_State* L) {
  const auto& status = *static_cast<const Status*>(luaL_checkudata(L, 1, kErrorType));
  const std::string key = luaL_checkstring(L, 2);
  const Error& error = status.error();
  const std::pair<const char*, std::string> fields[] = {{"code", std::string(to_string(error.code))},
                                                        {"message", error.message},
                                                        {"object", error.object},
                                                        {"needed", error.needed},
                                                        {"found", error.found},
                                                        {"remedy", error.remedy}};
  std::vector<std::string> names;
  for (const auto& [name, text] : fields) {
    if (key == name) return lua_pushlstring(L, text.data(), text.size()), 1;
    names.emplace_back(name);
  }
  if (key == "near") {
    lua_createtable(L, static_cast<int>(error.near.size()), 0);
    for (size_t i = 0; i < error.near.size(); ++i) {
      lua_pushlstring(L, error.near[i].data(), error.near[i].size());
      lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
    }
    return 1;
  }
  names.emplace_back("near");
  return luaL_error(L, "an error has no '%s'; it has %s", key.c_str(), quoted_list(names).c_str());
}

int destroy_error(lua_State* L) {
  static_cast<Status*>(lua_touserdata(L, 1))->~Status();
  return 0;
}

// "unavailable" -> Code::unavailable; internal for what is no code of ours, or is ok.
Code code_named(std::string_view word) {
  for (const Code code : {Code::cancelled, Code::invalid_argument, Code::deadline_exceeded, Code::not_found,
                          Code::resource_exhausted, Code::failed_precondition, Code::unavailable, Code::data_loss,
                          Code::busy, Code::load_failed, Code::broken_contract, Code::overloaded, Code::queue_full})
    if (word == to_string(code)) return code;
  return Code::internal;
}

// error({ code = "unavailable", message = "..." }), with the other parts where they are given.
Status table_status(lua_State* L, int index, const std::string& object) {
  if (!lua_checkstack(L, 2)) return Error{.code = Code::internal, .message = "raised a table", .object = object};
  const auto field = [&](const char* name) -> std::string {
    lua_pushstring(L, name);
    lua_rawget(L, index < 0 ? index - 1 : index);
    size_t size = 0;
    const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : "";
    std::string taken(text, size);
    lua_pop(L, 1);
    return taken;
  };
  std::string message = field("message");
  if (message.empty()) message = "raised a table without a message";
  const std::string about = field("object");
  return Error{.code = code_named(field("code")),
               .message = std::move(message),
               .object = about.empty() ? object : about,
               .needed = field("needed"),
               .found = field("found"),
               .remedy = field("remedy")};
}

// ---- ctx ----

FunctionFrame& frame_of(lua_State* L, int ctx) {
  const auto serial = *static_cast<const uint64_t*>(luaL_checkudata(L, ctx, kCtxType));
  FunctionFrame* frame = script_host(L).running;
  if (!frame || frame->scope.request_serial != serial) luaL_error(L, "this ctx belongs to a request that has ended");
  return *frame;
}

std::vector<std::string> readable_names(const FunctionFrame& frame) {
  std::vector<std::string> names{"request"};
  for (const uint16_t node : frame.scope.graph.nodes[frame.scope.node].waits_for)
    names.push_back(frame.scope.graph.nodes[node].name);
  return names;
}

// Pushes ctx.<name>: nil when it is absent or null.
void push_read(lua_State* L, const FunctionFrame& frame, std::string_view name) {
  if (name == "request") return push_typed_value(L, frame.scope.request, frame.scope.graph.input);
  for (const uint16_t node : frame.scope.graph.nodes[frame.scope.node].waits_for)
    if (frame.scope.graph.nodes[node].name == name)
      return push_typed_value(L, frame.scope.values[node], frame.scope.graph.nodes[node].output);
  const std::vector<std::string> names = readable_names(frame);
  std::string hint = near_hint(name, names);
  if (hint.empty()) hint = "it has " + quoted_list(names);
  luaL_error(L, "stage '%s' cannot read ctx.%s: %s", frame.scope.graph.nodes[frame.scope.node].name.c_str(),
             std::string(name.substr(0, 64)).c_str(), hint.c_str());
}

Result<Value> call_at_once(FunctionFrame& frame, Callee& callee, const std::string& method, const Value& input,
                           bool& done) {
  done = false;
  std::optional<Lease> lease = callee.try_acquire();
  if (!lease) return Value();
  Result<Callee::Method> found = callee.find_method(*lease, MethodRef(), method);
  done = !found.ok() || found->runs_inline;
  if (!found.ok()) return found.status();
  if (!done) return Value();
  if (frame.scope.clock.now() >= frame.scope.options.deadline)
    return Error{
        .code = Code::deadline_exceeded, .message = "the deadline passed", .object = component_object(callee.name())};
  ValueWriter writer;
  const Value adapted = found->manifest ? adapt(input, found->manifest->input, writer) : input;
  if (frame.scope.witness) frame.scope.witness->will_call(callee, *lease);
  return callee.call_inline(*lease, found->index, adapted, frame.scope.options);
}

// Raises a refused call as an error with all its parts. What the caller did wrong says where: "t.lua:4".
int raise(lua_State* L, const Status& status) {
  if (status.code() != Code::invalid_argument && status.code() != Code::not_found) {
    push_error(L, status);
    return lua_error(L);
  }
  Error error = status.error();
  luaL_where(L, 1);
  std::string where = lua_tostring(L, -1);
  lua_pop(L, 1);
  while (!where.empty() && (where.back() == ' ' || where.back() == ':')) where.pop_back();
  if (!where.empty()) error.object += (error.object.empty() ? "called at " : ", called at ") + where;
  push_error(L, Status(std::move(error)));
  return lua_error(L);
}

int answer(lua_State* L, const std::string& component, const Result<Value>& result) {
  if (!result.ok()) {
    Error error = result.status().error();
    // Of a value that does not fit it is a place inside of it: "/text".
    if (error.object.empty() || error.object[0] == '/')
      error.object = component_object(component) + (error.object.empty() ? "" : ", input " + error.object);
    return raise(L, Status(std::move(error)));
  }
  push_value(L, *result);
  return 1;
}

// The arguments of resuming: true, value or false, error. The call's own arguments are below them.
int after_waiting(lua_State* L, int, lua_KContext) {
  if (lua_toboolean(L, -2)) return 1;
  const auto* status = static_cast<const Status*>(luaL_testudata(L, -1, kErrorType));
  return status ? answer(L, lua_tostring(L, 2), *status) : lua_error(L);
}

// An error keeps it, outside of the memory of the Lua state.
const char* name_argument(lua_State* L, int index, const char* name) {
  luaL_argcheck(L, std::strlen(name) <= kNameBytesMax, index, "a name is too long");
  return name;
}

// ctx:call(component, method, input); a nil method is the default one.
int ctx_call(lua_State* L) {
  FunctionFrame& frame = frame_of(L, 1);
  const std::string component = name_argument(L, 2, luaL_checkstring(L, 2));
  const std::string method = name_argument(L, 3, luaL_optstring(L, 3, ""));
  Callee* callee = frame.scope.callees.find(component);
  if (!callee) {
    const std::vector<std::string> names = frame.scope.callees.names();
    return raise(L, Status(Error{.code = Code::not_found,
                                 .message = "unknown component '" + component + "'",
                                 .object = "ctx:call",
                                 .needed = names.empty() ? "" : "one of " + quoted_list(names),
                                 .found = "'" + component + "'",
                                 .remedy = "call a component of the configuration",
                                 .near = near_names(component, names)}));
  }
  if (++frame.calls > kCallsPerFunctionMax)
    return luaL_error(L, "a function makes at most %d calls", static_cast<int>(kCallsPerFunctionMax));
  lua_settop(L, 4);
  if (lua_isnil(L, 4)) {
    lua_newtable(L);
    lua_replace(L, 4);
  }
  {
    ValueWriter writer;
    Result<Value> input = read_value(L, 4, nullptr, writer);
    if (!input.ok()) return answer(L, component, input.status());
    bool done = false;
    const Result<Value> result = call_at_once(frame, *callee, method, *input, done);
    if (done) return answer(L, component, result);
    if (L != frame.coroutine || !lua_isyieldable(L))
      return luaL_error(
          L,
          "calling '%s' has to wait, which works only in the stage's own function, not inside a coroutine, "
          "a sort or gsub",
          component.c_str());
    frame.waiting = FunctionCall{callee, method, std::move(*input)};
  }
  return lua_yieldk(L, 0, 0, after_waiting);
}

int ctx_index(lua_State* L) {
  const FunctionFrame& frame = frame_of(L, 1);
  const std::string_view key = luaL_checkstring(L, 2);
  if (key == "call") {
    lua_pushcfunction(L, ctx_call);
    return 1;
  }
  lua_getiuservalue(L, 1, 1);  // what was read before
  lua_pushvalue(L, 2);
  if (lua_rawget(L, -2) != LUA_TNIL) return 1;
  lua_pop(L, 1);
  push_read(L, frame, key);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, -2);
  lua_rawset(L, -4);
  return 1;
}

int ctx_set(lua_State* L) {
  return luaL_error(L, "ctx is read-only: return what later stages need");
}

void set_methods(lua_State* L, const char* type, const luaL_Reg* methods) {
  luaL_newmetatable(L, type);
  luaL_setfuncs(L, methods, 0);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

}  // namespace

void register_function_types(lua_State* L) {
  static constexpr luaL_Reg kCtx[] = {{"__index", ctx_index}, {"__newindex", ctx_set}, {nullptr, nullptr}};
  static constexpr luaL_Reg kError[] = {
      {"__index", error_field}, {"__tostring", error_text_of}, {"__gc", destroy_error}, {nullptr, nullptr}};
  set_methods(L, kCtxType, kCtx);
  set_methods(L, kErrorType, kError);
}

void push_ctx(lua_State* L, uint64_t request_serial) {
  *static_cast<uint64_t*>(lua_newuserdatauv(L, sizeof request_serial, 1)) = request_serial;
  luaL_setmetatable(L, kCtxType);
  lua_newtable(L);
  lua_setiuservalue(L, -2, 1);
}

void push_error(lua_State* L, const Status& status) {
  new (lua_newuserdatauv(L, sizeof(Status), 0)) Status(status);
  luaL_setmetatable(L, kErrorType);
}

Status error_status(lua_State* L, int index, const std::string& object) {
  if (const auto* status = static_cast<const Status*>(luaL_testudata(L, index, kErrorType))) return *status;
  if (lua_istable(L, index)) return table_status(L, index, object);
  return Error{.code = Code::internal, .message = error_text(L, index), .object = object};
}

void push_answer(lua_State* L, const Result<Value>& result) {
  lua_pushboolean(L, result.ok());
  if (result.ok())
    push_value(L, *result);
  else
    push_error(L, result.status());
}

}  // namespace dormouse
