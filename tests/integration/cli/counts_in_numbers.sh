#!/usr/bin/env bash
# What is a number in an event is a number in its JSON, so that programs can add and compare without parsing texts.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
(timeout 60 "$DORMOUSE" ctl events --after 0 -o json > "$SCRATCH/events" 2> /dev/null || true) &
reader=$!
expect 0 "$DORMOUSE" ctl load echo
expect 0 "$DORMOUSE" ctl unload echo
expect 0 "$DORMOUSE" ctl plugins scan
expect 0 "$DORMOUSE" ctl reload
for _ in $(seq 100); do
  ! grep -q '"kind":"scripts.reloaded","object":"generation 2"' "$SCRATCH/events" || break
  sleep 0.1
done
stop_host
wait "$reader" || true
for kind in host.ready host.stopping component.ready component.unloaded plugins.scanned scripts.reloaded; do
  grep -qF "\"kind\":\"$kind\"" "$SCRATCH/events" || fail "no event $kind"
done
# A text of digits alone is a number that somebody wrote as a text; requests are named by texts.
jq -r '.kind as $kind | .fields | to_entries[] | select(.value | type == "string" and test("^[0-9.]+$")) |
  $kind + " " + .key' "$SCRATCH/events" > "$SCRATCH/out"
[ ! -s "$SCRATCH/out" ] || fail 'numbers that are texts'
same "$(jq -r 'select(.kind == "host.stopping") | .fields | [.in_flight, .stop_delay_ms, .stop_grace_ms] | map(type) | unique[]' \
  "$SCRATCH/events")" number
same "$(jq -r 'select(.kind == "host.ready") | .fields.took_ms | type' "$SCRATCH/events")" number
