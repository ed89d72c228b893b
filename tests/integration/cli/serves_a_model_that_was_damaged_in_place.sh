#!/usr/bin/env bash
# A model that is cut short or written over while it is mapped ends no host: each plugin that maps one goes on with its
# private copy. Loaded freshly, the damaged model is the failure of its component alone, and is called by its own name.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
config m.yaml << YAML
plugins: {path: "$PLUGINS"}
components:
  nlu.language: {plugin: nlu-language}
  nlu.intent: {plugin: nlu-intent}
  nlu.entities: {plugin: nlu-entities}
  embed.lsa: {plugin: embed-lsa}
  echo: {plugin: echo}
scripts: {pipelines: ["$SCRATCH/p", "$SOURCE/examples/c/echo/echo.lua"]}
YAML
export DORMOUSE_CONFIG="$SCRATCH/m.yaml"
mkdir "$SCRATCH/p" "$SCRATCH/intents" "$SCRATCH/language"
pipeline() {
  cat > "$SCRATCH/p/$1.lua" << LUA
local dm = require "dormouse"
return dm.pipeline("$1", {input = {text = "string"},
  dm.stage("s", {component = "$2", input = {$3}}), output = {r = dm.ref.s}})
LUA
}
pipeline language nlu.language 'text = dm.ref.request.text'
pipeline intent nlu.intent 'text = dm.ref.request.text'
pipeline entities nlu.entities 'text = dm.ref.request.text'
pipeline embed embed.lsa 'text = dm.ref.request.text'

# Small models of each, quickly.
{
  printf 'text\tintent\n'
  for place in Paris Rome Cairo Bonn; do printf 'will it rain in %s\tweather\nis it sunny in %s\tweather\n' $place $place; done
  for hour in six seven eight nine; do printf 'wake me up at %s\talarm\nset an alarm at %s\talarm\n' $hour $hour; done
} > "$SCRATCH/intents/rows.tsv"
for verb in fly go travel; do
  for city in bonn cairo rome oslo lima; do printf '# intent = travel\n%s\tO\nto\tO\n%s\tB-city\nnow\tO\nplease\tO\n\n' $verb $city; done
done > "$SCRATCH/rows.bio"
{
  printf 'id\ttext\n'
  for i in $(seq 60); do printf '%s\tthe river %s runs past the town number %s and its old mill\n' "$i" "$((i % 7))" "$((i % 11))"; done
} > "$SCRATCH/passages.tsv"
printf 'lang\ttext\n' > "$SCRATCH/language/rows.tsv"
for i in $(seq 200); do
  printf 'eng\tthe quick brown fox number %s jumps over the lazy dog\n' "$i"
  printf 'fra\tle renard brun rapide saute par-dessus le chien paresseux %s\n' "$i"
done >> "$SCRATCH/language/rows.tsv"
expect 0 "$DORMOUSE" train nlu.intent --data "$SCRATCH/intents"
expect 0 "$DORMOUSE" train nlu.entities --data "$SCRATCH/rows.bio"
expect 0 "$DORMOUSE" train embed.lsa --data "$SCRATCH/passages.tsv" --set dimension=8
expect 0 "$DORMOUSE" train nlu.language --data "$SCRATCH/language"

start_host "$SCRATCH/m.yaml"
model_of() { printf '%s/state/models/%s/%s' "$SCRATCH" "$1" "$(readlink "$SCRATCH/state/models/$1/current")"; }
answer() { ask -o "$SCRATCH/out" -w '%{http_code}' "$DATA/v1/pipelines/$1" -d "{\"text\":\"$2\"}"; }

while read -r name component; do
  same "$(answer "$name" "will it rain in bonn")" 200
  cp "$SCRATCH/out" "$SCRATCH/$name.before"
  model="$(model_of "$component")"
  copies=("$SCRATCH/state/libs/models"/*/"$component")
  same "${#copies[@]}" 1
  same "$(stat -c %a "${copies[0]}")" 400
  cmp "$model" "${copies[0]}"
  cp "$model" "$SCRATCH/$name.model"
  chmod u+w "$model"
  # Written over with ones, then cut to a page.
  head -c "$(stat -c %s "$model")" /dev/zero | tr '\0' '\377' | dd of="$model" conv=notrunc status=none
  same "$(answer "$name" "will it rain in bonn")" 200
  cmp "$SCRATCH/out" "$SCRATCH/$name.before"
  truncate -s 100 "$model"
  same "$(answer "$name" "une autre phrase que personne n'a vue")" 200
done << 'PLUGINS'
language nlu.language
intent nlu.intent
entities nlu.entities
embed embed.lsa
PLUGINS

# Loaded again, each says what is wrong with which file, and the others serve.
while read -r name component; do
  expect 0 "$DORMOUSE" ctl unload "$component" --wait 10s
  same "$(answer "$name" "will it rain in bonn")" 503
  "$DORMOUSE" ctl components "$component" --json > "$SCRATCH/out"
  says out "$(model_of "$component")" "train it again"
  says_not out "libs/models"
  same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
  # Mended, it serves again; the second copy of the same content is the first one.
  cat "$SCRATCH/$name.model" > "$(model_of "$component")"
  expect 0 "$DORMOUSE" ctl load "$component" --wait 20s
  same "$(answer "$name" "will it rain in bonn")" 200
  cmp "$SCRATCH/out" "$SCRATCH/$name.before"
done << 'PLUGINS'
language nlu.language
intent nlu.intent
entities nlu.entities
embed embed.lsa
PLUGINS
# The mended content, and the damaged one before it: no more are kept of one name.
for component in nlu.language nlu.intent nlu.entities embed.lsa; do
  copies=("$SCRATCH/state/libs/models"/*/"$component")
  [ "${#copies[@]}" -le 2 ] || fail "${#copies[@]} copies of the model of $component are kept"
done
stop_host
same "$HOST_EXIT" 0
