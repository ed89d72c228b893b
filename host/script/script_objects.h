// The C++ objects inside userdata that scripts hold while they load (stages and pipelines), and the account of all that
// one script describes. Every function here raises Lua errors; "Errors" below are Lua errors.
// Owner of an object: the Lua state, and the description that has it. Thread: the one that owns the Lua state.
#pragma once

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "graph/description.h"
#include "script/lua.h"
#include "script/script_host.h"

namespace dormouse {

using StagePtr = std::shared_ptr<StageDescription>;
using DescribedPipeline = std::shared_ptr<PipelineDescription>;

constexpr char kStageType[] = "dormouse.stage";        // holds a StagePtr
constexpr char kPipelineType[] = "dormouse.pipeline";  // holds a DescribedPipeline

// Deepest nesting of a description: steps of a ref, tables in tables.
constexpr size_t kPathStepsMax = 32;

template <class T>
T* push_object(lua_State* L, const char* type, T object) {
  T* made = new (lua_newuserdatauv(L, sizeof(T), 0)) T(std::move(object));
  luaL_setmetatable(L, type);
  return made;
}

template <class T>
int destroy_object(lua_State* L) {
  static_cast<T*>(lua_touserdata(L, 1))->~T();
  return 0;
}

// Puts the types of stages and pipelines into the registry of `L`.
void register_object_types(lua_State* L);

// The load that is under way in `L`; counts one more description. `function` names the caller in errors ("stage").
// Errors: no load is under way, or the script describes too much.
ScriptSession& describing_session(lua_State* L, const char* function);
// Counts bytes of refs and constants. Errors: no load is under way, or the script describes too much.
void count_described_bytes(lua_State* L, size_t bytes);

// The place in the script that calls the API function that runs now.
ScriptCall calling_script(lua_State* L, const ScriptSession& session, const std::string& subject,
                          const std::string& stage);

// 1 to 64 letters, digits and _, no digit first.
bool is_name(std::string_view name);
// The name from the arguments (name, { ... }) of the API function `function`. Errors: the arguments are not like that.
std::string name_argument(lua_State* L, const char* function);

}  // namespace dormouse
