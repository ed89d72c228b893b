#include "script/script_run.h"

#include <algorithm>
#include <string>

#include "base/units.h"
#include "script/lua_value.h"
#include "script/script_api.h"
#include "script/script_objects.h"

namespace dormouse {
namespace {

// Lua's "name:12: message" without its place, which is told apart.
std::string without_place(const std::string& message, int& line) {
  const size_t colon = message.find("]:");
  size_t start = colon == std::string::npos ? message.find(':') : colon + 1;
  if (start == std::string::npos) return message;
  size_t end = start + 1;
  int number = 0;
  while (end < message.size() && message[end] >= '0' && message[end] <= '9' && number < 100'000'000)
    number = number * 10 + (message[end++] - '0');
  if (end == start + 1 || end >= message.size() || message[end] != ':') return message;
  line = number;
  return message.substr(std::min(end + 2, message.size()));
}

int line_of_failure(lua_State* co) {
  lua_Debug frame;
  for (int level = 0; lua_getstack(co, level, &frame); ++level)
    if (lua_getinfo(co, "l", &frame) && frame.currentline > 0) return frame.currentline;
  return 0;
}

// Takes the pipelines that the chunk returned: one, or a list of them. They are on the coroutine's stack.
void take_pipelines(lua_State* co, int values, const SourceText& source, ScriptDescription& into,
                    ScriptErrors& errors) {
  if (values == 0 || lua_isnil(co, -values)) {
    errors.add(source, 0, "the script returns nothing; end it with 'return dm.pipeline(...)'");
    return;
  }
  const auto take = [&](int index) {
    const auto* pipeline = static_cast<const DescribedPipeline*>(luaL_testudata(co, index, kPipelineType));
    if (pipeline) into.pipelines.push_back(*pipeline);
    return pipeline != nullptr;
  };
  lua_pushvalue(co, -values);
  bool good = true;
  if (lua_istable(co, -1)) {
    const auto count = static_cast<lua_Integer>(lua_rawlen(co, -1));
    for (lua_Integer i = 1; i <= count && good; ++i) {
      lua_rawgeti(co, -1, i);
      good = take(-1);
      lua_pop(co, 1);
    }
    good = good && count > 0;
  } else {
    good = take(-1);
  }
  if (!good) errors.add(source, 0, "the script returns something else than a pipeline or a list of pipelines");
}

}  // namespace

Result<std::unique_ptr<LuaState>> make_script_state(const ScriptLimits& limits, ScriptHost& host) {
  Result<std::unique_ptr<LuaState>> state = LuaState::create(limits.memory_bytes_max, &host);
  if (!state.ok()) return state.status();
  const Status registered = protect((*state)->main(), [](lua_State* L) { register_script_api(L); });
  if (!registered.ok()) return registered;
  return state;
}

bool run_script(LuaState& state, ScriptHost& host, const SourceText& source, ScriptKind kind,
                const ScriptLimits& limits, ScriptDescription& into, ScriptErrors& errors) {
  Result<LuaState::Coroutine> coroutine = state.take_coroutine();
  if (!coroutine.ok()) return errors.add(source, 0, coroutine.status().to_string()), false;
  lua_State* co = coroutine->thread;
  const auto refuse = [&](std::string message) {
    int line = line_of_failure(co);
    int told = 0;
    message = without_place(message, told);
    errors.add(source, told > 0 ? told : line, std::move(message));
    state.give_back(*coroutine, limits.entry_cpu_max);
    return false;
  };
  const auto stop = [&](const LuaState::Run& run) {
    int line = 0;
    without_place(run.stopped_at + ": ", line);
    errors.add(source, line,
               run.how == LuaState::Ended::out_of_stack
                   ? "C stack overflow: coroutines nest too deep"
                   : "loading takes more than " + format_duration(limits.load_cpu_max) + " of CPU time");
    state.drop(*coroutine);
    return false;
  };
  LuaState::Run run = state.load(*coroutine, source.text(), "@" + source.name(), limits.load_cpu_max);
  if (run.how == LuaState::Ended::returned) {
    ScriptSession session{source, kind, into};
    host.loading = &session;
    run = state.resume(*coroutine, 0, limits.load_cpu_max);
    host.loading = nullptr;
  }
  switch (run.how) {
    case LuaState::Ended::returned:
      if (kind == ScriptKind::pipelines) take_pipelines(co, run.values, source, into, errors);
      break;
    case LuaState::Ended::out_of_time:
    case LuaState::Ended::out_of_stack:
      return stop(run);
    case LuaState::Ended::out_of_memory:
      return refuse("out of memory: " + state.memory_limit());
    case LuaState::Ended::yielded:
      return refuse("a script cannot wait while it loads: yield only inside of coroutines of its own");
    case LuaState::Ended::failed:
      return refuse(error_text(co, -1));
  }
  state.give_back(*coroutine, limits.entry_cpu_max);
  return true;
}

}  // namespace dormouse
