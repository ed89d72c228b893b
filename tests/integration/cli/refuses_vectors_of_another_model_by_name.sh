#!/usr/bin/env bash
# An embedder that is trained again alone: the search example says which collection refuses which model and what to do, and
# one command into the running host brings the meanings back. So with the assistant.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
needs_plugins search-text search-faiss
export DORMOUSE_PLUGINS__PATH="$PLUGINS" DORMOUSE_CONFIG="$SOURCE/examples/pipelines/search/config.yaml"

rows() {
  printf 'id\ttitle\ttext\n'
  for i in $(seq 40); do
    printf 'eye%s\tGlaucoma\tDrops number %s help against glaucoma of the eye\n' "$i" "$i"
    printf 'bile%s\tGallstones\tGallstones number %s are taken out with the gallbladder\n' "$i" "$i"
  done
}
rows > "$SCRATCH/passages.tsv"
{ rows && printf 'new\tAsthma\tInhalers are for asthma of the airways\nnew2\tAsthma\tMore inhalers for the airways\n'; } > "$SCRATCH/more.tsv"
# What a client reads in the answer to a question.
dense() { ask -D "$SCRATCH/header" "$DATA/v1/pipelines/search" -d '{"text":"glaucoma of the eye","mode":"dense","k":3}' > "$SCRATCH/out"; }
# The model that the host embeds with.
stamp() { ask "$DATA/v1/pipelines/drop_stale_vectors" -d '{}' | jq -r .model; }

expect 0 "$DORMOUSE" train embed.lsa --data "$SCRATCH/passages.tsv" --set dimension=8
expect 0 "$SOURCE/examples/data/load_passages.sh" "$DORMOUSE" "$SCRATCH/passages.tsv"
start_host "$DORMOUSE_CONFIG"
dense
same "$(jq -c '[(.passages | length), .warnings]' "$SCRATCH/out")" '[3,[]]'
before="$(stamp)"

# Same dimension, other texts.
expect 0 "$DORMOUSE" train embed.lsa --data "$SCRATCH/more.tsv" --set dimension=8
expect 0 "$DORMOUSE" ctl reload embed.lsa --wait 30s
dense
same "$(jq -c '.passages' "$SCRATCH/out")" '[]'
same "$(jq '.warnings | length' "$SCRATCH/out")" 1
says out 'search.vectors was left out: failed_precondition' "collection 'passages'" "the model $before" 'found vectors of the model' \
  'load the passages again with examples/data/load_passages.sh'
says header 'Dormouse-Degraded: '
says host.err 'request.degraded search' "needed vectors of the model $before"
# Words are found all the same, with the same warning.
ask "$DATA/v1/pipelines/search" -d '{"text":"glaucoma of the eye","k":3}' > "$SCRATCH/out"
same "$(jq -c '[(.passages | length), (.warnings | length)]' "$SCRATCH/out")" '[3,1]'

# So with the assistant, on the same indexes.
stop_host
config assistant.yaml << YAML
components:
  nlu.language: {plugin: nlu-language}
  nlu.intent: {plugin: nlu-intent}
  nlu.entities: {plugin: nlu-entities}
  embed.lsa: {plugin: embed-lsa}
  search.text: {plugin: search-text}
  search.vectors: {plugin: search-faiss, type: search.faiss, settings: {kind: hnsw, metric: inner_product}}
  search.rank: {plugin: search-rank}
  cache.memory: {plugin: cache-memory}
scripts: {pipelines: "$SOURCE/scripts/pipelines/assistant.lua", policies: "$SOURCE/scripts/policies"}
YAML
start_host "$SCRATCH/assistant.yaml"
for _ in 1 2; do  # the second time is no answer of the cache
  ask "$DATA/v1/pipelines/assistant" -d '{"text":"glaucoma of the eye","passages":3}' > "$SCRATCH/out"
  same "$(jq '.passages | length' "$SCRATCH/out")" 3
  says out 'passages were searched by words alone: failed_precondition' "the model $before"
done
stop_host

# The remedy, into a host that runs.
start_host "$DORMOUSE_CONFIG"
expect 0 "$SOURCE/examples/data/load_passages.sh" "$DATA" "$SCRATCH/passages.tsv"
says err '80 of 80'
dense
same "$(jq -c '[(.passages | length), .warnings]' "$SCRATCH/out")" '[3,[]]'
same "$(jq -r '[.passages[].title] | unique[]' "$SCRATCH/out")" Glaucoma
says_not header 'Dormouse-Degraded'
stop_host
same "$HOST_EXIT" 0
expect 1 "$SOURCE/examples/data/load_passages.sh" "$DATA" "$SCRATCH/passages.tsv"
