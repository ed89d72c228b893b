#!/usr/bin/env bash
# docs/operating.md, /openapi.json and `dormouse ctl --help` have the same commands, routes, parameters, flags and roles.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
ask "$CONTROL/openapi.json" > "$SCRATCH/openapi.json"

# The rows as "WORDS|METHOD PATH?PARAMETERS|ROLE".
awk -F' [|] ' '/^\| ctl \| route/ { inside = 1; next } inside && !/^\|/ { exit } inside && !/^\|-/ { print }' \
  "$SOURCE/docs/operating.md" | sed -E 's/^\| //; s/ \| /|/g; s/`//g' | cut -d'|' -f1-3 > "$SCRATCH/rows"
[ "$(wc -l < "$SCRATCH/rows")" -ge 30 ] || fail "only $(wc -l < "$SCRATCH/rows") rows were found in docs/operating.md"

# A token is asked for by every route that is not open. What runs a pipeline is of the data listener.
sed -E 's/^[^|]*\|([^|]*)\|(.*)/\1 \2/; s/ open$/ -/; s/ (read|operate|admin)$/ token/' "$SCRATCH/rows" |
  LC_ALL=C sort > "$SCRATCH/documented"
jq -r '.paths | to_entries[] | .key as $path | .value | to_entries[] | select(.value | type == "object") |
    select(.key != "head" and .key != "options") | select(.key != "post" or $path != "/v1/pipelines/{name}") |
    [.value.parameters[] | select(.in == "query") | .name + "="] as $query |
    (.key | ascii_upcase) + " " + $path + (if ($query | length) > 0 then "?" + ($query | join("&")) else "" end) +
    (if .value.security then " token" else " -" end)' "$SCRATCH/openapi.json" | LC_ALL=C sort > "$SCRATCH/served"
diff "$SCRATCH/documented" "$SCRATCH/served" > "$SCRATCH/out" || fail "docs/operating.md says '<', /openapi.json says '>'"

# OPTIONS of each path names the methods that are described for it (and those of a name in that place).
jq -r '.paths | to_entries[] | select(.value.description == null) | .key as $path |
    [.value | to_entries[] | select(.value | type == "object") | .key | ascii_upcase] | sort | $path + " " + join(" ")' \
  "$SCRATCH/openapi.json" > "$SCRATCH/methods"
[ "$(wc -l < "$SCRATCH/methods")" -ge 25 ] || fail "only $(wc -l < "$SCRATCH/methods") paths are described"
while read -r path methods; do
  [ "$path" != "/v1/pipelines/{name}" ] || methods="GET HEAD OPTIONS"  # its POST is of the data listener
  path="${path/\{*\}/any}"
  allowed="$(ask -X OPTIONS -o /dev/null -D - "$CONTROL$path" | sed -n 's/^Allow: \([^\r]*\)\r*$/\1/p')"
  for method in $methods; do
    [[ ", $allowed," == *", $method,"* ]] || fail "$path is described with $method and allows '$allowed'"
  done
done < "$SCRATCH/methods"

# Each row is a command, with its flags.
while IFS='|' read -r words _ _; do
  [ "$words" != '(none)' ] || continue
  command="$(sed -E 's/ NAME//; s/ \[[^]]*\]//g' <<< "$words")"
  # shellcheck disable=SC2086  # words
  expect 0 "$DORMOUSE" $command --help
  says out Usage
  for flag in $(grep -oE -- '--[a-z-]+' <<< "$words" || true); do says out "$flag"; done
done < "$SCRATCH/rows"

for noun in component plugin pipeline cache crash event operation; do expect 0 "$DORMOUSE" ctl "$noun" --help; done

# And each command is in a row: verbs of components also without their noun.
subcommands() {
  # shellcheck disable=SC2086
  "$DORMOUSE" $1 --help | awk '/^Subcommands:/ { inside = 1; next } inside && /^  [a-z]/ { sub(",.*", "", $1); print $1 }'
}
for word in $(subcommands ctl); do
  grep -qE "^ctl (components )?$word( |\|)" "$SCRATCH/rows" || fail "'ctl $word' is not in docs/operating.md"
  for verb in $(subcommands "ctl $word"); do
    [ "$verb" = show ] || grep -qE "^ctl $word $verb( |\|)" "$SCRATCH/rows" || fail "'ctl $word $verb' is not in docs/operating.md"
  done
done

# Every verb that changes something can be tried.
for command in 'ctl reload' 'ctl rollback' 'ctl load' 'ctl plugins scan' 'ctl caches purge'; do
  # shellcheck disable=SC2086
  expect 0 "$DORMOUSE" $command --help
  says out --dry-run --wait --reason
done
stop_host
