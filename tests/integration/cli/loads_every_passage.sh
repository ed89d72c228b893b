#!/usr/bin/env bash
# examples/data/load_passages.sh with files of one's own: a last row without a line end, a row of which the embedder knows
# nothing, a file without the columns it needs.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
needs_plugins search-text search-faiss
export DORMOUSE_PLUGINS__PATH="$PLUGINS" DORMOUSE_CONFIG="$SOURCE/examples/pipelines/search/config.yaml"

{
  printf 'id\ttitle\ttext'
  printf '\nq\t\t%%'
  for i in $(seq 499); do printf '\np%s\tGlaucoma\tDrops number %s help against glaucoma of the eye' "$i" "$i"; done
  printf '\nlast\tGallstones\tGallstones are taken out with the gallbladder'
} > "$SCRATCH/passages.tsv"
printf 'key\ttitle\ttext\na\tb\tc\n' > "$SCRATCH/other.tsv"
expect 0 "$DORMOUSE" train embed.lsa --data "$SCRATCH/passages.tsv" --set dimension=8
expect 0 "$SOURCE/examples/data/load_passages.sh" "$DORMOUSE" "$SCRATCH/passages.tsv"
says err '501 of 501'
expect 0 "$DORMOUSE" call search '{"text": "gallstones", "mode": "lexical", "k": 1}'
same "$(jq -r '.passages[0].id' "$SCRATCH/out")" last
expect 1 "$SOURCE/examples/data/load_passages.sh" "$DORMOUSE" "$SCRATCH/other.tsv"
says err 'found none named id'
