#include "script/script_ref.h"

#include <string>
#include <string_view>
#include <unordered_set>

#include "script/guard.h"
#include "script/lua_value.h"
#include "script/script_objects.h"

namespace dormouse {
namespace {

constexpr char kRefType[] = "dormouse.ref";
constexpr size_t kWordBytesMax = 256;                            // of a name in a ref
constexpr size_t kReferenceBytes = sizeof(Reference) + 32 * 16;  // what a ref takes, short names included

const Reference* checked_ref(lua_State* L) {
  return static_cast<const Reference*>(luaL_checkudata(L, 1, kRefType));
}

// ref.x:default(v)
int ref_default(lua_State* L) {
  Reference copy = *checked_ref(L);
  if (lua_isnoneornil(L, 2))
    return luaL_error(L, "%s:default() needs a value; dm.null is one", copy.to_string().c_str());
  ValueWriter writer;
  Result<Value> value = read_value(L, 2, nullptr, writer);
  if (!value.ok())
    return luaL_error(L, "%s:default(): %s", copy.to_string().c_str(), value.status().to_string().c_str());
  count_described_bytes(L, kReferenceBytes + value->bytes().size());
  copy.fallback = std::move(*value);
  push_object(L, kRefType, std::move(copy));
  return 1;
}

int ref_index(lua_State* L) {
  const Reference& from = *checked_ref(L);
  if (lua_type(L, 2) == LUA_TSTRING && !from.root.empty() && std::string_view(lua_tostring(L, 2)) == "default") {
    lua_pushcfunction(L, ref_default);
    return 1;
  }
  count_described_bytes(L, kReferenceBytes);
  Reference to = from;
  if (to.fallback) return luaL_error(L, "%s:default(...) ends a ref: read its fields before", to.to_string().c_str());
  if (lua_isinteger(L, 2)) {
    const lua_Integer i = lua_tointeger(L, 2);
    if (to.root.empty() || i < 1 || i > UINT32_MAX) return luaL_error(L, "a ref is indexed from 1, below a stage");
    to.path.push_back({"", static_cast<uint32_t>(i - 1)});
  } else if (lua_type(L, 2) == LUA_TSTRING) {
    luaL_argcheck(L, lua_rawlen(L, 2) <= kWordBytesMax, 2, "a name in a ref is too long");
    if (to.root.empty())
      to.root = lua_tostring(L, 2);
    else
      to.path.push_back({lua_tostring(L, 2), 0});
  } else {
    return luaL_error(L, "a ref is indexed by names and numbers, not by a %s", luaL_typename(L, 2));
  }
  if (to.path.size() > kPathStepsMax)
    return luaL_error(L, "a ref has at most %d steps", static_cast<int>(kPathStepsMax));
  push_object(L, kRefType, std::move(to));
  return 1;
}

// Also for == of two refs and tostring. What Lua does not tell a ref about, `ref.x == 1` and `if ref.x`, cannot be
// caught: scripts/README.md says so.
int ref_misused(lua_State* L) {
  const Reference* reference = ref_at(L, 1);
  if (!reference) reference = ref_at(L, 2);
  return luaL_error(L,
                    "'%s' is not a value yet: a ref stands for one that exists when a request runs; compute with it in "
                    "a stage, run = function(ctx) ... end",
                    reference ? reference->to_string().c_str() : "ref");
}

// Whether a ref is somewhere inside of a value. Each table is looked at once, however many others share it.
class ReferenceSearch {
 public:
  explicit ReferenceSearch(lua_State* L) : L_(L) {}

  bool finds(int index, unsigned depth = 0) {
    if (ref_at(L_, index)) return true;
    if (!lua_istable(L_, index) || depth > kPathStepsMax || !seen_.insert(lua_topointer(L_, index)).second)
      return false;
    luaL_checkstack(L_, 3, "tables nested too deep");
    index = lua_absindex(L_, index);
    lua_pushnil(L_);
    while (lua_next(L_, index)) {
      look_at_budget(L_);
      const bool found = finds(-1, depth + 1);
      lua_pop(L_, found ? 2 : 1);
      if (found) return true;
    }
    return false;
  }

 private:
  lua_State* L_;
  std::unordered_set<const void*> seen_;
};

}  // namespace

void register_ref_type(lua_State* L) {
  luaL_newmetatable(L, kRefType);
  for (const char* misuse : {"__concat", "__add",  "__sub", "__mul",      "__div",   "__mod",  "__pow",     "__idiv",
                             "__unm",    "__band", "__bor", "__bxor",     "__bnot",  "__shl",  "__shr",     "__lt",
                             "__le",     "__eq",   "__len", "__tostring", "__pairs", "__call", "__newindex"}) {
    lua_pushcfunction(L, ref_misused);
    lua_setfield(L, -2, misuse);
  }
  lua_pushcfunction(L, ref_index);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, destroy_object<Reference>);
  lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

void push_ref(lua_State* L) {
  push_object(L, kRefType, Reference());
}

const Reference* ref_at(lua_State* L, int index) {
  return static_cast<const Reference*>(luaL_testudata(L, index, kRefType));
}

bool contains_ref(lua_State* L, int index) {
  return ReferenceSearch(L).finds(index);
}

}  // namespace dormouse
