#include "script/function_coroutine.h"

#include "base/units.h"
#include "script/lua_value.h"

namespace dormouse {
namespace {

Error stopped(const FunctionScope& scope, std::string message, std::string needed, std::string remedy) {
  return {.code = Code::internal,
          .message = std::move(message),
          .object = stage_object(scope.graph, scope.node),
          .needed = std::move(needed),
          .remedy = std::move(remedy)};
}

}  // namespace

Status FunctionCoroutine::open(LoopScripts& scripts, FunctionSlot slot) {
  Result<LuaState::Coroutine> coroutine = scripts.state->take_coroutine();
  if (!coroutine.ok()) return coroutine.status();
  coroutine_ = *coroutine;
  slot_ = slot;
  return {};
}

FunctionCoroutine::Step FunctionCoroutine::begin(const Entry& entry, const Status& replaced) {
  int arguments = 1;
  const FunctionScope& scope = entry.scope;
  const Status pushed = protect(entry.scripts.state->main(), [&](lua_State* L) {
    lua_State* co = coroutine_.thread;
    luaL_checkstack(co, 4, nullptr);
    lua_rawgeti(co, LUA_REGISTRYINDEX, entry.scripts.functions[scope.graph.nodes[scope.node].functions[slot_]]);
    entry.ctx.push(L, scope.request_serial);
    lua_xmove(L, co, 1);
    if (slot_ == kFallbackSlot) {
      push_error(L, replaced);
      lua_xmove(L, co, 1);
      ++arguments;
    }
  });
  if (!pushed.ok()) return Failed{pushed};
  return enter(entry, arguments);
}

FunctionCoroutine::Step FunctionCoroutine::go_on(const Entry& entry, const Result<Value>& answer) {
  const Status pushed = entry.scripts.state->protect_within(entry.cpu_max, coroutine_, [&](lua_State* L) {
    luaL_checkstack(coroutine_.thread, 4, nullptr);
    push_answer(L, answer);
    lua_xmove(L, coroutine_.thread, 2);
  });
  if (!pushed.ok()) return Failed{pushed};
  return enter(entry, 2);
}

FunctionCoroutine::Step FunctionCoroutine::enter(const Entry& entry, int arguments) {
  LuaState& state = *entry.scripts.state;
  FunctionFrame frame{coroutine_.thread, entry.scope, calls_};
  entry.scripts.host.running = &frame;
  const LuaState::Run ran = state.resume(coroutine_, arguments, entry.cpu_max);
  entry.scripts.host.running = nullptr;
  const FunctionScope& scope = entry.scope;
  switch (ran.how) {
    case LuaState::Ended::returned:
      return returned(entry, ran.values);
    case LuaState::Ended::yielded:
      if (!frame.waiting) return Failed{stopped(scope, "a stage function yielded; only ctx:call waits", {}, {})};
      return std::move(*frame.waiting);
    case LuaState::Ended::failed:
      return failed(entry);
    case LuaState::Ended::out_of_memory:
      return Failed{stopped(scope, ran.stopped_at + ": its function used up the memory of its Lua state",
                            state.memory_limit(), "keep less, or do the work in a component")};
    case LuaState::Ended::out_of_stack:
      state.drop(coroutine_);
      return Failed{stopped(scope, ran.stopped_at + ": C stack overflow, coroutines nest too deep", {},
                            "do without coroutines that close each other")};
    case LuaState::Ended::out_of_time:
      state.drop(coroutine_);
      return Failed{
          stopped(scope, ran.stopped_at + ": its function used up its CPU time",
                  "at most " + format_duration(entry.cpu_max) + " without a wait", "do the work in a component"),
          true, true};
  }
  return Failed{stopped(scope, "its function ended in no known way", {}, {})};
}

FunctionCoroutine::Step FunctionCoroutine::failed(const Entry& entry) const {
  lua_State* co = coroutine_.thread;
  const bool by_script = lua_type(co, -1) != LUA_TUSERDATA;
  Status status;
  const Status read = protect(entry.scripts.state->main(), [&](lua_State*) {
    status = error_status(co, -1, stage_object(entry.scope.graph, entry.scope.node));
  });
  return Failed{read.ok() ? status : read, by_script};
}

FunctionCoroutine::Step FunctionCoroutine::returned(const Entry& entry, int values) const {
  const Node& node = entry.scope.graph.nodes[entry.scope.node];
  const Type* wanted = slot_ == kInputSlot      ? &node.as_component()->input_type
                       : slot_ == kFallbackSlot ? &node.output
                                                : nullptr;
  Result<Value> value = Value();
  lua_State* co = coroutine_.thread;
  const Status read = entry.scripts.state->protect_within(entry.cpu_max, coroutine_, [&](lua_State*) {
    if (values == 0) lua_pushnil(co);
    value = read_value(co, values == 0 ? -1 : -values, wanted, entry.writer);
  });
  if (!read.ok()) value = read;
  if (value.ok() && slot_ == kFallbackSlot) {
    const Status fits = node.output.check(value->view());
    if (!fits.ok()) value = fits;
  }
  if (value.ok()) return std::move(*value);
  Error error = value.status().error();
  error.object = stage_object(entry.scope.graph, entry.scope.node) + (error.object.empty() ? "" : ", " + error.object);
  error.message = "its function returned what cannot be used: " + error.message;
  return Failed{Status(std::move(error))};
}

void FunctionCoroutine::close(LoopScripts& scripts, Duration cpu_max) {
  if (coroutine_) scripts.state->give_back(coroutine_, cpu_max);
}

}  // namespace dormouse
