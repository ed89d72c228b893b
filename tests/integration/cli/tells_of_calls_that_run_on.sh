#!/usr/bin/env bash
# A call that goes on after its request was given up needs attention: in the status, in /v1/components, as an event and as
# a metric, for as long as it runs.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BAD_PLUGINS:?}"
mkdir -m 0755 "$SCRATCH/plugins"
install -m 644 "$BAD_PLUGINS/deaf-run.so" "$SCRATCH/plugins"
cat > "$SCRATCH/slow.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("slow", {
  input = { text = "string" },
  dm.stage("answer", { component = "slow", input = { text = dm.ref.request.text }, timeout = "100ms" }),
  output = { text = dm.ref.answer.text },
})
LUA
config host.yaml << YAML
plugins: {path: ["$SCRATCH/plugins", "$PLUGINS"]}
components: {slow: {plugin: deaf-run, settings: {ms: 12000}}, metrics: {plugin: monitor}}
scripts: {pipelines: "$SCRATCH/slow.lua"}
YAML
start_host "$SCRATCH/host.yaml"
expect 0 "$DORMOUSE" ctl load slow
expect 0 "$DORMOUSE" ctl status
says out 'attention    -'
same "$(ask -o "$SCRATCH/out" -w '%{http_code}' --json '{"text":"a"}' "$DATA/v1/pipelines/slow")" 504

# until_status WORDS: at most 30 s.
until_status() {
  local _
  for _ in $(seq 150); do
    expect 0 "$DORMOUSE" ctl status
    ! grep -qF -- "$1" "$SCRATCH/out" || return 0
    sleep 0.2
  done
  fail "'$1' is not in the status after 30 s"
}

until_status 'attention    1'
says out '  overdue slow ' '1 call runs on, cancelled before: run' 'dormouse ctl components slow'
ask "$CONTROL/v1/status" > "$SCRATCH/out"
same "$(jq -r '.attention[0] | [.kind, .object, .command] | join(" ")' "$SCRATCH/out")" 'overdue slow dormouse ctl components slow'
ask "$CONTROL/v1/components/slow" > "$SCRATCH/out"
same "$(jq -r '.overdue | length' "$SCRATCH/out")" 1
same "$(jq -r '.overdue[0].method + " " + (.overdue[0].age_ms | type)' "$SCRATCH/out")" 'run number'
ask "$CONTROL/v1/events?format=json&kind=call.overdue" > "$SCRATCH/out"
same "$(jq -r '.events | map([.object, .fields.method, (.fields.age_ms | type)] | join(" ")) | join(",")' "$SCRATCH/out")" 'slow run number'
ask "$CONTROL/metrics" > "$SCRATCH/out"
says out 'dormouse_calls_overdue{component="slow"} 1' 'dormouse_attention{kind="overdue"} 1'

# It ends with the call.
until_status 'attention    -'
ask "$CONTROL/metrics" > "$SCRATCH/out"
says out 'dormouse_calls_overdue{component="slow"} 0' 'dormouse_attention{kind="overdue"} 0'
stop_host
