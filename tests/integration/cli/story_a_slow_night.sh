#!/usr/bin/env bash
# A story of operators: it is 3 a.m. and requests are slow. The status says how the last minute went; a pool is widened by a
# reload that says first what it would change; and when that made it worse, the way back is one command.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir "$SCRATCH/pipelines"
cp "$SOURCE/examples/c/echo/echo.lua" "$SCRATCH/pipelines"
policy() {
  printf 'local dm = require "dormouse"\ndm.pool("echo", { max_instances = %s, max_pending = 64 })\n' "$1" > "$SCRATCH/policy.lua"
}
policy 2
config host.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SCRATCH/pipelines", policies: "$SCRATCH/policy.lua"}
YAML
start_host "$SCRATCH/host.yaml"
for _ in 1 2 3 4 5 6 7 8; do ask "$DATA/v1/pipelines/echo" -d '{"text":"a"}' > /dev/null; done
same "$(ask -o /dev/null -w '%{http_code}' "$DATA/v1/pipelines/echo" -d '{"text":7}')" 400

expect 0 "$DORMOUSE" ctl status
says out 'state        ready' '/s, 0 in flight, ' ' % failed, ' ' % degraded' 'times        p50 ' ', p95 ' ', p99 ' ' in the last '
says out 'scripts      generation 1, the files on disk are equal' 'config       since the start, the file on disk is equal'
expect 0 "$DORMOUSE" ctl status -o json
jq -e '.recent | (.per_second > 0) and (.requests >= 8) and (.failed_ratio < 0.2) and (.p50_ms <= .p95_ms) and
  (.p95_ms <= .p99_ms) and (.over_ms > 0)' "$SCRATCH/out" > /dev/null || fail 'the numbers of the last minute are wrong'

# The pool is widened: first asked, then done, with the reason.
policy 4
expect 0 "$DORMOUSE" ctl reload --dry-run
says out 'scripts: would serve generation 2: ' 'policy.lua changed' '  pool echo: max_instances 2 -> 4, with its next load: '
expect 0 "$DORMOUSE" ctl status
says out 'scripts      generation 1, '
expect 0 "$DORMOUSE" ctl reload --reason 'INC-441 echo queue'
says out 'scripts: serving generation 2: ' '  pool echo: max_instances 2 -> 4, with its next load: dormouse ctl reload echo'
expect 0 "$DORMOUSE" ctl reload echo --wait 10s --reason 'INC-441 echo queue'
expect 0 "$DORMOUSE" ctl events --after 0 -n 1 --kind scripts.reloaded --object 'generation 2'
says out 'actor=local' 'reason=INC-441 echo queue'

# Worse: back to the text before, and the status says that the files differ.
expect 0 "$DORMOUSE" ctl rollback --reason 'INC-441 worse'
says out 'scripts: serving generation 3, the scripts of generation 1: ' '  pool echo: max_instances 4 -> 2'
for _ in $(seq 150); do
  expect 0 "$DORMOUSE" ctl status
  ! grep -q 'the files on disk differ' "$SCRATCH/out" || break
  sleep 0.2
done
says out 'scripts      generation 3, the files on disk differ: ' '  files scripts '
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"still"}')" '{"text":"still"}'
stop_host
