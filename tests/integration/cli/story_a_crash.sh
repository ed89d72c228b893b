#!/usr/bin/env bash
# A story of operators: the host went down. The next start tells what crashed, in which request and where; the list and the
# record say the same, in pages when there are many, and only to those who have the token.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BAD_PLUGINS:?}"
config host.yaml << YAML
plugins: {path: ["$BAD_PLUGINS", "$PLUGINS"]}
components: {crashes: {plugin: crashes}}
scripts: {pipelines: "$SCRATCH/p.lua"}
YAML
cat > "$SCRATCH/p.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("p", {input = {text = "string"},
  dm.stage("s", {component = "crashes", timeout = "20s", input = {text = dm.ref.request.text}}), output = dm.ref.s})
LUA
for _ in 1 2; do
  start_host "$SCRATCH/host.yaml"
  ask "$DATA/v1/pipelines/p" -d '{"text":"null"}' > /dev/null 2>&1 || true
  timeout 30 tail -s 0.05 --pid="$HOST_PID" -f /dev/null || fail 'the host does not end after 30 s'
  wait "$HOST_PID" && fail 'exit 0 after a crash'
done
start_host "$SCRATCH/host.yaml"
expect 0 "$DORMOUSE" ctl crashes
says out 'CRASH ' 'COMPONENT' 'METHOD' 'REQUEST' 'SIGNAL' 'WHERE' crashes run 'crashes.so +0x'
expect 0 "$DORMOUSE" ctl crashes -o name
same "$(wc -l < "$SCRATCH/out")" 2
newest="$(head -n 1 "$SCRATCH/out")" oldest="$(tail -n 1 "$SCRATCH/out")"
expect 0 "$DORMOUSE" ctl crashes "$newest"
says out "crash          $newest, " 'component      crashes, method run, plugin crashes' 'where          crashes.so +0x' 'request ' 'frames '
expect 0 "$DORMOUSE" ctl crash "$newest" -o json
jq -e '.component == "crashes" and .method == "run" and (.offset | type == "string" or type == "number") and (.frames | length > 0)' \
  "$SCRATCH/out" > /dev/null || fail 'the record is not whole'

# In pages.
expect 0 "$DORMOUSE" ctl crashes --limit 1 -o name
same "$(cat "$SCRATCH/out")" "$newest"
says err "dormouse: there are more: --after $newest"
expect 0 "$DORMOUSE" ctl crashes --limit 1 --after "$newest" -o name
same "$(cat "$SCRATCH/out")" "$oldest"
[ ! -s "$SCRATCH/err" ] || fail 'the last page has none behind it'
expect 1 "$DORMOUSE" ctl crashes --after 19990101-000000-1
expect 1 "$DORMOUSE" ctl crashes --limit 1001

# What it shows may be content of requests: no token, another token, no such crash, a flag of the list for one.
expect 7 "$DORMOUSE" ctl crashes --url "$CONTROL"
expect 7 env DORMOUSE_TOKEN=wrong "$DORMOUSE" ctl crashes
expect 1 "$DORMOUSE" ctl crashes 19990101-000000-1
expect 2 "$DORMOUSE" ctl crashes "$newest" --limit 1
expect 2 "$DORMOUSE" ctl crashes --limit -1
expect 2 "$DORMOUSE" ctl crashes --dry-run
stop_host
expect 5 "$DORMOUSE" ctl crashes --url "$CONTROL"
