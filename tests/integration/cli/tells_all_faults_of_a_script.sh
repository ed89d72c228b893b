#!/usr/bin/env bash
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
cat > "$SCRATCH/broken.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("broken", {
  input = { text = "string" },
  dm.stage("a", { component = "ehco", input = { text = dm.ref.request.txet } }),
  output = { text = dm.ref.a.text },
})
LUA
export DORMOUSE_SCRIPTS__PIPELINES="$SCRATCH/broken.lua"
for command in run check; do
  expect 3 "$DORMOUSE" "$command" --config "$SCRATCH/echo.yaml"
  says err 'broken.lua:4' ehco "did you mean 'echo'"
done
# A list of nothing is no remedy.
echo "scripts: {pipelines: broken.lua}" > "$SCRATCH/empty.yaml"
expect 3 "$DORMOUSE" check --config "$SCRATCH/empty.yaml"
says err "none is configured: add it under components"
echo 'return dm.pipeline(' > "$SCRATCH/broken.lua"
expect 3 "$DORMOUSE" run --config "$SCRATCH/echo.yaml"
says err 'broken.lua:'
