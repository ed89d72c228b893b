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
state_of() {
  dormouse ctl components nlu.language --json | sed -E 's/.*"state":"([a-z]*)".*/\1/'
}
wait_until() {
  local _
  for _ in $(seq 200); do
    case "$(state_of)" in "$1" | "${2:-$1}") return ;; esac
    sleep 0.1
  done
  fail "nlu.language is $(state_of), not $1, after 20 s"
}

dormouse train nlu.language --data examples/data/language-id --if-missing
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
[ "$(state_of)" = ready ] || fail "nlu.language is $(state_of), not ready"
printf '\n(idle for two seconds)\n'
if [ "${DORMOUSE_PLUGINS__UNMAP:-true}" = true ]; then wait_until unloaded; else wait_until parked; fi
show 'dormouse ctl components'
! grep -q nlu-language "/proc/$host/maps" || [ "${DORMOUSE_PLUGINS__UNMAP:-true}" != true ] || fail "nlu-language.so is still mapped"
show "curl -s $data/v1/pipelines/assistant -d '{\"text\":\"Welche Sehenswürdigkeiten gibt es in Kairo?\"}'; echo"
show "kill -TERM $host"
wait "$host" || fail "the host ended with $?"
trap 'rm -f "$out"' EXIT
printf '\nthe host stopped in order\n'
