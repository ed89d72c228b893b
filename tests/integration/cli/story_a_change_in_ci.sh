#!/usr/bin/env bash
# A story of operators: CI looks at a change before it is deployed, by exit codes and documents alone.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
config bad.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo, settings: {no_such: 1}}}
YAML
# All faults at once: 3 when there are any, and one document in any case.
expect 0 "$DORMOUSE" check --config "$SCRATCH/echo.yaml" --output json
same "$(jq -r .ok "$SCRATCH/out")" true
expect 3 "$DORMOUSE" check --config "$SCRATCH/bad.yaml" --output json
same "$(jq -r '[.ok, .findings[0].severity] | join(" ")' "$SCRATCH/out")" 'false error'
same "$(jq -s length "$SCRATCH/out")" 1
expect 0 "$DORMOUSE" plugin list --config "$SCRATCH/echo.yaml" --output name
says out echo
expect 0 "$DORMOUSE" plugin list --config "$SCRATCH/echo.yaml" --output json
same "$(jq -r 'map(.id) | index("echo") != null' "$SCRATCH/out")" true
for plugin in echo cache-memory; do expect 0 "$DORMOUSE" plugin inspect "$PLUGINS/$plugin.so" --output json; done
expect 2 "$DORMOUSE" plugin inspect "$PLUGINS/echo.so" --output xml

# What a start would refuse: 3 or 4.
expect 0 "$DORMOUSE" run --config "$SCRATCH/echo.yaml" --dry-run
config refused.yaml << YAML
host: {thread: 1}
YAML
expect 3 "$DORMOUSE" run --config "$SCRATCH/refused.yaml" --dry-run
start_host "$SCRATCH/echo.yaml"
expect 4 "$DORMOUSE" run --config "$SCRATCH/echo.yaml" --dry-run
expect 0 "$DORMOUSE" ctl status --ready --wait 30s

# Would this set be taken, by a host that is elsewhere: its address, and its token from the environment.
expect 7 env -u DORMOUSE_TOKEN "$DORMOUSE" ctl reload --dry-run --url "$CONTROL"
expect 0 env DORMOUSE_TOKEN="$(cat "$SCRATCH/state/token")" "$DORMOUSE" ctl reload --dry-run --url "$CONTROL" -o json
same "$(jq -r '[.verb, .object, .changed, .dry_run] | join(" ")' "$SCRATCH/out")" 'reload scripts false true'
stop_host
expect 5 env DORMOUSE_TOKEN=any "$DORMOUSE" ctl reload --dry-run --url "$CONTROL"
