#!/usr/bin/env bash
# A story of operators: a host is taken out from behind a load balancer. /readyz says 503 and why while requests are still
# served, then the host stops; and the one that comes back is waited for.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
export DORMOUSE_HOST__STOP_DELAY=4s
start_host "$SCRATCH/echo.yaml"
expect 0 "$DORMOUSE" ctl status --ready --wait 60s
says out 'host: ready'
same "$(ask -o /dev/null -w '%{http_code}' "$DATA/readyz")" 200
same "$(ask -I -o /dev/null -w '%{http_code}' "$DATA/readyz")" 200
kill -TERM "$HOST_PID"
for _ in $(seq 100); do
  [ "$(ask -o "$SCRATCH/out" -w '%{http_code}' "$DATA/readyz")" = 503 ] && break
  sleep 0.02
done
same "$(jq -r '.code + " " + (.status | tostring)' "$SCRATCH/out")" 'unavailable 503'
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"still"}')" '{"text":"still"}'
expect 6 "$DORMOUSE" ctl status --ready
says err 'dormouse: host: not ready: ' 'stopping'
timeout 30 tail -s 0.05 --pid="$HOST_PID" -f /dev/null || fail 'the host does not end after 30 s'
wait "$HOST_PID" || fail "exit $?"
expect 5 "$DORMOUSE" ctl status --ready --state-dir "$SCRATCH/state"

# Later: it comes back, and what waits for it is there first.
"$DORMOUSE" ctl status --ready --wait 60s --state-dir "$SCRATCH/state" > "$SCRATCH/waited" 2> "$SCRATCH/err" &
waiting=$!
DORMOUSE_HOST__STOP_DELAY=0s start_host "$SCRATCH/echo.yaml"
wait "$waiting" || fail "exit $? of the command that waits"
grep -q '^host: ready' "$SCRATCH/waited" || fail "it says '$(cat "$SCRATCH/waited")'"
stop_host
