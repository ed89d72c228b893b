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
expect 3 "$DORMOUSE" run --config "$SCRATCH/nowhere.yaml"
says err "$SCRATCH/nowhere.yaml"
[ ! -e "$SCRATCH/state" ] || fail "a state folder was made"
