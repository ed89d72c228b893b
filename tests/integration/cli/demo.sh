#!/usr/bin/env bash
# Load on demand, unload when idle, as a transcript: ./dev demo, and a test. Usage: demo.sh BUILD_FOLDER
set -euo pipefail
BUILD="$(cd "$1" && pwd)"
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
DORMOUSE="$BUILD/bin/dormouse"

# A host of its own beside any other: free ports, a state folder in the build folder (its model is kept), short idle times.
export DORMOUSE_CONFIG=configs/assistant.yaml
export XDG_STATE_HOME="$BUILD/demo-state"
export DORMOUSE_HOST__DATA__LISTEN=127.0.0.1:0
export DORMOUSE_HOST__CONTROL__LISTEN=127.0.0.1:0
export DORMOUSE_PLUGINS__PATH="$BUILD/plugins"
export DORMOUSE_SCRIPTS__POLICIES="$PWD/tests/integration/cli/demo_policy.lua"
dormouse() { "$DORMOUSE" "$@"; }

show() {
  printf '\n\033[1m$ %s\033[0m\n' "$*"
  eval "$*"
}
fail() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}
# The states of the parts of the assistant, each said once: "ready" when all are.
states() {
  dormouse ctl components --json | grep -o '"name":"nlu[^{}]*"state":"[a-z]*"' | sed 's/.*"state":"\([a-z]*\)"/\1/' |
    sort -u | tr '\n' ' '
}
wait_until() {
  local _
  for _ in $(seq 200); do
    [ "$(states)" != "$1 " ] || return 0
    sleep 0.1
  done
  fail "components are $(states)and not $1, after 20 s"
}

examples/data/train_assistant.sh "$DORMOUSE"
printf '\n\033[1m$ dormouse run &\033[0m\n'
out="$(mktemp)"
"$DORMOUSE" run > "$out" 2> "$BUILD/demo.log" &
host=$!
trap 'kill "$host" 2> /dev/null || true; wait "$host" || true; rm -f "$out"' EXIT
for _ in $(seq 400); do
  grep -q '^control' "$out" && break
  kill -0 "$host" 2> /dev/null || { cat "$BUILD/demo.log" >&2; fail "the host did not start"; }
  sleep 0.05
done
cat "$out"
data="$(awk '/^data/ {print $2}' "$out")"

show 'dormouse ctl components'
show "curl -s $data/v1/pipelines/assistant -d '{\"text\":\"what attractions are in Cairo?\"}'; echo"
show 'dormouse ctl components'
[ "$(states)" = 'ready ' ] || fail "components are $(states)and not ready"
printf '\n(idle for two seconds)\n'
if [ "${DORMOUSE_PLUGINS__UNMAP:-true}" = true ]; then wait_until unloaded; else wait_until parked; fi
show 'dormouse ctl components'
! grep -q 'nlu-[a-z]*[.]so' "/proc/$host/maps" || [ "${DORMOUSE_PLUGINS__UNMAP:-true}" != true ] || fail "a plugin is still mapped"
show "curl -s $data/v1/pipelines/assistant -d '{\"text\":\"Welche Sehenswürdigkeiten gibt es in Kairo?\"}'; echo"
show "kill -TERM $host"
wait "$host" || fail "the host ended with $?"
trap 'rm -f "$out"' EXIT
printf '\nthe host stopped in order\n'
