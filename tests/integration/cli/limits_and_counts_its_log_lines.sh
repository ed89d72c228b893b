#!/usr/bin/env bash
# A pipeline that fails is an error in the log, so many times a second; what is dropped is an event and a metric.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
config p.lua << 'LUA'
local dm = require "dormouse"
return dm.pipeline("p", { input = { text = "string" },
  dm.stage("x", { run = function(ctx) error("boom") end }), output = { said = dm.ref.x } })
LUA
config p.yaml << YAML
host: {log: {level: warn, format: json, lines_per_second: 5}}
scripts: {pipelines: "$SCRATCH/p.lua"}
YAML
start_host "$SCRATCH/p.yaml"
for _ in $(seq 300); do printf 'url = "%s/v1/pipelines/p"\ndata = "{}"\nnext\n' "$DATA"; done | sed '$d' > "$SCRATCH/curl"
sed 's/{}/{\\"text\\":\\"a\\"}/' -i "$SCRATCH/curl"
curl -sS --max-time 100 -K "$SCRATCH/curl" > "$SCRATCH/answers"
same "$(grep -o '"status":500' "$SCRATCH/answers" | wc -l)" 300
stop_host
same "$HOST_EXIT" 0
# Every line is one document, and written lines and counted ones are all there were.
lines="$(jq -r 'select(.kind == "request.failed") | .level' "$SCRATCH/host.err" | sort | uniq -c | xargs)"
dropped="$(jq -s '[.[] | select(.kind == "log.dropped" and .object == "request.failed p") | .lines | tonumber] | add // 0' \
  "$SCRATCH/host.err")"
same "${lines#* }" error
same "$((${lines% *} + dropped))" 300
[ "$dropped" -gt 0 ] || fail "nothing was dropped"
same "$(jq -r 'select(.kind == "request.failed") | "\(.status) \(.code)"' "$SCRATCH/host.err" | sort -u)" '500 internal'
jq -se 'map(select(.kind == "request.failed")) | all(.peer | startswith("127.0.0.1:"))' "$SCRATCH/host.err" > /dev/null ||
  fail "a line without its peer"
