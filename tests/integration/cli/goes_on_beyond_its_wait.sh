#!/usr/bin/env bash
# A verb that has not ended within its wait goes on as an operation: its end can be waited for and followed, and a load
# can be taken back.
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
same "$(ask "$CONTROL/v1/operations/$id" | jq -r .progress.at)" loading
expect 0 "$DORMOUSE" ctl operations "$id" --wait 60s -o json
same "$(jq -r '[.verb, .object, .state, .result.explanation] | join(" ")' "$SCRATCH/out")" 'load slow done loaded'
same "$(state_of slow)" ready
expect 0 "$DORMOUSE" ctl operations
says out "$id" 'done' loaded
expect 1 "$DORMOUSE" ctl operations op-9999

# What closed cannot be opened again: such work is not taken back, and a dry run says the same.
expect 8 "$DORMOUSE" ctl reload slow --wait 50ms
id="$("$DORMOUSE" ctl operations -o name | head -n 1)"
expect 6 "$DORMOUSE" ctl operations cancel "$id" --dry-run
expect 6 "$DORMOUSE" ctl operations cancel "$id"
says err 'has begun its work and cannot be taken back'
expect 0 "$DORMOUSE" ctl operations "$id" --wait 60s

# A load is taken back, unless a request waits for it as well.
expect 0 "$DORMOUSE" ctl unload slow
expect 8 "$DORMOUSE" ctl load slow --wait 50ms
id="$("$DORMOUSE" ctl operations -o name | head -n 1)"
expect 0 "$DORMOUSE" ctl operations cancel "$id" --dry-run
says out 'would give it up'
same "$(ask "$CONTROL/v1/operations/$id" | jq -r .state)" running
expect 0 "$DORMOUSE" ctl operations cancel "$id" --reason 'the wrong one'
says out "$id: given up"
expect 0 "$DORMOUSE" ctl operations "$id" --wait 60s -o json
same "$(jq -r '[.state, .problem.code] | join(" ")' "$SCRATCH/out")" 'cancelled cancelled'
until_state slow unloaded
expect 0 "$DORMOUSE" ctl status
says out 'attention    -'
expect 0 "$DORMOUSE" ctl operations cancel "$id"
says out 'has ended already'

# Three so far, in pages.
expect 0 "$DORMOUSE" ctl operations --limit 2 -o name
same "$(wc -l < "$SCRATCH/out")" 2
says err "there are more: --after $(tail -n 1 "$SCRATCH/out")"
expect 0 "$DORMOUSE" ctl operations --limit 2 --after "$(tail -n 1 "$SCRATCH/out")" -o name
same "$(wc -l < "$SCRATCH/out")" 1
[ ! -s "$SCRATCH/err" ] || fail 'the last page has none behind it'
expect 1 "$DORMOUSE" ctl operations --after op-9999
expect 1 "$DORMOUSE" ctl operations --limit 0

# The same over HTTP.
token="Authorization: Bearer $(cat "$SCRATCH/state/token")"
ask -D "$SCRATCH/headers" -X POST -H "$token" "$CONTROL/v1/components/slow/load?wait=50ms" > "$SCRATCH/out"
grep -q '^HTTP/1.1 202' "$SCRATCH/headers" || fail "no 202: $(cat "$SCRATCH/headers")"
location="$(sed -n 's/^Location: \([^\r]*\)\r*$/\1/p' "$SCRATCH/headers")"
same "$(ask "$CONTROL$location" | jq -r .state)" running
same "$(ask "$CONTROL$location?wait=20s" | jq -r .state)" 'done'

# Followed as server-sent events: what it is at, then what it came to, and the end of the stream.
# events_of NAME: the events of a stream, one a line.
events_of() {
  awk '/^event: / { event = $2 } /^data: / { print event, substr($0, 7) }' "$SCRATCH/$1"
}
expect 0 "$DORMOUSE" ctl unload slow
expect 8 "$DORMOUSE" ctl load slow --wait 50ms
id="$("$DORMOUSE" ctl operations -o name | head -n 1)"
ask -N --max-time 60 -D "$SCRATCH/headers" -H 'Accept: text/event-stream' "$CONTROL/v1/operations/$id" > "$SCRATCH/stream"
grep -q '^Content-Type: text/event-stream' "$SCRATCH/headers" || fail "no stream: $(cat "$SCRATCH/headers")"
same "$(events_of stream | cut -d' ' -f1 | xargs)" 'progress result'
same "$(events_of stream | sed -n '1s/^progress //p' | jq -r '[.id, .state, .progress.at] | join(" ")')" "$id running loading"
same "$(events_of stream | sed -n '2s/^result //p' | jq -r '[.id, .state, .result.explanation] | join(" ")')" "$id done loaded"
# One that has ended says so at once.
ask -N -H 'Accept: text/event-stream' "$CONTROL/v1/operations/$id" > "$SCRATCH/stream"
same "$(events_of stream | tail -n 1 | cut -d' ' -f1)" result
# One that is given up, or fails, ends with an error.
expect 0 "$DORMOUSE" ctl unload slow
expect 8 "$DORMOUSE" ctl load slow --wait 50ms
id="$("$DORMOUSE" ctl operations -o name | head -n 1)"
ask -N --max-time 60 -H 'Accept: text/event-stream' "$CONTROL/v1/operations/$id" > "$SCRATCH/stream" &
reader=$!
expect 0 "$DORMOUSE" ctl operations cancel "$id"
wait "$reader" || fail 'the stream does not end with its operation'
same "$(events_of stream | tail -n 1 | sed 's/^error //' | jq -r '[.state, .problem.code] | join(" ")')" 'cancelled cancelled'
same "$(ask -o /dev/null -w '%{http_code}' -H 'Accept: text/event-stream' "$CONTROL/v1/operations/op-9999")" 404
says host.err 'info audit slow verb=load ' 'outcome=goes_on reason="warm for the morning"' "info audit $id verb=cancel "
stop_host
