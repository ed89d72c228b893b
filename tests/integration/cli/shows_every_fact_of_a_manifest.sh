#!/usr/bin/env bash
# `plugin inspect` says what a manifest says: what the plugin needs, its types, methods and settings. Written into a copy of
# echo.so in place of its own manifest.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir -m 755 "$SCRATCH/plugins"
plugin="$SCRATCH/plugins/echo.so"
# with_manifest: standard input as the manifest of the copy, padded to the length of the one that was there.
with_manifest() {
  cp "$PLUGINS/echo.so" "$plugin"
  local offset size text
  read -r offset size < <(readelf -SW "$plugin" | sed -n 's/^.*\.dormouse\.manifest *PROGBITS *[0-9a-f]* *\([0-9a-f]*\) *\([0-9a-f]*\) .*/\1 \2/p')
  text="$(jq -c .)"
  [ "${#text}" -le "$((16#$size))" ] || fail "the manifest has ${#text} bytes, and there is room for $((16#$size))"
  printf "%-$((16#$size))s" "$text" | dd of="$plugin" bs=1 seek="$((16#$offset))" conv=notrunc status=none
}
with_manifest << 'JSON'
{"id": "echo", "version": "1.0.0", "abi": "1.0", "help": "Help of all.",
 "needs": {"network": true, "threads": true, "data": true, "paths": ["/etc/ssl"], "env": ["TZ"]},
 "types": [{"name": "echo", "memory_estimate": "12MiB",
  "methods": [{"name": "echo", "thread": "any", "fast": true, "help": "Help of echo.", "input": {}, "output": {}}],
  "default_method": "echo"}]}
JSON
expect 0 "$DORMOUSE" plugin inspect "$plugin" --json
jq -c '.needs' "$SCRATCH/out" > "$SCRATCH/needs"
same "$(cat "$SCRATCH/needs")" '{"network":true,"threads":true,"data":true,"paths":["/etc/ssl"],"env":["TZ"]}'
same "$(jq -c '[.help, (.types[0] | .memory_estimate, .default_method)]' "$SCRATCH/out")" \
  '["Help of all.",12582912,"echo"]'
same "$(jq -c '.types[0].methods[] | [.name, .help, .thread, .fast, .offline]' "$SCRATCH/out")" \
  '["echo","Help of echo.","any",true,false]'
expect 0 "$DORMOUSE" plugin inspect "$plugin"
says out 'Help of all.' 'needs: the network, own threads, a data folder, path /etc/ssl, variable TZ' 'memory: about 12 MiB'
# Without needs nothing is said of them.
expect 0 "$DORMOUSE" plugin inspect "$PLUGINS/echo.so"
says_not out 'needs:'
# A model, and a method that serves no requests. The table of echo.so has none, and must agree with the manifest.
expect 0 "$DORMOUSE" plugin inspect "$PLUGINS/nlu-language.so" --json
same "$(jq -c '.types[0].methods[] | select(.offline) | [.name, .thread, .fast]' "$SCRATCH/out")" '["train","any",false]'
same "$(jq -c '.types[0].needs_model' "$SCRATCH/out")" true
