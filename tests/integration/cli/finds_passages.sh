#!/usr/bin/env bash
# The example examples/pipelines/search, with the commands of its README: over the passages that ./dev run loads.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BUILD:?}"
needs_plugins search-text search-faiss
unset DORMOUSE_HOST__STATE_DIR
export XDG_STATE_HOME="$BUILD/demo-state" DORMOUSE_PLUGINS__PATH="$PLUGINS"
export DORMOUSE_CONFIG="$SOURCE/examples/pipelines/search/config.yaml"
(umask 077 && mkdir -p "$XDG_STATE_HOME")
timeout 600 "$DORMOUSE" train embed.lsa --data "$SOURCE/examples/data/passages" --if-missing > "$SCRATCH/out" 2>&1 ||
  fail "the embedder does not learn"
timeout 600 "$SOURCE/examples/data/load_passages.sh" "$DORMOUSE" "$SOURCE/examples/data/passages/medquad.tsv.zst" 2> "$SCRATCH/err" ||
  fail "the passages are not loaded"
# A second time there is nothing to do.
expect 0 "$SOURCE/examples/data/load_passages.sh" "$DORMOUSE" "$SOURCE/examples/data/passages/medquad.tsv.zst"
says out 'are there already'

while IFS= read -r line; do
  expect 0 "$DORMOUSE" call "$(jq -r .pipeline <<< "$line")" "$(jq -c .ask <<< "$line")"
  same "$(jq -r '.passages[0].id' "$SCRATCH/out")" "$(jq -r .first <<< "$line")"
  same "$(jq '.passages | length' "$SCRATCH/out")" "$(jq '.ask.k // 5' <<< "$line")"
done < "$SOURCE/examples/pipelines/search/expected.jsonl"

# A misspelt word is found by its letters.
expect 0 "$DORMOUSE" call search '{"text": "what causes kidny stones", "mode": "dense", "k": 1}'
says out 'Kidney Stones'
expect 0 "$DORMOUSE" call search '{"text": "zxqv"}'
same "$(jq -c .passages "$SCRATCH/out" | cut -c 1)" '['
expect 1 "$DORMOUSE" call search '{"text": "x", "mode": "fast"}'
says err 'needed hybrid, lexical or dense, found fast'
expect 1 "$DORMOUSE" call search_diverse '{"text": "x", "diversity": 1.5}'
says err 'diversity: needed 0 to 1, found 1.5'

# The assistant answers with passages when it is asked for some, and loads nothing for them when it is not.
export DORMOUSE_CONFIG="$SOURCE/configs/assistant.yaml"
timeout 600 "$SOURCE/examples/data/train_assistant.sh" "$DORMOUSE" > "$SCRATCH/out" 2>&1 || fail "the assistant does not learn"
start_host "$DORMOUSE_CONFIG"
ask "$DATA/v1/pipelines/assistant" -d '{"text":"how is glaucoma treated"}' > "$SCRATCH/answer"
same "$(jq -c .passages "$SCRATCH/answer")" '[]'
same "$(state_of search.text)" absent
# A null is as if the field were not there.
ask "$DATA/v1/pipelines/assistant" -d '{"text":"how is glaucoma treated","passages":null}' > "$SCRATCH/null"
same "$(jq -cS . "$SCRATCH/null")" "$(jq -cS . "$SCRATCH/answer")"
same "$(state_of search.text)" absent
ask "$DATA/v1/pipelines/assistant" -d '{"text":"how is glaucoma treated","passages":2}' > "$SCRATCH/answer"
same "$(jq -c '[.passages[] | .title]' "$SCRATCH/answer")" '["Glaucoma","Glaucoma"]'
same "$(state_of search.text)" ready
# What was found while its parts were loading is not kept, since nobody knows of which version they were.
ask "$DATA/v1/pipelines/assistant" -d '{"text":"how is glaucoma treated","passages":2}' > "$SCRATCH/answer"
# Asked again passages come out of the cache, and do not need what found them.
mv "$SCRATCH/answer" "$SCRATCH/first"
for component in search.text search.vectors embed.lsa; do expect 0 "$DORMOUSE" ctl unload "$component" --wait 10s; done
ask -D "$SCRATCH/header" "$DATA/v1/pipelines/assistant" -d '{"text":"how is glaucoma treated","passages":2}' > "$SCRATCH/answer"
grep -qi '^server-timing:.*passages;dur=[0-9.]*;desc="cache hit in cache.memory"' "$SCRATCH/header" || fail "$(cat "$SCRATCH/header")"
same "$(jq -cS . "$SCRATCH/answer")" "$(jq -cS . "$SCRATCH/first")"
same "$(state_of search.text)" unloaded
# Until they are purged.
expect 0 "$DORMOUSE" ctl caches purge passages
ask "$DATA/v1/pipelines/assistant" -d '{"text":"how is glaucoma treated","passages":2}' > "$SCRATCH/answer"
same "$(jq -cS . "$SCRATCH/answer")" "$(jq -cS . "$SCRATCH/first")"
same "$(state_of search.text)" ready
stop_host
same "$HOST_EXIT" 0

# Without any passages there is an answer all the same.
mkdir -p "$SCRATCH/empty/dormouse"
chmod -R 700 "$SCRATCH/empty"
cp -r "$XDG_STATE_HOME/dormouse/models" "$SCRATCH/empty/dormouse/"
XDG_STATE_HOME="$SCRATCH/empty" expect 0 "$DORMOUSE" call assistant '{"text":"how is glaucoma treated","passages":2}'
same "$(jq -c .passages "$SCRATCH/out")" '[]'
