#!/usr/bin/env bash
# docs/monitoring.md names every metric of a real scrape, with its type, labels and meaning, and none that is not there.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
cat > "$SCRATCH/fails.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("fails", {
  input = { text = "string" },
  dm.stage("wrong", { run = function() error("always") end }),
  dm.stage("slow", { component = "slow", input = { text = dm.ref.request.text }, optional = true }),
  output = { text = dm.ref.request.text },
})
LUA
config monitored.yaml << YAML
plugins: {path: "$PLUGINS"}
components:
  echo: {plugin: echo}
  slow: {plugin: echo, settings: {no_such_setting: 1}}
  monitor: {plugin: monitor}
scripts: {pipelines: ["$SOURCE/examples/c/echo/echo.lua", "$SCRATCH/fails.lua"]}
YAML
start_host "$SCRATCH/monitored.yaml"
ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}' > "$SCRATCH/out"
ask "$DATA/v1/pipelines/fails" -d '{"text":"hello"}' > "$SCRATCH/out"
expect 0 "$DORMOUSE" ctl reload echo
expect 0 "$DORMOUSE" ctl unload echo
ask "$CONTROL/metrics" > "$SCRATCH/metrics"

# NAME TYPE LABELS MEANING of each family, as rows of the table; labels as they come, "?" when there is no series to look at.
awk '
  /^# HELP / { name = $3; help = $0; sub(/^# HELP [^ ]+ /, "", help); next }
  /^# TYPE / { type[name] = $4; meaning[name] = help; names[++count] = name; labels[name] = "?"; next }
  {
    list = ""
    if (match($0, /[{].*[}] /)) {
      rest = substr($0, RSTART + 1, RLENGTH - 3)
      while (match(rest, /^[a-z_0-9]+="([^"\\]|\\.)*",?/)) {
        label = rest
        sub(/=.*/, "", label)
        if (label != "le") list = list (list == "" ? "" : ", ") label
        rest = substr(rest, RLENGTH + 1)
      }
    }
    labels[name] = list
  }
  END { for (i = 1; i <= count; i++) { n = names[i]; print "| `" n "` | " type[n] " | " labels[n] " | " meaning[n] " |" } }
' "$SCRATCH/metrics" > "$SCRATCH/scraped"
[ "$(wc -l < "$SCRATCH/scraped")" -ge 35 ] || fail "only $(wc -l < "$SCRATCH/scraped") families were scraped"

# The first table of the page, with "?" where the scrape could not tell.
awk '/^\| `dormouse_|^\| `process_/ { seen = 1; print; next } seen && !/^\|/ { exit }' "$SOURCE/docs/monitoring.md" |
  awk -F' [|] ' 'NR == FNR { if ($3 == "?") unknown[$1 " | " $2] = 1; next }
    { if (($1 " | " $2) in unknown) $3 = "?"; print $1 " | " $2 " | " $3 " | " $4 }' "$SCRATCH/scraped" - > "$SCRATCH/documented"
# What others count is named in the second table.
grep -v -e '`dormouse_cache_' "$SCRATCH/scraped" > "$SCRATCH/own"
diff "$SCRATCH/documented" "$SCRATCH/own" > "$SCRATCH/out" ||
  fail "docs/monitoring.md says '<', a scrape says '>'"

# No more than a few families may go unseen here.
[ "$(grep -c ' | ? | ' "$SCRATCH/scraped")" -le 5 ] || fail "too many families have no series: $(grep ' | ? | ' "$SCRATCH/scraped")"
