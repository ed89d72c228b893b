// Lua 5.4, the build of Debian that raises errors as C++ exceptions: destructors run when an error passes through host
// code. Included only inside this box.
#pragma once

#include <lua5.4/lua.hpp>
