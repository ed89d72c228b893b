#!/usr/bin/env bash
# What nobody asks for is given back: the file is not mapped any more.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
cat > "$SCRATCH/policy.lua" << 'LUA'
local dm = require "dormouse"
dm.pool("*", { idle = { unload = "300ms" } })
LUA
export DORMOUSE_SCRIPTS__POLICIES="$SCRATCH/policy.lua"
start_host "$SCRATCH/echo.yaml"
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
if [ "${DORMOUSE_PLUGINS__UNMAP:-true}" = true ]; then
  until_state echo unloaded
  ! grep -q 'echo.so' "/proc/$HOST_PID/maps" || fail "echo.so is still mapped"
else
  until_state echo parked
fi
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"again"}')" '{"text":"again"}'
stop_host
same "$HOST_EXIT" 0
