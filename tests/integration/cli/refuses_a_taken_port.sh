#!/usr/bin/env bash
# A second host on the same port ends with 4 and names the address; the first goes on.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
expect 4 env DORMOUSE_HOST__STATE_DIR="$SCRATCH/other" DORMOUSE_HOST__DATA__LISTEN="${DATA#http://}" \
  "$DORMOUSE" run --config "$SCRATCH/echo.yaml"
says err "${DATA#http://}" host.data.listen
expect 4 env DORMOUSE_HOST__STATE_DIR="$SCRATCH/other" DORMOUSE_HOST__CONTROL__LISTEN="${CONTROL#http://}" \
  "$DORMOUSE" run --config "$SCRATCH/echo.yaml"
says err "${CONTROL#http://}" host.control.listen
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
stop_host
same "$HOST_EXIT" 0
