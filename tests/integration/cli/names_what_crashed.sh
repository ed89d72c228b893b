#!/usr/bin/env bash
# A crash in a plugin names component, method, request, signal and place, in the log and in a record, and the process
# ends by the same signal; the lines of the log from before are there. The next start tells of it.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
config x.yaml << YAML
plugins: {path: ["$BAD_PLUGINS", "$PLUGINS"]}
components: {crashes: {plugin: crashes}, monitor: {plugin: monitor}}
scripts: {pipelines: "$SCRATCH/p"}
YAML
mkdir "$SCRATCH/p"
cat > "$SCRATCH/p/p.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("p", {input = {text = "string"},
  dm.stage("s", {component = "crashes", timeout = "20s", input = {text = dm.ref.request.text}}), output = dm.ref.s})
LUA

# crash HOW SIGNAL NUMBER: asks for it and looks at what is left. Sets ID.
crash() {
  start_host "$SCRATCH/x.yaml"
  same "$(ask "$DATA/v1/pipelines/p" -d '{"text":"fine"}')" '{"text":"fine"}'
  ask "$DATA/v1/pipelines/p" -d "{\"text\":\"$1\"}" > "$SCRATCH/out" 2>&1 || true
  local code=0
  timeout 30 tail -s 0.05 --pid="$HOST_PID" -f /dev/null || fail "the host does not end after 30 s"
  wait "$HOST_PID" || code=$?
  # A sanitizer has the last word, and its own way to end a process.
  if grep -q __asan_init "$DORMOUSE" || grep -q __tsan_init "$DORMOUSE"; then
    [ "$code" != 0 ] || fail "exit 0 after a crash"
    grep -F "component.crashed crashes" "$SCRATCH/host.err" > "$SCRATCH/last" || fail "the log names no crash"
  else
    same "$code" "$3"
    tail -n 1 "$SCRATCH/host.err" > "$SCRATCH/last"
  fi
  # What the plugin had said twice before, then the last line.
  same "$(grep -c 'about to crash: step 2' "$SCRATCH/host.err")" 2
  says host.err "component.ready crashes"
  says last "component.crashed crashes" "method=run" "signal=$2" "request=" "/crashes.so" "offset=0x"
  local record
  record="$(ls "$SCRATCH"/state/crashes/*.new)"
  same "$(stat -c %a "$record")" 600
  same "$(stat -c %a "$SCRATCH/state/crashes")" 700
  grep -qx 'component crashes' "$record" || fail "the record names no component"
  grep -qx 'plugin crashes' "$record" || fail "the record names no plugin"
  grep -qx 'method run' "$record" || fail "the record names no method"
  grep -qx "signal $2" "$record" || fail "the record names no signal"
  grep -qE '^request [0-9a-f]{16}$' "$record" || fail "the record names no request"
  grep -qE '^file .*/crashes.so$' "$record" || fail "the record names no file"
  ID="$(basename "$record" .new)"
  # The offset leads to the line of the source that did it.
  if command -v addr2line > /dev/null && [ -n "${4:-}" ]; then
    addr2line -f -e "$BAD_PLUGINS/crashes.so" "$(awk '$1 == "offset" {print $2}' "$record")" > "$SCRATCH/out"
    says out "$4"
  fi
}

crash null SIGSEGV 139 crashing_run
# The next start: an event, a metric, a list.
start_host "$SCRATCH/x.yaml"
ask "$CONTROL/v1/events?format=json&after=0" > "$SCRATCH/out"
jq -e --arg id "$ID" '.events[] | select(.kind == "component.crashed" and .object == "crashes" and
  .fields.method == "run" and .fields.signal == "SIGSEGV" and .fields.crash == $id and
  (.fields.file | endswith("/crashes.so")) and (.fields.offset | tonumber > 0))' "$SCRATCH/out" > /dev/null ||
  fail "no event tells of it"
ask "$CONTROL/metrics" > "$SCRATCH/out"
says out 'dormouse_component_crashes_total{component="crashes",signal="SIGSEGV"} 1'
same "$(ask -o /dev/null -w '%{http_code}' "$CONTROL/v1/crashes")" 401
expect 0 "$DORMOUSE" ctl crashes
says out "$ID" crashes run SIGSEGV "crashes.so +0x"
expect 0 "$DORMOUSE" ctl crashes "$ID" --json
same "$(jq -r '[.component, .method, .signal, .address] | join(" ")' "$SCRATCH/out")" "crashes run SIGSEGV 0x0"
jq -e '.frames | length > 1' "$SCRATCH/out" > /dev/null || fail "the record has no frames"
expect 0 "$DORMOUSE" ctl crashes "$ID"
says out "component      crashes, method run" "signal         SIGSEGV at address 0x0"
"$DORMOUSE" ctl crashes 19700101-000000 > "$SCRATCH/out" 2> "$SCRATCH/err" && fail "a crash that never was is shown"
says err "19700101-000000"
stop_host
same "$HOST_EXIT" 0
# An orderly stop leaves no record, and an event comes once.
same "$(ls "$SCRATCH/state/crashes")" "$ID"
start_host "$SCRATCH/x.yaml"
ask "$CONTROL/v1/events?format=json&after=0" > "$SCRATCH/out"
says_not out component.crashed
stop_host

for each in "overflow SIGSEGV 139 overflow" "bus SIGBUS 135 bus_error" "divide SIGFPE 136 crashing_run" \
  "illegal SIGILL 132 crashing_run" "abort SIGABRT 134 crashing_run" "nowhere SIGSEGV 139 crashing_run"; do
  read -r how signal code function <<< "$each"
  crash "$how" "$signal" "$code" "$function"
  mv "$SCRATCH/state/crashes/$ID.new" "$SCRATCH/state/crashes/$ID"
done

# exit(3) by a plugin is no "configuration has errors": the process failed, and says who ended it.
crash "exit" "exit(3)" 1 crashing_run
