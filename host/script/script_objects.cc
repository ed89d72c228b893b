#include "script/script_objects.h"

#include <algorithm>

namespace dormouse {
namespace {

// Of one script:
constexpr size_t kDescribedMax = 5000;                   // stages, pipelines, pools and caches
constexpr size_t kDescribedBytesMax = size_t{32} << 20;  // refs and constants

int calling_line(lua_State* L) {
  lua_Debug frame;
  if (!lua_getstack(L, 1, &frame) || !lua_getinfo(L, "l", &frame)) return 0;
  return std::max(frame.currentline, 0);
}

}  // namespace

void register_object_types(lua_State* L) {
  const std::pair<const char*, lua_CFunction> kObjects[] = {{kStageType, destroy_object<StagePtr>},
                                                            {kPipelineType, destroy_object<DescribedPipeline>}};
  for (const auto& [type, destroy] : kObjects) {
    luaL_newmetatable(L, type);
    lua_pushcfunction(L, destroy);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
  }
}

ScriptSession& describing_session(lua_State* L, const char* function) {
  ScriptSession* loading = script_host(L).loading;
  if (!loading)
    luaL_error(L, "dm.%s describes something while the script loads; it cannot be called from a function", function);
  if (++loading->described > kDescribedMax)
    luaL_error(L, "a script describes at most %d stages, pipelines, pools and caches", static_cast<int>(kDescribedMax));
  return *loading;
}

void count_described_bytes(lua_State* L, size_t bytes) {
  ScriptSession* loading = script_host(L).loading;
  if (!loading)
    luaL_error(L, "a ref describes something while the script loads; in a function read ctx, as in ctx.request");
  loading->described_bytes += bytes;
  if (loading->described_bytes > kDescribedBytesMax)
    luaL_error(L, "the refs and constants of a script take at most %d bytes", static_cast<int>(kDescribedBytesMax));
}

ScriptCall calling_script(lua_State* L, const ScriptSession& session, const std::string& subject,
                          const std::string& stage) {
  return {&session.source, calling_line(L), subject, stage};
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string name_argument(lua_State* L, const char* function) {
  if (lua_type(L, 1) != LUA_TSTRING || !lua_istable(L, 2))
    luaL_error(L, "dm.%s(name, { ... }) takes a name and a table", function);
  std::string name = lua_tostring(L, 1);
  if (!is_name(name))
    luaL_error(L, "dm.%s: '%s' is no name: letters, digits and _", function, name.substr(0, 64).c_str());
  return name;
}

}  // namespace dormouse
