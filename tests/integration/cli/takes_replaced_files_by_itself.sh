#!/usr/bin/env bash
# With plugins.watch a replaced plugin file and another current model are taken without being asked for, under requests
# of which none fails; a bad file changes nothing and is not tried again and again. So are files that are written in
# place, whose mode was mended, that lie in a folder that was swapped, or that come with a whole folder.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BAD_PLUGINS:?}" "${TRAINABLE:?}"
mkdir -m 0755 "$SCRATCH/plugins"
put() {
  install -m 644 "$1" "$SCRATCH/plugins/$2.new"
  mv "$SCRATCH/plugins/$2.new" "$SCRATCH/plugins/$2"
}
hash_of() {
  sha256sum "$1" | cut -d' ' -f1
}
component() {
  "$DORMOUSE" ctl components "$1" -o json
}
# Waits until the component's JSON fulfils a jq condition.
becomes() {
  for _ in $(seq 300); do
    if component "$1" | jq -e "$2" > /dev/null; then return; fi
    sleep 0.1
  done
  component "$1" >&2
  fail "$1 never came to: $2"
}
good="$BAD_PLUGINS/well-behaved.so" next="$SCRATCH/next" half="$SCRATCH/half"
cp "$good" "$next"
echo 'the next build' >> "$next"
head -c 4000 "$good" > "$half"
put "$good" words.so
trainable="$TRAINABLE/trainable.so"
put "$trainable" trainable.so
cat > "$SCRATCH/words.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("words", {
  input = { text = "string" },
  dm.stage("words", { component = "words", input = { text = dm.ref.request.text } }),
  output = { text = dm.ref.words.text },
})
LUA
config host.yaml << YAML
plugins: {path: ["$SCRATCH/plugins", "$SCRATCH/current/plugins", "$SCRATCH/never"], watch: true}
components: {words: {plugin: well-behaved}, counts: {plugin: trainable}}
scripts: {pipelines: "$SCRATCH/words.lua"}
YAML
printf 'a\nb\n' > "$SCRATCH/rows"
expect 0 "$DORMOUSE" train counts --config "$SCRATCH/host.yaml" --data "$SCRATCH/rows"
start_host "$SCRATCH/host.yaml"
expect 0 "$DORMOUSE" ctl load words
expect 0 "$DORMOUSE" ctl load counts
becomes words ".sha256 == \"$(hash_of "$good")\""

while [ ! -e "$SCRATCH/enough" ]; do
  ask -o /dev/null -w '%{http_code}\n' "$DATA/v1/pipelines/words" -d '{"text":"a"}' >> "$SCRATCH/answers"
done &
requests=$!
put "$next" words.so
becomes words ".sha256 == \"$(hash_of "$next")\" and .state == \"ready\" and .incarnation == 2"
same "$(component words | jq -r .cause)" 'plugins.watch found a changed file'
expect 0 "$DORMOUSE" ctl components words
says out 'plugins.watch found a changed file'

# A bad file: remembered with its cause, while what served goes on.
put "$half" words.so
becomes words '(.failed_replacement.error | tostring) | contains("truncated")'
becomes words ".sha256 == \"$(hash_of "$next")\" and .state == \"ready\""
becomes words '.failed_replacement.failures >= 3'  # its back-off has passed twice
put "$good" words.so
becomes words ".sha256 == \"$(hash_of "$good")\" and .failed_replacement == null"
touch "$SCRATCH/enough"
wait "$requests"
same "$(sort -u "$SCRATCH/answers")" 200

# Each file is told once, however often it was tried; the one that was there at the start is not told.
ask "$CONTROL/v1/events?format=json&after=0&kind=plugin.*" > "$SCRATCH/out"
same "$(jq -r '.events[] | .kind + " " + .object + " " + .cause' "$SCRATCH/out")" "\
plugin.found well-behaved plugins.watch
plugin.refused words plugins.watch
plugin.found well-behaved plugins.watch"
same "$(jq -r '.events[].fields.file' "$SCRATCH/out" | sort -u)" "$SCRATCH/plugins/words.so"
jq -e '.events[] | select(.kind == "plugin.refused") | .fields | (.error | contains("truncated")) and (.remedy | length > 0)' \
  "$SCRATCH/out" > "$SCRATCH/told" || fail 'plugin.refused says not why, or not what to do'
ask "$CONTROL/v1/events?format=json&after=0&kind=component.ready&object=words" > "$SCRATCH/out"
same "$(jq -r '.events[1:][].cause' "$SCRATCH/out" | sort -u)" 'plugins.watch found a changed file'

# Another model.
model="$(component counts | jq -r .model_sha256)"
printf 'a\nb\nc\n' > "$SCRATCH/rows"
expect 0 "$DORMOUSE" train counts --config "$SCRATCH/host.yaml" --data "$SCRATCH/rows"
becomes counts ".model_sha256 != \"$model\" and .incarnation == 2 and .state == \"ready\""

# Written in place, with the size and the time of the file before.
sized="$SCRATCH/sized"
cp "$good" "$sized"
echo 'the NEXT build' >> "$sized"
touch -r "$next" "$sized"
install -p -m 644 "$next" "$SCRATCH/plugins/words.so"
becomes words ".sha256 == \"$(hash_of "$next")\" and .state == \"ready\""
cp -p "$sized" "$SCRATCH/plugins/words.so"
becomes words ".sha256 == \"$(hash_of "$sized")\" and .state == \"ready\""

# The remedy for a file that others may write.
install -m 666 "$good" "$SCRATCH/plugins/words.so.new"
mv "$SCRATCH/plugins/words.so.new" "$SCRATCH/plugins/words.so"
becomes words '(.failed_replacement.error | tostring) | contains("is writable by others")'
chmod go-w "$SCRATCH/plugins/words.so"
becomes words ".sha256 == \"$(hash_of "$good")\" and .failed_replacement == null"

# A folder that is swapped by renaming.
mkdir -m 0755 "$SCRATCH/plugins.next"
install -m 644 "$next" "$SCRATCH/plugins.next/words.so"
install -m 644 "$trainable" "$SCRATCH/plugins.next/trainable.so"
mv "$SCRATCH/plugins" "$SCRATCH/plugins.old"
mv "$SCRATCH/plugins.next" "$SCRATCH/plugins"
becomes words ".sha256 == \"$(hash_of "$next")\" and .state == \"ready\""
put "$good" words.so
becomes words ".sha256 == \"$(hash_of "$good")\" and .state == \"ready\""

# Folders that are reached by a link: the first comes while another folder is missing, the second when the link is
# switched.
install -d -m 755 "$SCRATCH"/{1,2} "$SCRATCH"/{1,2}/plugins
install -m 644 "$next" "$SCRATCH/1/plugins/words.so"
install -m 644 "$sized" "$SCRATCH/2/plugins/words.so"
rm "$SCRATCH/plugins/words.so"
ln -s 1 "$SCRATCH/current"
becomes words ".sha256 == \"$(hash_of "$next")\" and .state == \"ready\""
ln -sfn 2 "$SCRATCH/current"
becomes words ".sha256 == \"$(hash_of "$sized")\" and .state == \"ready\""
put "$good" ../2/plugins/words.so
becomes words ".sha256 == \"$(hash_of "$good")\" and .state == \"ready\""
stop_host
same "$HOST_EXIT" 0
