#!/usr/bin/env bash
# Scripts and configuration that were changed, broken or rolled back are shown for as long as they are not what serves.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
mkdir "$SCRATCH/pipelines"
cp "$SOURCE/examples/c/echo/echo.lua" "$SCRATCH/pipelines"
sed -i "s|pipelines: .*|pipelines: \"$SCRATCH/pipelines\"}|" "$SCRATCH/echo.yaml"
start_host "$SCRATCH/echo.yaml"

# until_differs KIND TEXT: waits until that kind differs for a reason with TEXT in it; no TEXT: until it does not.
until_differs() {
  local _ reason
  for _ in $(seq 300); do
    reason="$(ask "$CONTROL/v1/status" | jq -r --arg kind "$1" '.files_differ[] | select(.kind == $kind) | .reason')"
    if [ -n "$2" ] && [[ "$reason" == *"$2"* ]]; then return; fi
    if [ -z "$2$reason" ]; then return; fi
    sleep 0.1
  done
  fail "$1: '$reason' instead of '$2' after 30 s"
}

same "$(ask "$CONTROL/v1/status" | jq -c .files_differ)" '[]'
cp "$SCRATCH/pipelines/echo.lua" "$SCRATCH/good.lua"
echo '-- another one' >> "$SCRATCH/pipelines/echo.lua"
until_differs scripts 'pipelines/echo.lua changed'
same "$(ask "$CONTROL/v1/status" | jq -r '.files_differ[0].since' | cut -c1-2)" 20
expect 0 "$DORMOUSE" ctl reload
says out "serving generation 2: $SCRATCH/pipelines/echo.lua changed"
until_differs scripts ''
echo 'return nothing(' > "$SCRATCH/pipelines/new.lua"
expect 3 "$DORMOUSE" ctl reload
until_differs scripts 'new.lua is new (the last reload was refused with 1 error)'
rm "$SCRATCH/pipelines/new.lua"
until_differs scripts ''

expect 0 "$DORMOUSE" ctl rollback --dry-run
says out 'would serve generation 3, the scripts of generation 1' 'the files on disk would differ'
expect 0 "$DORMOUSE" ctl rollback
says out 'serving generation 3, the scripts of generation 1' 'the files on disk differ from what serves'
until_differs scripts 'echo.lua changed (rolled back from generation 2)'
cp "$SCRATCH/good.lua" "$SCRATCH/pipelines/echo.lua"
until_differs scripts ''

echo 'hots: {}' >> "$SCRATCH/echo.yaml"
until_differs config 'a start would refuse it with 1 error'
ask "$CONTROL/v1/events?format=json&after=0" > "$SCRATCH/out"
says out 'scripts.differ' 'config.differ' 'scripts.rolled_back'
stop_host
same "$HOST_EXIT" 0
