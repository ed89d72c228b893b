#!/usr/bin/env bash
# GET /metrics: Prometheus text of what the host counted; the scrape loads the component that shows it and no other, and
# nothing is lost while that sleeps.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
PROMTOOL="$(prometheus_tool promtool)" || skip "no promtool; ./dev test fetches it"

config monitored.yaml << YAML
plugins: {path: "$PLUGINS"}
components:
  echo: {plugin: echo}
  other: {plugin: echo}
  monitor: {plugin: monitor, settings: {labels: {site: "test"}}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
YAML

# value SERIES: of the last scrape.
value() {
  grep -F -- "$1 " "$SCRATCH/metrics" | grep -v '^#' | head -1 | sed 's/.* //'
}
scrape() {
  ask "$CONTROL/metrics" -o "$SCRATCH/metrics" -D "$SCRATCH/headers"
}
echoes() {
  local _
  for _ in $(seq "$1"); do ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}' > "$SCRATCH/out"; done
}
OK='dormouse_stage_outcomes_total{pipeline="echo",stage="echo",outcome="ok",site="test"}'

start_host "$SCRATCH/monitored.yaml"
scrape
grep -qi '^content-type: text/plain; version=0.0.4' "$SCRATCH/headers" || fail "$(cat "$SCRATCH/headers")"
same "$(state_of monitor)" ready
same "$(state_of echo)" absent
same "$(value "$OK")" 0

echoes 3
idle_before="$("$DORMOUSE" ctl components echo --json | jq .idle_ms)"
scrape
same "$(value "$OK")" 3
same "$(value 'dormouse_requests_total{pipeline="echo",status="ok",site="test"}')" 3
same "$(value 'dormouse_stage_seconds_count{pipeline="echo",stage="echo",site="test"}')" 3
same "$(value 'dormouse_component_load_seconds_count{component="echo",site="test"}')" 1
same "$(value 'dormouse_component_state{component="echo",state="ready",site="test"}')" 1
same "$(value 'dormouse_component_state{component="other",state="absent",site="test"}')" 1
idle_after="$("$DORMOUSE" ctl components echo --json | jq .idle_ms)"
[ "$idle_after" -ge "$idle_before" ] || fail "the scrape touched echo: idle $idle_before, then $idle_after ms"
"$PROMTOOL" check metrics < "$SCRATCH/metrics" > "$SCRATCH/out" 2>&1 || fail "promtool does not like the metrics"
[ ! -s "$SCRATCH/out" ] || fail "promtool has remarks"

# Counted on while the monitor sleeps.
expect 0 "$DORMOUSE" ctl unload monitor
if [ "${DORMOUSE_PLUGINS__UNMAP:-true}" = true ]; then
  same "$(state_of monitor)" unloaded
  ! grep -q -e 'monitor.so' -e 'prometheus-cpp' "/proc/$HOST_PID/maps" || fail "code of the monitor is still mapped"
fi
echoes 2
scrape
same "$(value "$OK")" 5
[ "${DORMOUSE_PLUGINS__UNMAP:-true}" != true ] ||
  same "$(value 'dormouse_component_unloads_total{component="monitor",reason="operator",site="test"}')" 1
same "$(state_of other)" absent
stop_host
same "$HOST_EXIT" 0

# A monitor that cannot be opened: the reason, and a request still served.
sed -i 's/site:/"9site":/' "$SCRATCH/monitored.yaml"
start_host "$SCRATCH/monitored.yaml"
same "$(ask -o "$SCRATCH/out" -w '%{http_code}' "$CONTROL/metrics")" 503
says out load_failed "9site" labels
echoes 1
says out hello
