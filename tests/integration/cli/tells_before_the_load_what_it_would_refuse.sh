#!/usr/bin/env bash
# A plugin whose manifest and table are of two versions is refused in the same words by inspect, list, check, scan, the dry
# run of a reload, and the load; and none of the first five runs any of its code or takes anything down.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir -m 0755 "$SCRATCH/plugins"
install -m 0644 "$PLUGINS/echo.so" "$SCRATCH/plugins/echo.so"
config x.yaml << YAML
plugins: {path: "$SCRATCH/plugins"}
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
YAML
start_host "$SCRATCH/x.yaml"
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
expect 0 "$DORMOUSE" ctl reload echo --dry-run

# The text of the version in the table alone: the manifest is a section of its own.
python3 - "$PLUGINS/echo.so" "$SCRATCH/plugins/new" << 'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
found = [i for i in range(len(data)) if data[i:i + 7] == b"\x001.0.0\x00"]
for i in found:
    data[i + 1:i + 6] = b"0.9.0"
assert found
open(sys.argv[2], "wb").write(data)
PYTHON
chmod 0644 "$SCRATCH/plugins/new"
mv "$SCRATCH/plugins/new" "$SCRATCH/plugins/echo.so"

words=("differ in version" "1.0.0 (manifest)" "0.9.0 (table)" "rebuild the plugin")
expect 1 "$DORMOUSE" plugin inspect "$SCRATCH/plugins/echo.so"
says out "${words[@]}"
expect 0 "$DORMOUSE" plugin list --config "$SCRATCH/x.yaml"
says err "${words[@]}"
expect 3 "$DORMOUSE" check --config "$SCRATCH/x.yaml"
says err "${words[@]}"
code=0
"$DORMOUSE" ctl reload echo --dry-run > "$SCRATCH/out" 2> "$SCRATCH/err" || code=$?
[ "$code" != 0 ] || fail "the dry run says that the reload would succeed"
says err "${words[@]}"
"$DORMOUSE" ctl scan > "$SCRATCH/out" 2> "$SCRATCH/err" || fail "the scan fails"
says out "differ in version"
# All that was asked left the old one serving.
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
same "$(state_of echo)" ready
"$DORMOUSE" ctl reload echo --wait 10s > "$SCRATCH/out" 2> "$SCRATCH/err" && fail "the reload succeeds"
says err "${words[@]}"
stop_host
