#!/usr/bin/env bash
# run and check say the same: every fault with its place, exit 3, and nothing was started.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
config x.yaml << 'YAML'
host:
  theads: 3
  data: {body_bytes_max: lots}
components:
  a: {}
YAML
for command in run check; do
  expect 3 "$DORMOUSE" "$command" --config "$SCRATCH/x.yaml"
  says err "x.yaml:2:3: unknown key 'host.theads' (did you mean 'threads'" "x.yaml:3:26: host.data.body_bytes_max" \
    "x.yaml:5:3: components.a.plugin: is missing"
done
expect 3 "$DORMOUSE" check --config "$SCRATCH/x.yaml" --json
same "$(jq -c '[.ok, (.findings | map(select(.about == "config")) | length)]' "$SCRATCH/out")" '[false,3]'
# What the listener would refuse, and what the plugin's manifest does, at the line of the key.
config y.yaml << YAML
host:
  control: {listen: "0.0.0.0:8081"}
plugins: {path: "$PLUGINS"}
components:
  echo:
    plugin: echo
    settings:
      suffix: 3
  other: {plugin: echo, type: frob}
YAML
for command in run check; do
  expect 3 env -u DORMOUSE_HOST__CONTROL__LISTEN "$DORMOUSE" "$command" --config "$SCRATCH/y.yaml"
  says err "y.yaml:2:21: host.control.listen: it can be reached from other machines"
done
says err "y.yaml:8:15: components.echo.settings: unknown setting 'suffix'" \
  "y.yaml:9:31: component 'other': plugin 'echo' has no type 'frob'; needed one of echo"
expect 3 "$DORMOUSE" run --config "$SCRATCH/nowhere.yaml"
says err "$SCRATCH/nowhere.yaml"
mkdir -p "$SCRATCH/empty-folder"
(
  cd "$SCRATCH/empty-folder" || exit
  expect 3 "$DORMOUSE" check
  says err "dormouse.yaml: cannot open it" "or name a configuration with --config or"
)
[ ! -e "$SCRATCH/state" ] || fail "a state folder was made"
# One wrong mode of a folder is one sentence, not one for each file and component; JSON has them all.
mkdir -p "$SCRATCH/plugins"
install -m 644 "$PLUGINS/echo.so" "$SCRATCH/plugins/echo.so"
install -m 644 "$PLUGINS/echo.so" "$SCRATCH/plugins/other.so"
chmod 777 "$SCRATCH/plugins"
config z.yaml << YAML
plugins: {path: "$SCRATCH/plugins"}
components: {a: {plugin: echo}, b: {plugin: echo}, c: {plugin: echo}}
YAML
expect 3 "$DORMOUSE" check --config "$SCRATCH/z.yaml"
same "$(grep -c 'is writable by others' "$SCRATCH/err")" 1
says err 'z.yaml:2:' 'chmod go-w' '(the same 2 more times)' 'z.yaml: 3 errors'
expect 3 "$DORMOUSE" check --config "$SCRATCH/z.yaml" --json
same "$(jq '[.findings[] | select(.about == "component")] | length' "$SCRATCH/out")" 3
