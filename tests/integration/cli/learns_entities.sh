#!/usr/bin/env bash
# Entities are found without a model; texts with marked spans become one with one command; bad ones change nothing.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
needs_plugins nlu-entities
config e.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {nlu.entities: {plugin: nlu-entities}}
scripts: {pipelines: "$SCRATCH/e.lua"}
YAML
cat > "$SCRATCH/e.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("entities", {
  input = { text = "string", now = "string?" },
  dm.stage("found", { component = "nlu.entities",
    input = { text = dm.ref.request.text, now = dm.ref.request.now:default("2026-11-20") } }),
  output = { entities = dm.ref.found.entities },
})
LUA
call=("$DORMOUSE" call entities --config "$SCRATCH/e.yaml")
train=("$DORMOUSE" train nlu.entities --config "$SCRATCH/e.yaml")

# Without a model.
expect 0 "${call[@]}" '{"text":"fly to bonn tomorrow at 14:30"}'
same "$(jq -c '[.entities[] | [.type, .start, .end, .value]]' "$SCRATCH/out")" '[["date",12,20,"2026-11-21"],["time",24,29,"14:30"]]'

mkdir "$SCRATCH/data"
for verb in fly go travel; do
  for city in bonn cairo rome oslo lima; do printf '# intent = travel\n%s\tO\nto\tO\n%s\tB-city\nnow\tO\nplease\tO\n\n' $verb $city; done
done > "$SCRATCH/data/rows.bio"
expect 0 "${train[@]}" --data "$SCRATCH/data"
says out 'examples' 'is current'
expect 0 "${call[@]}" '{"text":"fly to paris now at 14:30"}'
same "$(jq -c '[.entities[] | [.type, .text]]' "$SCRATCH/out")" '[["city","paris"],["time","14:30"]]'

# The same examples and settings are the same bytes.
model="$SCRATCH/state/models/nlu.entities/$(readlink "$SCRATCH/state/models/nlu.entities/current")"
cp "$model" "$SCRATCH/first"
expect 0 "${train[@]}" --data "$SCRATCH/data"
cmp "$model" "$SCRATCH/first"

# Refused with file and line; the current model stays.
current="$(readlink "$SCRATCH/state/models/nlu.entities/current")"
printf 'fly\tO\nbonn\tI-city\n' > "$SCRATCH/bad.bio"
expect 1 "${train[@]}" --data "$SCRATCH/bad.bio"
says err "$SCRATCH/bad.bio:2: the tag 'I-city' does not follow"
printf 'fly\tO\n' > "$SCRATCH/none.bio"
expect 1 "${train[@]}" --data "$SCRATCH/none.bio"
says err 'needed texts with entities'
same "$(readlink "$SCRATCH/state/models/nlu.entities/current")" "$current"

# A damaged model is refused with a sentence.
truncate -s 500 "$SCRATCH/state/models/nlu.entities/$current"
expect 1 "${call[@]}" '{"text":"hello"}'
says err 'train it again'
