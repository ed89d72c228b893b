#!/usr/bin/env bash
# SIGTERM: /readyz is 503 while requests are still served for stop_delay; then the host stops, and the log says how long.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
export DORMOUSE_HOST__STOP_DELAY=4s
start_host "$SCRATCH/echo.yaml"
same "$(ask -o /dev/null -w '%{http_code}' "$DATA/readyz")" 200
kill -TERM "$HOST_PID"
for _ in $(seq 100); do
  [ "$(ask -o "$SCRATCH/out" -w '%{http_code}' "$DATA/readyz")" = 503 ] && break
  sleep 0.02
done
says out 'the host is stopping'
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"still"}')" '{"text":"still"}'
"$DORMOUSE" ctl status > /dev/null || fail "the control listener has gone before stop_delay is over"
kill -HUP "$HOST_PID"  # neither ends nor delays it
timeout 30 tail -s 0.05 --pid="$HOST_PID" -f /dev/null || fail "the host does not end after 30 s"
wait "$HOST_PID" && HOST_EXIT=0 || HOST_EXIT=$?
same "$HOST_EXIT" 0
says host.err 'info host.stopping host reason=SIGTERM' 'stop_delay_ms=4000' 'info host.stopped host reason=SIGTERM took_ms='
# A second signal does not wait.
DORMOUSE_HOST__STOP_DELAY=1h start_host "$SCRATCH/echo.yaml"
kill -TERM "$HOST_PID"
for _ in $(seq 100); do grep -qs host.stopping "$SCRATCH/host.err" && break; sleep 0.05; done
stop_host TERM
same "$HOST_EXIT" 143
