#!/usr/bin/env bash
# Every command of README.md is run, in order, in a tree of its own, and prints what the README shows: numbers, times and
# paths may differ, words may not. "./dev run" is the host under test; "(two minutes later)" waits for the idle policy.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BUILD:?}"
[ "${DORMOUSE_PLUGINS__UNMAP:-true}" = true ] || skip "under a sanitizer nothing is unmapped"

unset DORMOUSE_HOST__STATE_DIR
export XDG_STATE_HOME="$BUILD/demo-state"
export DORMOUSE_SCRIPTS__POLICIES
tree="$SCRATCH/tree"
mkdir "$tree"
for entry in plugin-api configs scripts examples plugins; do ln -s "$SOURCE/$entry" "$tree/$entry"; done
ln -s "$BUILD" "$tree/build"
cd "$tree" || exit

# What may differ: numbers with their units, paths, dates; the width of columns that follows from them; and what came in the
# last minute, which on a slow machine may be nothing.
normal() {
  sed -E -e '/^requests /s/in flight.*/in flight/' -e 's/^times .*/times/' -e 's#(http://)?(localhost|127\.0\.0\.1):[0-9]+#HOST#g' -e 's#(~|/)[^ )]*/#PATH/#g' \
    -e 's/model [0-9a-f]{12}/model M/' -e 's/about ([0-9])/\1/g' -e 's/[0-9]{4}-[0-9-]+T[0-9:.]+Z/TIME/' \
    -e 's/-?[0-9]+(\.[0-9]+)*( ?([KMG]i)?B|ms|s|m)?\b/N/g' -e 's/ +/ /g' -e 's/ $//'
}

run_command() {
  local command="$1"
  if [ "$command" = './dev run' ]; then
    examples/data/train_assistant.sh "$DORMOUSE"
    examples/data/train_assistant.sh "$DORMOUSE" > "$SCRATCH/printed"
    DORMOUSE_SCRIPTS__POLICIES="$SOURCE/tests/integration/cli/demo_policy.lua" start_host configs/assistant.yaml
    cat "$SCRATCH/host.out" >> "$SCRATCH/printed"
  else
    ( unset DORMOUSE_SCRIPTS__POLICIES; eval "${command//localhost:8080/${DATA#http://}}" ) > "$SCRATCH/printed" 2>&1 ||
      { cat "$SCRATCH/printed" >&2; fail "exit $?: $command"; }
  fi
}


check_command() {
  [ -n "$command" ] || return 0
  run_command "$command"
  diff <(normal < "$SCRATCH/shown") <(normal < "$SCRATCH/printed") > "$SCRATCH/difference" ||
    { cat "$SCRATCH/difference" >&2; fail "README.md shows '<', '$command' prints '>'"; }
  count=$((count + 1))
}

count=0 inside=no command=''
while IFS= read -r line <&3; do
  case "$inside:$line" in
    'no:```console') inside=yes ;;
    yes:'```')
      check_command
      inside=no command=''
      ;;
    yes:'$ '*)
      check_command
      command="${line#\$ }"
      : > "$SCRATCH/shown"
      ;;
    yes:'('*')')
      check_command
      command=''
      for component in nlu.entities nlu.intent nlu.language; do until_state "$component" unloaded; done
      until_state cache.memory trimmed
      ;;
    yes:*) printf '%s\n' "$line" >> "$SCRATCH/shown" ;;
  esac
done 3< "$SOURCE/README.md"
[ "$count" -ge 10 ] || fail "only $count commands were found in README.md"
stop_host
same "$HOST_EXIT" 0

# The pipeline in the README is the one that is run.
sed -n '/^```lua$/,/^```$/{/^```/d;p}' "$SOURCE/README.md" > "$SCRATCH/readme.lua"
diff "$SCRATCH/readme.lua" <(sed 1d "$SOURCE/examples/c/echo/echo.lua") || fail "README.md shows another echo.lua"
