#!/usr/bin/env bash
# A model is made once per data and settings, is named by them, is served, and bad data changes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${TRAINABLE:?}"
config t.yaml << YAML
plugins: {path: "$TRAINABLE"}
components: {lines: {plugin: trainable}}
scripts: {pipelines: "$SCRATCH/t.lua"}
YAML
cat > "$SCRATCH/t.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("lines", {
  input = { factor = "int?" },
  dm.stage("count", { component = "lines", input = { factor = dm.ref.request.factor:default(1) } }),
  output = { count = dm.ref.count.count },
})
LUA
train=("$DORMOUSE" train lines --config "$SCRATCH/t.yaml")
mkdir "$SCRATCH/data"
printf 'a\nb\n' > "$SCRATCH/data/one.txt"
printf 'c\n' > "$SCRATCH/data/two.txt"

expect 0 "$DORMOUSE" check --config "$SCRATCH/t.yaml"
says err 'warning' 'no trained model' 'dormouse train lines'
expect 1 "$DORMOUSE" call lines '{}' --config "$SCRATCH/t.yaml"
says err 'dormouse train lines'

expect 0 "${train[@]}" --data "$SCRATCH/data"
says out lines 3 'is current'
says err counting
expect 0 "$DORMOUSE" call lines '{"factor":2}' --config "$SCRATCH/t.yaml"
same "$(cat "$SCRATCH/out")" '{"count":6}'
expect 0 "${train[@]}" --data "$SCRATCH/data" --if-missing
says out 'is there already'

expect 0 "${train[@]}" --data "$SCRATCH/data/one.txt" --json
same "$(jq -c '[.made, .report.lines]' "$SCRATCH/out")" '[true,2]'
model="$(readlink "$SCRATCH/state/models/lines/current")"
same "$(jq -r .model "$SCRATCH/out").model" "$model"
expect 0 "${train[@]}" --data "$SCRATCH/data/one.txt" --set plus=10
expect 0 "$DORMOUSE" call lines '{}' --config "$SCRATCH/t.yaml"
same "$(cat "$SCRATCH/out")" '{"count":12}'

# Refused with the plugin's words; the current model stays.
model="$(readlink "$SCRATCH/state/models/lines/current")"
printf 'a\nbad\n' > "$SCRATCH/bad.txt"
expect 1 "${train[@]}" --data "$SCRATCH/bad.txt"
says err "$SCRATCH/bad.txt:2: a bad line"
echo nothing > "$SCRATCH/nothing.txt"
expect 1 "${train[@]}" --data "$SCRATCH/nothing.txt"
says err 'wrote no model'
expect 1 "${train[@]}" --data "$SCRATCH/nowhere.txt"
says err nowhere.txt
expect 1 "$DORMOUSE" train liens --data "$SCRATCH/data" --config "$SCRATCH/t.yaml"
says err "did you mean 'lines'"
same "$(readlink "$SCRATCH/state/models/lines/current")" "$model"
same "$(find "$SCRATCH/state/models/lines" -name '*.draft' | wc -l)" 0

# Beside a running host, which takes the new model at its next load or when told to reload.
start_host "$SCRATCH/t.yaml"
same "$(ask "$DATA/v1/pipelines/lines" -d '{}')" '{"count":12}'
expect 0 "${train[@]}" --data "$SCRATCH/data" --if-missing
same "$(ask "$DATA/v1/pipelines/lines" -d '{}')" '{"count":12}'
expect 0 "$DORMOUSE" ctl reload lines
same "$(ask "$DATA/v1/pipelines/lines" -d '{}')" '{"count":3}'

# Under load no request fails: each is answered by the old model or by the new one.
expect 0 "${train[@]}" --data "$SCRATCH/data" --set plus=40
ask_until_told() {
  while [ ! -e "$SCRATCH/enough" ]; do
    curl -s -o "$SCRATCH/answer.$1" -w '%{http_code} ' "$DATA/v1/pipelines/lines" -d '{}' && cat "$SCRATCH/answer.$1" && echo
  done > "$SCRATCH/answers.$1"
}
clients=()
for client in 1 2 3 4; do
  ask_until_told "$client" &
  clients+=($!)
done
for client in 1 2 3 4; do
  until grep -q . "$SCRATCH/answers.$client"; do kill -0 "$HOST_PID" || fail "the host is gone"; done
done
for _ in 1 2 3 4 5; do expect 0 "$DORMOUSE" ctl reload lines --wait 5s; done
touch "$SCRATCH/enough"
wait "${clients[@]}"
same "$(cat "$SCRATCH"/answers.* | sort -u | tr '\n' ' ')" '200 {"count":3} 200 {"count":43} '
stop_host
same "$HOST_EXIT" 0
