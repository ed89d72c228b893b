#!/usr/bin/env bash
# A verb that cannot be taken back and has not ended within its wait goes on as an operation, whose end is told.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BUILD:?}"
mkdir -m 0755 "$SCRATCH/plugins"
install -m 644 "$BUILD/bad-plugins/slow-open.so" "$SCRATCH/plugins"
config slow.yaml << YAML
plugins: {path: "$SCRATCH/plugins"}
components: {slow: {plugin: slow-open, settings: {ms: 2000}}}
YAML
start_host "$SCRATCH/slow.yaml"

expect 0 "$DORMOUSE" ctl operations
says err 'there are no operations'
expect 8 "$DORMOUSE" ctl load slow --wait 50ms --reason 'warm for the morning'
says err 'dormouse: slow: load has not ended and goes on as operation op-' 'dormouse ctl operations op-'
[ ! -s "$SCRATCH/out" ] || fail 'what goes on is no result'
id="$("$DORMOUSE" ctl operations -o name | head -n 1)"
expect 6 "$DORMOUSE" ctl operations cancel "$id" --dry-run
expect 6 "$DORMOUSE" ctl operations cancel "$id"
says err 'has begun its work and cannot be taken back'
expect 0 "$DORMOUSE" ctl operations "$id" --wait 60s -o json
same "$(jq -r '[.verb, .object, .state, .result.explanation] | join(" ")' "$SCRATCH/out")" 'load slow done loaded'
same "$(state_of slow)" ready
expect 0 "$DORMOUSE" ctl operations
says out "$id" 'done' loaded
expect 1 "$DORMOUSE" ctl operations op-9999

# The same over HTTP.
expect 0 "$DORMOUSE" ctl unload slow
token="Authorization: Bearer $(cat "$SCRATCH/state/token")"
ask -D "$SCRATCH/headers" -X POST -H "$token" "$CONTROL/v1/components/slow/load?wait=50ms" > "$SCRATCH/out"
grep -q '^HTTP/1.1 202' "$SCRATCH/headers" || fail "no 202: $(cat "$SCRATCH/headers")"
location="$(sed -n 's/^Location: \([^\r]*\)\r*$/\1/p' "$SCRATCH/headers")"
same "$(ask "$CONTROL$location" | jq -r .state)" running
same "$(ask "$CONTROL$location?wait=20s" | jq -r .state)" 'done'
stop_host
