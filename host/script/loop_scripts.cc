#include "script/loop_scripts.h"

#include <utility>

#include "script/stage_function.h"

namespace dormouse {

void RequestCtx::push(lua_State* L, uint64_t request_serial) {
  if (!anchor_) {
    push_ctx(L, request_serial);
    anchor_ = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, *anchor_);
}

void RequestCtx::let_go(LoopScripts& scripts) {
  if (!anchor_) return;
  luaL_unref(scripts.state->main(), LUA_REGISTRYINDEX, *anchor_);
  anchor_.reset();
}

}  // namespace dormouse
