#!/usr/bin/env bash
# Keys of host, scripts and pools whose effect only a whole host shows: each is set twice, and the difference is seen.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BAD_PLUGINS:?}"

config slow.lua << 'LUA'
local dm = require "dormouse"
return dm.pipeline("slow", { deadline = "30s", input = { text = "string" },
  dm.stage("x", { component = "slow", timeout = "25s", input = { text = dm.ref.request.text } }),
  output = { text = dm.ref.x.text } })
LUA
# slow_config MS [POOL]: a component that takes so long for each answer, and cannot be cancelled.
slow_config() {
  echo "local dm = require 'dormouse' dm.pool('slow', { ${2:-} })" > "$SCRATCH/policy.lua"
  config slow.yaml << YAML
plugins: {path: "$BAD_PLUGINS"}
components: {slow: {plugin: deaf-run, settings: {ms: $1}}}
scripts: {pipelines: "$SCRATCH/slow.lua", policies: "$SCRATCH/policy.lua"}
YAML
}
# status OPTIONS... : what a slow request is answered with.
# shellcheck disable=SC2120
status() {
  ask -o /dev/null -w '%{http_code}' "$DATA/v1/pipelines/slow" -d '{"text":"a"}' "$@"
}
# plugin, version and type of a component: which code it is; settings: what the plugin is given (ms, below).
slow_config 0
expect 0 "$DORMOUSE" check --config "$SCRATCH/slow.yaml"
for key in plugin version type; do
  sed "s/{plugin: deaf-run,/{plugin: deaf-run, $key: another,/; s/plugin: deaf-run, plugin:/plugin:/" "$SCRATCH/slow.yaml" \
    > "$SCRATCH/another.yaml"
  expect 3 "$DORMOUSE" check --config "$SCRATCH/another.yaml"
  says err another
done

# host.threads (THREADS): a thread for each of them more.
slow_config 0
DORMOUSE_HOST__THREADS=1 start_host "$SCRATCH/slow.yaml"
one="$(find "/proc/$HOST_PID/task" -mindepth 1 -maxdepth 1 | wc -l)"
stop_host
DORMOUSE_HOST__THREADS=4 start_host "$SCRATCH/slow.yaml"
four="$(find "/proc/$HOST_PID/task" -mindepth 1 -maxdepth 1 | wc -l)"
stop_host
same "$((four - one))" 3

# request_timeout of the data listener: 504 rather than the answer.
slow_config 2000
DORMOUSE_HOST__DATA__REQUEST_TIMEOUT=300ms start_host "$SCRATCH/slow.yaml"
status > /dev/null || true  # loads it
same "$(status)" 504
# host.stop_grace: a request that runs when the host stops has this long, and no longer.
stop_host
start_host "$SCRATCH/slow.yaml"
"$DORMOUSE" ctl load slow > /dev/null
status > "$SCRATCH/status" 2> /dev/null &
asking=$!
for _ in $(seq 200); do
  [ "$(ask "$CONTROL/v1/status" | jq .in_flight)" = 1 ] && break
  sleep 0.02
done
stop_host
wait "$asking" || true
same "$(cat "$SCRATCH/status")" 200
DORMOUSE_HOST__STOP_GRACE=0s start_host "$SCRATCH/slow.yaml"
"$DORMOUSE" ctl load slow > /dev/null
status > "$SCRATCH/status" 2> /dev/null &
asking=$!
for _ in $(seq 200); do
  [ "$(ask "$CONTROL/v1/status" | jq .in_flight)" = 1 ] && break
  sleep 0.02
done
stop_host
wait "$asking" || true
[ "$(cat "$SCRATCH/status")" != 200 ] || fail "a request was answered although stop_grace is 0s"

