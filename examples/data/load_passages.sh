#!/usr/bin/env bash
# Puts passages into the indexes of a configuration that has the pipeline add_passages (examples/pipelines/search/add.lua), a
# few hundred at a time; a passage that is there already is replaced.
# Usage: load_passages.sh DORMOUSE FILE.tsv[.zst]   columns id, title and text, in any order
#        load_passages.sh URL FILE.tsv[.zst]        into a host that runs: its data listener, http://127.0.0.1:8080
# The configuration of DORMOUSE is $DORMOUSE_CONFIG, and the host of its state folder must not run meanwhile. Done once for
# each file and embedding model: what was loaded is remembered in the collection `loads`, so a second time takes some
# milliseconds. Vectors of an earlier model are dropped first.
set -euo pipefail
[ $# = 2 ] || { echo "Usage: load_passages.sh DORMOUSE|URL FILE.tsv[.zst]" >&2; exit 2; }
host="$1" file="$2"
rows_at_once=500

# call PIPELINE: its input comes from standard input.
case "$host" in
  http://* | https://*)
    call() {
      curl -sS --fail-with-body --max-time 120 -H 'Content-Type: application/json' --data-binary @- "$host/v1/pipelines/$1" ||
        { echo "load_passages.sh: $host does not run pipeline $1 of examples/pipelines/search/add.lua" >&2; return 1; }
    }
    ;;
  *)
    : "${DORMOUSE_CONFIG:?names the configuration}"
    call() { "$host" call "$1" -; }
    ;;
esac

unpack() {
  case "$file" in
    *.zst) zstd -dcq "$file" ;;
    *) cat "$file" ;;
  esac
}

# Of the rows after the first FROM at most COUNT, as the input of add_passages.
batch() {
  unpack | tr -d '\000-\010\013-\037' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | awk -F'\t' -v from="$1" -v count="$2" '
    function add(list, field) { return list comma "\"" field "\"" }
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    NR - 1 > from && NR - 1 <= from + count {
      ids = add(ids, $column["id"]); titles = add(titles, $column["title"]); texts = add(texts, $column["text"])
      comma = ","
    }
    END { printf "{\"ids\":[%s],\"titles\":[%s],\"texts\":[%s]}", ids, titles, texts }'
}

for column in id title text; do
  unpack | awk -F'\t' -v name="$column" 'NR == 1 { sub(/\r$/, ""); for (i = 1; i <= NF; ++i) found += $i == name } END { exit !found }' || {
    printf '%s: needed columns id, title and text, found none named %s\n' "$file" "$column" >&2
    exit 1
  }
done
rows="$(unpack | awk 'END { print (NR > 0 ? NR - 1 : 0) }')"  # also a last one without a line end
# The vector of a sentence stands for the model that made it.
name="$({ unpack; call embed_text <<< '{"text": "a sentence to tell models apart by: symptoms and treatment"}'; } | sha256sum | cut -c 1-64)"
if call passages_loaded <<< "{\"name\": \"$name\"}" | grep -q "$name"; then
  printf 'passages: %s are there already\n' "$rows"
  exit
fi
call drop_stale_vectors <<< '{}' > /dev/null
for ((from = 0; from < rows; from += rows_at_once)); do
  batch "$from" "$rows_at_once" | call add_passages > /dev/null
  printf '\rpassages: %s of %s' "$((from + rows_at_once < rows ? from + rows_at_once : rows))" "$rows" >&2
done
printf '\n' >&2
call passages_were_loaded <<< "{\"name\": \"$name\"}" > /dev/null
