#!/usr/bin/env bash
# A story of operators: a change of the configuration and of the scripts has faults. A check names all of them with near
# names, a reload changes nothing, and the status says what differs until it is mended.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir "$SCRATCH/pipelines"
cp "$SOURCE/examples/c/echo/echo.lua" "$SCRATCH/pipelines"
write_config() {
  config host.yaml << YAML
plugins: {path: "$PLUGINS"}
components:
  echo: {plugin: echo}
  emotion: {plugin: $1}
scripts: {pipelines: "$SCRATCH/pipelines"}
YAML
}
write_config echo
start_host "$SCRATCH/host.yaml"
write_config ecko
expect 3 "$DORMOUSE" check --config "$SCRATCH/host.yaml"
says err 'host.yaml:4' "did you mean 'echo'"
expect 3 "$DORMOUSE" check --config "$SCRATCH/host.yaml" -o json
jq -e '(.ok | not) and (.findings[0].line == 4)' "$SCRATCH/out" > /dev/null || fail 'the document does not name line 4'
until_status() {
  local _
  for _ in $(seq 150); do
    expect 0 "$DORMOUSE" ctl status
    ! grep -qF -- "$1" "$SCRATCH/out" || return 0
    sleep 0.2
  done
  fail "'$1' is not in the status after 30 s"
}
until_status 'config       since the start, the file on disk differs: '
says out '  files config ' 'dormouse check'

# Scripts with faults: refused as a whole, exit 3 as from a check, by the command and by the signal.
printf '\nreturn dm.nothing(' >> "$SCRATCH/pipelines/echo.lua"
expect 3 "$DORMOUSE" ctl reload --dry-run
expect 3 "$DORMOUSE" ctl reload -o json
jq -e '.code == "failed_precondition" and (.errors | length > 0)' "$SCRATCH/out" > /dev/null || fail 'the document names no fault'
kill -HUP "$HOST_PID"
expect 0 "$DORMOUSE" ctl status
says out 'scripts      generation 1, '
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"still"}')" '{"text":"still"}'

# Mended: all is equal again.
write_config echo
cp "$SOURCE/examples/c/echo/echo.lua" "$SCRATCH/pipelines"
expect 0 "$DORMOUSE" check --config "$SCRATCH/host.yaml"
expect 0 "$DORMOUSE" ctl reload
until_status 'attention    -'
says out 'the files on disk are equal' 'the file on disk is equal'
expect 2 "$DORMOUSE" ctl reload --only config
expect 2 "$DORMOUSE" check --json --output text --config "$SCRATCH/host.yaml"
stop_host
