#!/usr/bin/env bash
# What is not as it should be stands in `ctl status`, with who made it so, since when, and the command that ends it; a
# reload and a rollback say what changes, and leave an event with the reason.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir "$SCRATCH/pipelines"
cp "$SOURCE/examples/c/echo/echo.lua" "$SCRATCH/pipelines"
config host.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}, gone: {plugin: no-such-plugin}, kept: {plugin: echo, pin: true}}
scripts: {pipelines: "$SCRATCH/pipelines"}
YAML
start_host "$SCRATCH/host.yaml"
expect 0 "$DORMOUSE" ctl status
says out 'attention    -' ', pid ' 'state        ready' 'scripts      generation 1'

# A part that failed, and a pin that a verb made; one of the configuration is as it should be.
expect 1 "$DORMOUSE" ctl load gone
expect 0 "$DORMOUSE" ctl pin echo --dry-run
expect 0 "$DORMOUSE" ctl status
says_not out pinned
expect 0 "$DORMOUSE" ctl pin echo --reason 'ticket 7'
says out 'echo: pinned'
expect 0 "$DORMOUSE" ctl pin echo
says out 'echo: is pinned already'
expect 0 "$DORMOUSE" ctl status
says out 'attention    2' '  failed gone ' 'dormouse ctl load gone' '  pinned echo ' 'by local: ticket 7' 'dormouse ctl unpin echo'
expect 0 "$DORMOUSE" ctl unpin echo --reason 'no longer slow'

# until_status TEXT: the host looks at its files every few seconds; at most 30 s.
until_status() {
  local _
  for _ in $(seq 150); do
    expect 0 "$DORMOUSE" ctl status
    ! grep -qF -- "$1" "$SCRATCH/out" || return 0
    sleep 0.2
  done
  fail "'$1' is not in the status after 30 s"
}

# Scripts on disk that nobody serves yet.
printf -- '-- another text\n' >> "$SCRATCH/pipelines/echo.lua"
until_status 'files scripts '
says out 'echo.lua' 'dormouse ctl reload --dry-run'
expect 0 "$DORMOUSE" ctl reload --dry-run
says out 'scripts: would serve generation 2: ' 'echo.lua'
expect 0 "$DORMOUSE" ctl reload --reason 'INC-441 intent queue'
says out 'scripts: serving generation 2: ' 'echo.lua'
expect 0 "$DORMOUSE" ctl rollback --dry-run
says out 'scripts: would serve generation 3, the scripts of generation 1: '
expect 0 "$DORMOUSE" ctl rollback --reason 'INC-441 worse'
says out 'scripts: serving generation 3, the scripts of generation 1: ' 'the files on disk differ from what serves'
until_status 'files scripts '
expect 0 "$DORMOUSE" ctl reload --only scripts
printf 'return nothing.at.all(' > "$SCRATCH/pipelines/echo.lua"
expect 3 "$DORMOUSE" ctl reload --dry-run
expect 3 "$DORMOUSE" ctl reload
says err 'dormouse: scripts: the scripts have faults: nothing was changed' 'echo.lua:1'

# Each verb left its event, with who asked and why.
ask "$CONTROL/v1/events?format=json&after=0&kind=scripts.*" > "$SCRATCH/events"
same "$(jq -r '[.events[] | select(.kind == "scripts.reloaded" and .fields.reason) | .actor + ": " + .fields.reason] | join(", ")' "$SCRATCH/events")" \
  'local: INC-441 intent queue'
same "$(jq -r '.events[] | select(.kind == "scripts.rolled_back") | .fields.text_of' "$SCRATCH/events")" 1
expect 0 "$DORMOUSE" ctl events --after 0 -n 1 --kind 'component.pinned' --object echo
says out 'component.pinned echo' 'actor=local' 'reason=ticket 7'
expect 0 "$DORMOUSE" ctl events --after 0 -n 1 --kind 'component.unpinned' --object echo
says out 'component.unpinned echo' 'actor=local' 'reason=no longer slow'
expect 0 "$DORMOUSE" ctl events --after 0 -n 2 --kind 'component.*' -o json
same "$(jq -s length "$SCRATCH/out")" 2
stop_host
