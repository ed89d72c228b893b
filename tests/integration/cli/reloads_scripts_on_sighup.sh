#!/usr/bin/env bash
# SIGHUP reloads the scripts and ends nothing: good ones serve, those with faults change nothing, and both are in the log.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir "$SCRATCH/pipelines"
answer() {
  cat > "$SCRATCH/pipelines/p.lua" << LUA
local dm = require "dormouse"
return dm.pipeline("p", { input = { text = "string" },
  dm.stage("x", { run = function(ctx) return "$1" end }), output = { said = dm.ref.x } })
LUA
}
# until_said TEXT: at most 20 s.
until_said() {
  local _
  for _ in $(seq 400); do
    grep -qF -- "$1" "$SCRATCH/host.err" && return
    sleep 0.05
  done
  fail "'$1' is not in the log after 20 s"
}
answer one
config p.yaml << YAML
scripts: {pipelines: "$SCRATCH/pipelines"}
YAML
start_host "$SCRATCH/p.yaml"
same "$(ask "$DATA/v1/pipelines/p" -d '{"text":"a"}')" '{"said":"one"}'
answer two
kill -HUP "$HOST_PID"
until_said 'scripts.reloaded generation 2'
same "$(ask "$DATA/v1/pipelines/p" -d '{"text":"a"}')" '{"said":"two"}'
until_said 'audit scripts verb=reload role=admin token=local peer=SIGHUP outcome=done'
echo 'return dm.' > "$SCRATCH/pipelines/p.lua"
kill -HUP "$HOST_PID"
until_said 'peer=SIGHUP outcome=failed_precondition'
says host.err "error script.fault $SCRATCH/pipelines/p.lua"
same "$(ask "$DATA/v1/pipelines/p" -d '{"text":"a"}')" '{"said":"two"}'
# Many at once are one or two reloads, and the last of them has read what is there now.
answer three
for _ in 1 2 3 4 5 6 7 8; do kill -HUP "$HOST_PID"; done
for _ in $(seq 400); do
  [ "$(ask "$DATA/v1/pipelines/p" -d '{"text":"a"}')" = '{"said":"three"}' ] && break
  sleep 0.05
done
same "$(ask "$DATA/v1/pipelines/p" -d '{"text":"a"}')" '{"said":"three"}'
stop_host
same "$HOST_EXIT" 0
