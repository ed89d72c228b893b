#!/usr/bin/env bash
# Memory over time: a sample at the start, every so often and after each load and unload; a warning above the line.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
export DORMOUSE_HOST__MEMORY__SAMPLE_EVERY=100ms
export DORMOUSE_HOST__MEMORY__SAMPLES_KEPT=50

history() {
  ask "$CONTROL/v1/memory?history=1${1:-}" > "$SCRATCH/out"
}
# until_history FILTER: until jq says true of it, at most 20 s.
until_history() {
  local _
  for _ in $(seq 100); do
    history
    [ "$(jq "$1" "$SCRATCH/out")" = true ] && return
    sleep 0.2
  done
  fail "not so after 20 s: $1"
}

start_host "$SCRATCH/echo.yaml"
ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}' > "$SCRATCH/out"
until_history '.history.samples | any(.cause == "component.ready" and .object == "echo")'
same "$(jq -r .history.start.cause "$SCRATCH/out")" start
same "$(jq '.history.samples | all(.resident > 1000000)' "$SCRATCH/out")" true
same "$(jq '.history.highest.resident >= .history.lowest.resident' "$SCRATCH/out")" true
same "$(jq -r '.history.components.echo[-1].state' "$SCRATCH/out")" ready
same "$(jq -c '.stages[] | select(.stage == "echo") | [.pipeline, .component, .largest_result > 0]' "$SCRATCH/out")" \
  '["echo","echo",true]'
same "$(jq '.process.limit > 10000000 and .process.warning == false' "$SCRATCH/out")" true
until_history '.history.samples | any(.cause == "timer")'

# Looking wakes nobody, and the timer does not either.
before="$("$DORMOUSE" ctl components echo --json | jq .idle_ms)"
until_history '.history.samples | length > 5'
after="$("$DORMOUSE" ctl components echo --json | jq .idle_ms)"
[ "$after" -gt "$before" ] || fail "echo was touched: idle $before, then $after ms"

expect 0 "$DORMOUSE" ctl park echo
until_history '.history.components.echo[-1].state == "parked" and .history.components.echo[-1].private == 0'
until_history '.history.samples | length == 50'

# Its ways in.
history '&component=echo&since=1'
same "$(jq -c '.history.components | keys' "$SCRATCH/out")" '["echo"]'
history "&since=$(($(date +%s) + 3600))000"
same "$(jq '.history.samples | length' "$SCRATCH/out")" 0
same "$(ask "$CONTROL/api/admin/memory-stats?history=1" | jq '.history.samples | length > 0')" true
for query in 'component=ecco' 'history=maybe' 'since=-1' 'since=99999999999999999999' 'sinse=1'; do
  code="$(ask -o "$SCRATCH/out" -w '%{http_code}' "$CONTROL/v1/memory?$query")"
  case "$query" in component=*) same "$code" 404 && says out "did you mean 'echo'?" ;; *) same "$code" 400 ;; esac
done
expect 0 "$DORMOUSE" ctl memory --history --since 1h
says out 'start' 'lowest' 'PIPELINE' 'parked'
expect 0 "$DORMOUSE" ctl memory echo
says_not out 'SAMPLE'
expect 2 "$DORMOUSE" ctl memory --history --since yesterday
stop_host

# More than 80 % of a very small limit is used at once.
export DORMOUSE_HOST__MEMORY__LIMIT=2MiB
start_host "$SCRATCH/echo.yaml"
until_history '.process.warning'
same "$(ask "$CONTROL/v1/status" | jq .memory.warning)" true
"$DORMOUSE" ctl status > "$SCRATCH/out"
says out 'host.memory.warn_at'
same "$(ask "$CONTROL/v1/events?format=json&after=0" | jq '[.events[] | select(.kind == "memory.warning")] | length')" 1
ask "$CONTROL/v1/events?format=json&after=0" | jq -c '.events[] | select(.kind == "memory.warning") | .fields' > "$SCRATCH/out"
says out '"limit_bytes":2097152' '"percent":'
stop_host
says host.err 'memory.warning process'
