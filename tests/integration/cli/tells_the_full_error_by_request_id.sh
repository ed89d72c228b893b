#!/usr/bin/env bash
# A client sees who failed and neither files nor lines; an operator finds all of it in the log by the request id that the
# client quotes, as docs/service.md says, in both formats.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
cat > "$SCRATCH/boom.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("boom", {
  input = { word = "string" },
  dm.stage("f", { run = function(ctx)
    error("no luck with " .. ctx.request.word)
  end }),
  output = dm.ref.f,
})
LUA
# fails WORD: sets ID, which the header and the body tell alike.
fails() {
  same "$(ask "$DATA/v1/pipelines/boom" -d "{\"word\":\"$1\"}" -D "$SCRATCH/headers" -o "$SCRATCH/out" -w '%{http_code}')" 500
  says out "no luck with $1"
  says_not out boom.lua "$SCRATCH"
  ID="$(sed -n 's/^Dormouse-Request-Id: \([0-9a-f]*\).*/\1/p' "$SCRATCH/headers")"
  same "$(jq -r .request "$SCRATCH/out")" "$ID"
}

for format in text json; do
  config boom.yaml << YAML
host: {log: {format: $format}}
scripts: {pipelines: "$SCRATCH/boom.lua"}
YAML
  start_host "$SCRATCH/boom.yaml"
  fails this
  first="$ID"
  fails that
  if [ "$format" = text ]; then
    grep "request=$first" "$SCRATCH/host.err" > "$SCRATCH/out"
  else
    jq -c --arg id "$first" 'select(.request == $id)' "$SCRATCH/host.err" > "$SCRATCH/out"
  fi
  same "$(wc -l < "$SCRATCH/out")" 1
  says out "$SCRATCH/boom.lua:5" "no luck with this"
  stop_host TERM
done
