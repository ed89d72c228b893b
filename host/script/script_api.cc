#include "script/script_api.h"

#include <string>
#include <vector>

#include "graph/script_errors.h"
#include "script/lua_value.h"
#include "script/script_objects.h"
#include "script/script_policies.h"
#include "script/script_ref.h"
#include "script/script_stages.h"
#include "script/stage_function.h"

namespace dormouse {
namespace {

constexpr char kApiKey[] = "dormouse.api";

// Upvalue: the name.
int not_available(lua_State* L) {
  return luaL_error(L, "dm.%s is not available yet", lua_tostring(L, lua_upvalueindex(1)));
}

constexpr luaL_Reg kFunctions[] = {{"stage", dm_stage}, {"parallel", dm_parallel}, {"pipeline", dm_pipeline},
                                   {"pool", dm_pool},   {"cache", dm_cache},       {"list", make_list},
                                   {nullptr, nullptr}};
constexpr const char* kReserved[] = {"branch",      "map",      "ensemble", "flag", "circuit_breaker",
                                     "pool_budget", "executor", "test",     "ab",   "shadow"};

int api_index(lua_State* L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const std::string name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
  std::vector<std::string> known;
  for (const luaL_Reg* function = kFunctions; function->name; ++function) known.emplace_back(function->name);
  known.insert(known.end(), {"ref", "null"});
  const std::string hint = near_hint(name, known);
  return luaL_error(L, "dormouse has no '%s'%s%s", name.c_str(), hint.empty() ? "" : ": ", hint.c_str());
}

int refuse_api_change(lua_State* L) {
  return luaL_error(L, "the dormouse API is read-only");
}

int require_api(lua_State* L) {
  const std::string name = luaL_checkstring(L, 1);
  if (name != "dormouse")
    return luaL_error(L, "module '%s' is not available: scripts can require \"dormouse\" only", name.c_str());
  lua_getfield(L, LUA_REGISTRYINDEX, kApiKey);
  return 1;
}

}  // namespace

void register_script_api(lua_State* L) {
  register_value_types(L);
  register_ref_type(L);
  register_object_types(L);
  register_function_types(L);

  lua_newtable(L);
  luaL_setfuncs(L, kFunctions, 0);
  for (const char* name : kReserved) {
    lua_pushstring(L, name);
    lua_pushcclosure(L, not_available, 1);
    lua_setfield(L, -2, name);
  }
  push_ref(L);
  lua_setfield(L, -2, "ref");
  push_null(L);
  lua_setfield(L, -2, "null");

  lua_newtable(L);  // the read-only view
  lua_newtable(L);
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, api_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, refuse_api_change);
  lua_setfield(L, -2, "__newindex");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  lua_setfield(L, LUA_REGISTRYINDEX, kApiKey);
  lua_pop(L, 1);

  lua_getfield(L, LUA_REGISTRYINDEX, "dormouse.globals");
  lua_pushcfunction(L, require_api);
  lua_setfield(L, -2, "require");
  lua_pop(L, 1);
}

}  // namespace dormouse
