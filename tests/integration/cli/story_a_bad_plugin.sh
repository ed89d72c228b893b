#!/usr/bin/env bash
# A story of operators: a plugin is bad. Its file is replaced, the new one is seen before it is loaded and refused while the
# old one serves; the mended one is taken without a failed request; and the way back is the old file.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BAD_PLUGINS:?}"
mkdir -m 0755 "$SCRATCH/plugins"
put() {
  install -m 644 "$1" "$SCRATCH/plugins/words.so.new"
  mv "$SCRATCH/plugins/words.so.new" "$SCRATCH/plugins/words.so"
}
hash_of() {
  sha256sum "$1" | cut -c1-12
}
# The same plugin as a file with another content: what follows the last section is not read.
good="$BAD_PLUGINS/well-behaved.so" mended="$SCRATCH/mended"
cp "$good" "$mended"
echo 'the next build' >> "$mended"
cat > "$SCRATCH/words.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("words", {
  input = { text = "string" },
  dm.stage("words", { component = "words", input = { text = dm.ref.request.text } }),
  output = { text = dm.ref.words.text },
})
LUA
config host.yaml << YAML
plugins: {path: "$SCRATCH/plugins"}
components: {words: {plugin: well-behaved}}
scripts: {pipelines: "$SCRATCH/words.lua"}
YAML
put "$good"
start_host "$SCRATCH/host.yaml"
serves() {
  same "$(ask "$DATA/v1/pipelines/words" -d '{"text":"a"}')" '{"text":"a"}'
}
serves
expect 0 "$DORMOUSE" ctl plugins
says out 'PLUGIN' 'SHA256' "$(hash_of "$good")" 'words' "$SCRATCH/plugins/words.so"
same "$("$DORMOUSE" ctl plugins -o name)" well-behaved

# In a hurry: half a file. What inspects it refuses it, a scan lists it as unusable, and the dry run of a reload says what
# the reload says; the one that is loaded goes on.
head -c 4000 "$good" > "$SCRATCH/half"
put "$SCRATCH/half"
expect 1 "$DORMOUSE" plugin inspect "$SCRATCH/plugins/words.so"
expect 0 "$DORMOUSE" ctl plugins scan --dry-run
says out unusable
expect 0 "$DORMOUSE" ctl plugins scan
says out unusable 'is truncated'
expect 0 "$DORMOUSE" ctl plugins scan
expect 0 "$DORMOUSE" ctl events --after 0 -n 1 --kind plugin.refused -o json
same "$(jq -r '[.object, .cause, .actor, .fields.file] | join(" ")' "$SCRATCH/out")" \
  "words asked to scan local $SCRATCH/plugins/words.so"
says out 'is truncated' '"remedy":"'
expect 1 "$DORMOUSE" ctl reload words --dry-run
says err 'is truncated'
expect 1 "$DORMOUSE" ctl reload words --wait 30s
says err "dormouse: component 'words': " 'is truncated'
says err 'what served before goes on'
same "$(state_of words)" ready
serves
# The status says so until a reload succeeds.
expect 0 "$DORMOUSE" ctl status
says out '  replacement words ' 'is truncated' 'dormouse ctl reload words'
expect 0 "$DORMOUSE" ctl components words
says out 'failed_replacement' 'held back for'

# The mended one: taken while requests come, and none of them fails.
put "$mended"
expect 0 "$DORMOUSE" ctl reload words
says out 'replaced: incarnation'
serves
expect 0 "$DORMOUSE" ctl plugins scan
says out "$(hash_of "$mended")"
put "$good"
expect 0 "$DORMOUSE" ctl plugins scan
says out "$(hash_of "$good")" '(an older file)'
for _ in $(seq 40); do
  ask -o /dev/null -w '%{http_code}\n' "$DATA/v1/pipelines/words" -d '{"text":"a"}' >> "$SCRATCH/answers"
done &
requests=$!
expect 0 "$DORMOUSE" ctl reload words --wait 30s --reason 'ticket 5512: the way back'
wait "$requests" || fail 'a request was not answered'
same "$(sort -u "$SCRATCH/answers")" 200
expect 0 "$DORMOUSE" ctl plugins
says out "$(hash_of "$good")"
says_not out 'an older file'
expect 0 "$DORMOUSE" ctl status
says out 'attention    -'
ask "$CONTROL/v1/events?format=json&object=words" > "$SCRATCH/out"
jq -e '[.events[] | select(.fields.reason == "ticket 5512: the way back" and .actor == "local")] | length > 0' "$SCRATCH/out" \
  > /dev/null || fail 'no event has the reason'

# And over HTTP: a refusal says what to do.
put "$SCRATCH/half"
token="$(cat "$SCRATCH/state/token")"
same "$(ask -o "$SCRATCH/out" -w '%{http_code}' -X POST -H "Authorization: Bearer $token" "$CONTROL/v1/components/words/reload?dry_run=1")" 503
same "$(jq -r '.code + " " + .object' "$SCRATCH/out")" "load_failed component 'words'"
stop_host
