# shellcheck shell=bash
# What the tests of the real binary have in common. Sourced; wants DORMOUSE (the binary), PLUGINS (a folder with the
# built plugins) and SOURCE (the source tree). Every wait is bounded; only processes started here are ended.
set -euo pipefail
: "${DORMOUSE:?}" "${PLUGINS:?}" "${SOURCE:?}"

SCRATCH="$(mktemp -d /tmp/dormouse-test-XXXXXX)"
HOST_PIDS=()

clean_up() {
  for pid in "${HOST_PIDS[@]}"; do kill -KILL "$pid" 2> /dev/null || true; done
  [ ! -e "$SCRATCH/mounted" ] || umount "$SCRATCH/disk" 2> /dev/null || true
  rm -rf "$SCRATCH"
}
trap clean_up EXIT

# Nothing of the caller's leaks in; ports are free ones unless a test says otherwise.
unset DORMOUSE_CONFIG DORMOUSE_TOKEN STATE_DIRECTORY XDG_STATE_HOME NOTIFY_SOCKET
export HOME="$SCRATCH/home"
mkdir -p "$HOME"
export DORMOUSE_HOST__STATE_DIR="$SCRATCH/state"
export DORMOUSE_HOST__DATA__LISTEN=127.0.0.1:0
export DORMOUSE_HOST__CONTROL__LISTEN=127.0.0.1:0

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for file in "$SCRATCH"/out "$SCRATCH"/err "$SCRATCH"/host.out "$SCRATCH"/host.err; do
    [ ! -s "$file" ] || { printf -- '--- %s\n' "${file##*/}" && cat "$file"; } >&2
  done
  exit 1
}

skip() {
  printf 'SKIPPED: %s\n' "$*"
  exit 77
}

# needs_plugins NAME...: red when one was not built, since they always are: a plugin that is missing is no reason to skip.
needs_plugins() {
  local name
  for name in "$@"; do
    [ -f "$PLUGINS/$name.so" ] || fail "plugin $name is missing: needed $PLUGINS/$name.so; build it: ninja -C build plugins/$name.so"
  done
}

# config NAME: writes standard input to a configuration in the scratch folder.
config() {
  cat > "$SCRATCH/$1"
}

echo_config() {
  config echo.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
YAML
}

# start_host CONFIG: in the background; sets HOST_PID, DATA and CONTROL once it listens.
start_host() {
  # Of an earlier host: its ports would be taken for the new one's, and a signal would come before that can hear it.
  rm -f "$SCRATCH/host.out"
  "$DORMOUSE" run --config "$1" > "$SCRATCH/host.out" 2> "$SCRATCH/host.err" &
  HOST_PID=$!
  HOST_PIDS+=("$HOST_PID")
  local _
  for _ in $(seq 400); do
    if grep -qs '^control' "$SCRATCH/host.out"; then
      DATA="$(awk '/^data/ {print $2}' "$SCRATCH/host.out")"
      CONTROL="$(awk '/^control/ {print $2}' "$SCRATCH/host.out")"
      export DATA CONTROL
      return
    fi
    kill -0 "$HOST_PID" 2> /dev/null || fail "the host ended before it listened"
    sleep 0.05
  done
  fail "the host does not listen after 20 s"
}

# stop_host [SIGNAL]: waits for the end; sets HOST_EXIT.
stop_host() {
  kill "-${1:-TERM}" "$HOST_PID"
  export HOST_EXIT=0
  timeout 30 tail -s 0.05 --pid="$HOST_PID" -f /dev/null || fail "the host does not end after 30 s"
  wait "$HOST_PID" || HOST_EXIT=$?
}

# expect CODE COMMAND...: runs it bounded, keeps what it prints in $SCRATCH/out and $SCRATCH/err.
expect() {
  local wanted="$1" code=0
  shift
  timeout 60 "$@" > "$SCRATCH/out" 2> "$SCRATCH/err" || code=$?
  [ "$code" = "$wanted" ] || fail "exit $code instead of $wanted: $*"
}

# says FILE TEXT...: each TEXT stands in what was printed.
says() {
  local file="$SCRATCH/$1"
  shift
  local text
  for text in "$@"; do grep -qF -- "$text" "$file" || fail "'$text' is not in ${file##*/}"; done
}

says_not() {
  local file="$SCRATCH/$1"
  shift
  local text
  for text in "$@"; do ! grep -qF -- "$text" "$file" || fail "'$text' is in ${file##*/}"; done
}

same() {
  [ "$1" = "$2" ] || fail "'$1' instead of '$2'"
}

ask() {
  curl -sS --max-time 20 "$@"
}

# The state of one component, as the control listener says.
state_of() {
  "$DORMOUSE" ctl components "$1" --json | jq -r .state
}

# until_state NAME STATE: at most 20 s.
until_state() {
  local _
  for _ in $(seq 200); do
    [ "$(state_of "$1")" = "$2" ] && return
    sleep 0.1
  done
  fail "component $1 is $(state_of "$1"), not $2, after 20 s"
}

# resident FIELD: of the host, in MiB. VmRSS is of now, VmHWM the most so far.
resident() {
  awk -v field="$1:" '$1 == field {print int($2 / 1024)}' "/proc/$HOST_PID/status"
}

# shrinks_below MIB: within 30 s.
shrinks_below() {
  local _
  for _ in $(seq 300); do
    [ "$(resident VmRSS)" -ge "$1" ] || return 0
    sleep 0.1
  done
  fail "the host still holds $(resident VmRSS) MiB and not less than $1; at most it held $(resident VmHWM)"
}

# prometheus_tool NAME: where prometheus or promtool is; fails when there is none. Installed, or fetched by ./dev test.
prometheus_tool() {
  command -v "$1" && return
  local folder
  for folder in "${BUILD:?}" "$SOURCE/build"; do
    [ ! -x "$folder/tools/prometheus/usr/bin/$1" ] || { printf '%s\n' "$folder/tools/prometheus/usr/bin/$1"; return; }
  done
  return 1
}
