#!/usr/bin/env bash
# `run --dry-run` ends as the start would: 0, 3 or 4 with the same words; it opens no port and writes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
expect 0 "$DORMOUSE" run --dry-run --config "$SCRATCH/echo.yaml"
says out 'would start'
[ ! -e "$SCRATCH/state" ] || fail "the state folder was made"
# Faults of the configuration and of scripts: 3.
config bad.yaml << YAML
host: {thread: 1}
YAML
expect 3 "$DORMOUSE" run --dry-run --config "$SCRATCH/bad.yaml"
says err "unknown key 'host.thread'"
echo 'return dm.' > "$SCRATCH/bad.lua"
config script.yaml << YAML
scripts: {pipelines: "$SCRATCH/bad.lua"}
YAML
expect 3 "$DORMOUSE" run --dry-run --config "$SCRATCH/script.yaml"
says err bad.lua
# What only this machine and this moment refuse: 4.
start_host "$SCRATCH/echo.yaml"
find "$SCRATCH/state" -printf '%p %s %T@\n' | sort > "$SCRATCH/before"
expect 4 "$DORMOUSE" run --dry-run --config "$SCRATCH/echo.yaml"
says err 'is in use by another process' "$HOST_PID"
DORMOUSE_HOST__STATE_DIR="$SCRATCH/other" DORMOUSE_HOST__DATA__LISTEN="${DATA#http://}" \
  expect 4 "$DORMOUSE" run --dry-run --config "$SCRATCH/echo.yaml"
says err 'the port is taken by another program'
[ ! -e "$SCRATCH/other" ] || fail "the other state folder was made"
find "$SCRATCH/state" -printf '%p %s %T@\n' | sort | diff "$SCRATCH/before" - || fail "the state folder has changed"
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
stop_host
mkdir -m 755 "$SCRATCH/open"
DORMOUSE_HOST__STATE_DIR="$SCRATCH/open" expect 4 "$DORMOUSE" run --dry-run --config "$SCRATCH/echo.yaml"
says err 'the folder is open to others'
# After all that it would start, and does.
expect 0 "$DORMOUSE" run --dry-run --config "$SCRATCH/echo.yaml"
start_host "$SCRATCH/echo.yaml"
stop_host
same "$HOST_EXIT" 0
# What is in force names the folder that a start would take.
unset DORMOUSE_HOST__STATE_DIR
expect 0 "$DORMOUSE" check --show --config "$SCRATCH/echo.yaml"
says out "state_dir: \"$HOME/.local/state/dormouse\""
