#!/usr/bin/env bash
# A dry run of any verb ends as the verb itself would, says it with "would", and changes nothing: no state, no generation,
# no event, no file.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir "$SCRATCH/pipelines"
cp "$SOURCE/examples/c/echo/echo.lua" "$SCRATCH/pipelines"
config host.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SCRATCH/pipelines"}
YAML
start_host "$SCRATCH/host.yaml"

# All that a verb could have changed.
everything() {
  ask "$CONTROL/v1/status" | jq -c '[.generation, .components, .last_event, .attention]'
  ask "$CONTROL/v1/components" | jq -c '[.components[] | [.name, .state, .generation, .pinned]]'
  (cd "$SCRATCH/state" && find . -printf '%p %s %T@\n' | sort)
}

# try CODE COMMAND...: the dry run, then the command.
try() {
  local code="$1" before after
  shift
  before="$(everything)"
  expect "$code" "$DORMOUSE" ctl "$@" --dry-run --reason 'only a question'
  after="$(everything)"
  same "$after" "$before"
  if [ "$code" = 0 ]; then
    expect 0 "$DORMOUSE" ctl "$@" --dry-run -o json
    same "$(jq -c '[.dry_run, .changed]' "$SCRATCH/out")" '[true,false]'
    case "$(jq -r .explanation "$SCRATCH/out")" in would\ * | is\ *) ;; *) fail "ctl $*: $(jq -r .explanation "$SCRATCH/out")" ;; esac
  fi
  expect "$code" "$DORMOUSE" ctl "$@"
}

# The first scan reads the folders, which a list does too.
expect 0 "$DORMOUSE" ctl plugins
try 0 load echo
try 0 load echo
try 0 trim echo
try 0 pin echo
try 6 unload echo
try 0 unpin echo
try 0 reload echo
try 0 park echo
try 0 unload echo
try 0 components load echo
try 0 plugins scan
try 6 rollback
printf -- '-- another text\n' >> "$SCRATCH/pipelines/echo.lua"
try 0 reload
try 0 rollback
printf 'return nothing.at.all(' > "$SCRATCH/pipelines/echo.lua"
try 3 reload
try 1 load ehco
try 1 caches purge answers
try 1 operations cancel op-1
stop_host
