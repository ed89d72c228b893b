#!/usr/bin/env bash
# A function that loops for ever is stopped by its CPU budget on the thread that serves requests, also inside pcall; the
# same thread answers the next request, and the host still ends in order.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
cat > "$SCRATCH/loops.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("loops", {
  input = { text = "string" },
  dm.stage("a", { run = function(ctx)
    if ctx.request.text == "go on" then return { text = "fine" } end
    while true do pcall(function() while true do end end) end
  end }),
  output = dm.ref.a,
})
LUA
config loops.yaml << YAML
host: {threads: 1}
scripts: {pipelines: "$SCRATCH/loops.lua"}
YAML
start_host "$SCRATCH/loops.yaml"
status="$(curl -s -m 20 -o "$SCRATCH/out" -w '%{http_code}' "$DATA/v1/pipelines/loops" -d '{"text":"loop"}')"
same "$status" 500
says out 'CPU'
same "$(ask "$DATA/v1/pipelines/loops" -d '{"text":"go on"}')" '{"text":"fine"}'
stop_host TERM
same "$HOST_EXIT" 0
