#!/usr/bin/env bash
# A request loads what it needs and is answered; SIGTERM closes and unmaps it, and the host ends with 0.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
same "$(state_of echo)" absent
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
same "$(state_of echo)" ready
grep -q 'echo.so' "/proc/$HOST_PID/maps" || fail "echo.so is not mapped while ready"
stop_host TERM
same "$HOST_EXIT" 0
says host.err 'component.' echo
[ ! -e "$SCRATCH/state/control" ] || fail "the control address is still published"
says_not host.err 'left behind'
start_host "$SCRATCH/echo.yaml"
stop_host INT
same "$HOST_EXIT" 0
