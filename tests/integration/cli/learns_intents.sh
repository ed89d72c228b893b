#!/usr/bin/env bash
# A table of texts and intents becomes a classifier with one command; a bad table changes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
needs_plugins nlu-intent
config i.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {nlu.intent: {plugin: nlu-intent}}
scripts: {pipelines: "$SCRATCH/i.lua"}
YAML
cat > "$SCRATCH/i.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("intents", {
  input = { text = "string" },
  dm.stage("intent", { component = "nlu.intent", input = { text = dm.ref.request.text } }),
  output = { name = dm.ref.intent.name, out_of_scope = dm.ref.intent.out_of_scope },
})
LUA
train=("$DORMOUSE" train nlu.intent --config "$SCRATCH/i.yaml")
mkdir "$SCRATCH/data"
{
  printf 'text\tintent\n'
  for place in Paris Rome Cairo Bonn; do printf 'will it rain in %s\tweather\nis it sunny in %s\tweather\n' $place $place; done
  for hour in six seven eight nine; do printf 'wake me up at %s\talarm\nset an alarm at %s\talarm\n' $hour $hour; done
  for thing in paint paper glass steel; do printf 'who invented %s\toos\n' $thing; done
} > "$SCRATCH/data/rows.tsv"

expect 0 "${train[@]}" --data "$SCRATCH/data"
says out 'intents' 'accuracy' 'is current'
says err '%'
expect 0 "$DORMOUSE" call intents '{"text":"will it rain in Madrid"}' --config "$SCRATCH/i.yaml"
same "$(cat "$SCRATCH/out")" '{"name":"weather","out_of_scope":false}'
expect 0 "$DORMOUSE" call intents '{"text":"?!"}' --config "$SCRATCH/i.yaml"
same "$(jq .out_of_scope "$SCRATCH/out")" true

# The same rows and settings are the same bytes.
model="$SCRATCH/state/models/nlu.intent/$(readlink "$SCRATCH/state/models/nlu.intent/current")"
cp "$model" "$SCRATCH/first"
expect 0 "${train[@]}" --data "$SCRATCH/data"
cmp "$model" "$SCRATCH/first"

expect 0 "${train[@]}" --data "$SCRATCH/data" --set quantisation=float16 --json
same "$(jq .report.intents "$SCRATCH/out")" 2
current="$(readlink "$SCRATCH/state/models/nlu.intent/current")"

# Without texts out of scope nothing is called so, and the report says it.
grep -v oos "$SCRATCH/data/rows.tsv" > "$SCRATCH/inside.tsv"
expect 0 "${train[@]}" --data "$SCRATCH/inside.tsv"
says out 'never: no row of the data is out of scope'
expect 0 "$DORMOUSE" call intents '{"text":"?!"}' --config "$SCRATCH/i.yaml"
same "$(jq .out_of_scope "$SCRATCH/out")" false

# Data that are not there: the folder that is missing is named, and nothing is to be created above the root.
expect 1 "${train[@]}" --data /no-such-folder
says err '/no-such-folder: cannot read it: no such file or folder; check the path'
says_not err 'create'
expect 1 "${train[@]}" --data "$SCRATCH/none/rows.tsv"
says err "there is no folder $SCRATCH/none"

# Bad rows are left out on request, and the report names them.
{ cat "$SCRATCH/data/rows.tsv"; printf '\tweather\nmore\tthan\tthree\tfields\n'; } > "$SCRATCH/some_bad.tsv"
expect 1 "${train[@]}" --data "$SCRATCH/some_bad.tsv"
expect 0 "${train[@]}" --data "$SCRATCH/some_bad.tsv" --skip-bad
says out 'rows_skipped' "$SCRATCH/some_bad.tsv:22" "column 'text' is empty"
expect 0 "${train[@]}" --data "$SCRATCH/some_bad.tsv" --skip-bad --json
same "$(jq -c '[.report.rows, .report.rows_skipped, (.report.skipped | length)]' "$SCRATCH/out")" '[20,2,2]'
expect 0 "${train[@]}" --data "$SCRATCH/data" --set quantisation=float16
current="$(readlink "$SCRATCH/state/models/nlu.intent/current")"

# Refused with file and line; the current model stays.
printf 'text\tintent\nhello\tgreet\n\tgreet\n' > "$SCRATCH/empty.tsv"
expect 1 "${train[@]}" --data "$SCRATCH/empty.tsv"
says err "$SCRATCH/empty.tsv:3: column 'text' is empty"
printf 'text\tlabel\nhello\tgreet\n' > "$SCRATCH/column.tsv"
expect 1 "${train[@]}" --data "$SCRATCH/column.tsv"
says err "$SCRATCH/column.tsv:1:" "'intent'"
printf 'text\tintent\nhello\tgreet\nhi\tgreet\n' > "$SCRATCH/one.tsv"
expect 1 "${train[@]}" --data "$SCRATCH/one.tsv"
says err 'two intents'
expect 1 "${train[@]}" --data "$SCRATCH/data" --set quantisation=int4
says err "'int8', 'float16' or 'float32'"
same "$(readlink "$SCRATCH/state/models/nlu.intent/current")" "$current"

# A damaged model is refused with a sentence.
truncate -s 500 "$SCRATCH/state/models/nlu.intent/$current"
expect 1 "$DORMOUSE" call intents '{"text":"hello"}' --config "$SCRATCH/i.yaml"
says err 'train it again'