# max_instances, max_pending and max_wait of a pool: how many run, how many wait, and how long.
slow_config 1500 'max_instances = 1, max_wait = "100ms"'
start_host "$SCRATCH/slow.yaml"
"$DORMOUSE" ctl load slow > /dev/null
for i in 1 2; do status > "$SCRATCH/status.$i" & done
for _ in $(seq 200); do [ -s "$SCRATCH/status.1" ] && [ -s "$SCRATCH/status.2" ] && break; sleep 0.05; done
[ "$(cat "$SCRATCH"/status.[12] | tr -d '\n')" != 200200 ] || fail "one instance answered two requests within max_wait"
stop_host
slow_config 1500 'max_instances = 2, max_wait = "100ms"'
start_host "$SCRATCH/slow.yaml"
"$DORMOUSE" ctl load slow > /dev/null
rm -f "$SCRATCH"/status.[12]
for i in 1 2; do status > "$SCRATCH/status.$i" & done
for _ in $(seq 200); do [ -s "$SCRATCH/status.1" ] && [ -s "$SCRATCH/status.2" ] && break; sleep 0.05; done
same "$(cat "$SCRATCH"/status.[12] | tr -d '\n')" 200200
stop_host

# scripts.load_cpu_max: what loading a script may take.
echo 'for i = 1, 40000000 do end' > "$SCRATCH/busy.lua"
cat "$SCRATCH/slow.lua" >> "$SCRATCH/busy.lua"
config busy.yaml << YAML
plugins: {path: "$BAD_PLUGINS"}
components: {slow: {plugin: deaf-run}}
scripts: {pipelines: "$SCRATCH/busy.lua", load_cpu_max: 60s}
YAML
expect 0 "$DORMOUSE" check --config "$SCRATCH/busy.yaml"
DORMOUSE_SCRIPTS__LOAD_CPU_MAX=10ms expect 3 "$DORMOUSE" check --config "$SCRATCH/busy.yaml"
says err 'CPU'

# scripts.generations_max: how many sets of scripts may be alive while requests hold the older ones.
slow_config 4000
DORMOUSE_SCRIPTS__GENERATIONS_MAX=2 start_host "$SCRATCH/slow.yaml"
"$DORMOUSE" ctl load slow > /dev/null
for i in 1 2; do
  status > /dev/null 2>&1 &
  for _ in $(seq 200); do
    [ "$(ask "$CONTROL/v1/status" | jq .in_flight)" = "$i" ] && break
    sleep 0.02
  done
  echo "-- $i" >> "$SCRATCH/policy.lua"
  "$DORMOUSE" ctl reload > /dev/null 2> "$SCRATCH/reload.$i" || true
done
cat "$SCRATCH"/reload.[12] > "$SCRATCH/out"
says out 'too many generations of scripts are alive' 'at most 2'
stop_host

# host.memory.sample_every and samples_kept: how often memory is looked at, and how far back one can look.
DORMOUSE_HOST__MEMORY__SAMPLE_EVERY=100ms DORMOUSE_HOST__MEMORY__SAMPLES_KEPT=3 start_host "$SCRATCH/slow.yaml"
for _ in $(seq 200); do
  ask "$CONTROL/v1/memory?history=1" > "$SCRATCH/out"
  [ "$(jq '[.history.samples[] | select(.cause == "timer")] | length' "$SCRATCH/out")" -ge 2 ] && break
  sleep 0.05
done
sleep 1
ask "$CONTROL/v1/memory?history=1" > "$SCRATCH/out"
kept="$(jq '.history.samples | length' "$SCRATCH/out")"
if [ "$kept" -lt 2 ] || [ "$kept" -gt 4 ]; then fail "$kept samples are kept"; fi
stop_host

# plugins.unmap: false keeps the code of a component that was unloaded.
slow_config 0
DORMOUSE_PLUGINS__UNMAP=false start_host "$SCRATCH/slow.yaml"
"$DORMOUSE" ctl load slow > /dev/null
"$DORMOUSE" ctl unload slow > /dev/null
grep -q deaf-run.so "/proc/$HOST_PID/maps" || fail "the code has gone although plugins.unmap is false"
stop_host
DORMOUSE_PLUGINS__UNMAP=true start_host "$SCRATCH/slow.yaml"
"$DORMOUSE" ctl load slow > /dev/null
"$DORMOUSE" ctl unload slow > /dev/null
! grep -q deaf-run.so "/proc/$HOST_PID/maps" || fail "the code is still there although plugins.unmap is true"
stop_host
