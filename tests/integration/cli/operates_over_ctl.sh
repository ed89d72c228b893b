#!/usr/bin/env bash
# Every ctl command, as a table and as JSON; changing ones need the token.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
for command in status components plugins pipelines memory; do
  expect 0 "$DORMOUSE" ctl "$command" --config "$SCRATCH/echo.yaml"
  [ -s "$SCRATCH/out" ] || fail "ctl $command printed nothing"
  expect 0 "$DORMOUSE" ctl "$command" --config "$SCRATCH/echo.yaml" --json
  jq -e . "$SCRATCH/out" > /dev/null || fail "ctl $command --json is no JSON"
done
expect 0 "$DORMOUSE" ctl load echo --dry-run
same "$(state_of echo)" absent
expect 0 "$DORMOUSE" ctl load echo
same "$(state_of echo)" ready
expect 0 "$DORMOUSE" ctl --state-dir "$SCRATCH/state" components echo --json
same "$(jq -r .state "$SCRATCH/out")" ready
expect 0 "$DORMOUSE" ctl pin echo
same "$("$DORMOUSE" ctl components echo --json | jq .pinned)" true
expect 0 "$DORMOUSE" ctl unpin echo
expect 0 "$DORMOUSE" ctl trim echo
expect 0 "$DORMOUSE" ctl park echo
same "$(state_of echo)" parked
expect 0 "$DORMOUSE" ctl reload echo --dry-run
same "$(state_of echo)" parked
expect 0 "$DORMOUSE" ctl reload echo --wait 5s
same "$(state_of echo)" ready
expect 0 "$DORMOUSE" ctl unload echo --wait 5s
[ -s "$SCRATCH/out" ] || fail "unload printed nothing"
expect 0 "$DORMOUSE" ctl plugins scan
says out echo
expect 0 "$DORMOUSE" ctl reload --dry-run
says out 'would serve generation 2: no file changed'
expect 0 "$DORMOUSE" ctl reload
says out 'serving generation 2: no file changed'
expect 6 "$DORMOUSE" ctl rollback --dry-run
expect 6 "$DORMOUSE" ctl rollback
says err 'no scripts with another text have served before'
expect 1 "$DORMOUSE" ctl load ehco
says err ehco "did you mean 'echo'"
expect 0 "$DORMOUSE" ctl events --after 0 --count 3
same "$(wc -l < "$SCRATCH/out")" 3
expect 0 "$DORMOUSE" ctl components --url "$CONTROL"
expect 7 "$DORMOUSE" ctl load echo --url "$CONTROL"
says err token
expect 0 env DORMOUSE_TOKEN="$(cat "$SCRATCH/state/token")" "$DORMOUSE" ctl load echo --url "$CONTROL"
expect 7 env DORMOUSE_TOKEN=wrong "$DORMOUSE" ctl load echo --url "$CONTROL"
expect 2 "$DORMOUSE" ctl lod echo
says err "unknown command 'lod' (did you mean 'load'" 'ctl has status, reload'
expect 2 "$DORMOUSE" ctl unload echo --wait abc
says err '--wait: it is not a duration'
expect 0 "$DORMOUSE" ctl components echo
says out 'bytes' 'mapped ' 'queued '
says_not out '{'
stop_host
same "$HOST_EXIT" 0
expect 5 "$DORMOUSE" ctl status --url "$CONTROL"
says err 'cannot be reached'
