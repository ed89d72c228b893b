#!/usr/bin/env bash
# `ctl status --ready` is exit 0 or 6, and with --wait it waits for a host that is about to start.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
expect 5 "$DORMOUSE" ctl status --ready --config "$SCRATCH/echo.yaml" --url 127.0.0.1:9
"$DORMOUSE" ctl status --ready --wait 60s --state-dir "$SCRATCH/state" > "$SCRATCH/waited" 2> "$SCRATCH/err" &
waiting=$!
start_host "$SCRATCH/echo.yaml"
wait "$waiting" || fail "exit $? of the command that waits"
grep -q '^host: ready' "$SCRATCH/waited" || fail "it says '$(cat "$SCRATCH/waited")'"
expect 0 "$DORMOUSE" ctl status --ready
says out 'host: ready'
expect 0 "$DORMOUSE" ctl status --ready -o json
same "$(jq .ready "$SCRATCH/out")" true
stop_host

# A preload that cannot be there.
config gone.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {gone: {plugin: no-such-plugin, preload: true}}
YAML
start_host "$SCRATCH/gone.yaml"
expect 6 "$DORMOUSE" ctl status --ready
says err 'dormouse: host: not ready: ' gone
expect 6 "$DORMOUSE" ctl status --ready --wait 300ms -o json
same "$(jq .ready "$SCRATCH/out")" false
# The event says why.
ask "$CONTROL/v1/events?format=json&after=0&kind=host.not_ready" > "$SCRATCH/events"
same "$(jq -r '.events[0] | .kind + " " + .object' "$SCRATCH/events")" 'host.not_ready host'
jq -er '.events[0].fields.reason | test("gone")' "$SCRATCH/events" > /dev/null || fail "no reason: $(cat "$SCRATCH/events")"
stop_host
