#!/usr/bin/env bash
# What a script took goes back to the system within seconds, while no component is loaded or unloaded: of functions that
# end with their memory used up, and of a generation that kept much and was replaced.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"

# version KEPT: a generation that keeps so many strings of 1 KiB from its load on.
version() {
  cat > "$SCRATCH/bomb.lua" << LUA
local dm = require "dormouse"
local kept = {}
for i = 1, $1 do kept[i] = ("x"):rep(1000) .. i end
return dm.pipeline("bomb", {
  input = { strings = "int" },
  dm.stage("f", { run = function(ctx)
    local all = {}
    for i = 1, ctx.request.strings do all[i] = ("y"):rep(1000) .. i end
    return #all + #kept
  end }),
  output = { n = dm.ref.f },
})
LUA
}

version 0
config bomb.yaml << YAML
host: {threads: 2, data: {loop_lag_max: 60s}}
scripts: {pipelines: "$SCRATCH/bomb.lua", entry_cpu_max: 10s}
YAML
start_host "$SCRATCH/bomb.yaml"
same "$(ask "$DATA/v1/pipelines/bomb" -d '{"strings":1}')" '{"n":1}'
quiet="$(resident VmRSS)"

bombs=()
for i in $(seq 16); do
  ask "$DATA/v1/pipelines/bomb" -d '{"strings":1000000}' > "$SCRATCH/out.$i" &
  bombs+=("$!")
done
wait "${bombs[@]}"
for i in $(seq 16); do says "out.$i" 'used up the memory of its Lua state'; done
[ "$(resident VmHWM)" -ge $((quiet + 48)) ] || fail "the bomb took only $(resident VmHWM) MiB"
shrinks_below $((quiet + 24))

version 45000
expect 0 "$DORMOUSE" ctl reload
[ "$(resident VmRSS)" -ge $((quiet + 40)) ] || fail "the scripts keep only $(resident VmRSS) MiB"
version 0
expect 0 "$DORMOUSE" ctl reload
shrinks_below $((quiet + 24))
same "$(ask "$DATA/v1/pipelines/bomb" -d '{"strings":1}')" '{"n":1}'
