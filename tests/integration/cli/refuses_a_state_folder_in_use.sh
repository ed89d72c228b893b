#!/usr/bin/env bash
# One process at a time has a state folder; the message names which one.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
expect 4 "$DORMOUSE" run --config "$SCRATCH/echo.yaml"
says err "$SCRATCH/state" "process $HOST_PID" host.state_dir
stop_host KILL
# The lock went with the process, however it ended.
start_host "$SCRATCH/echo.yaml"
stop_host
same "$HOST_EXIT" 0
