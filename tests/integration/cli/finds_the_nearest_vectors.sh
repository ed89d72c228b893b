#!/usr/bin/env bash
# The example examples/pipelines/nearest, by hand of its README: what one process adds, the next one finds.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
needs_plugins search-faiss
example="$SOURCE/examples/pipelines/nearest"
cat > "$SCRATCH/nearest.yaml" <<YAML
host: {state_dir: "$SCRATCH/state"}
plugins: {path: ["$PLUGINS"]}
$(sed -n '/^components:/,/^scripts:/p' "$example/config.yaml" | sed '$d')
scripts: {pipelines: ["$example/add.lua", "$example/nearest.lua"]}
YAML
expect 0 "$DORMOUSE" check --config "$SCRATCH/nearest.yaml"
timeout 60 "$DORMOUSE" call add_places - --config "$SCRATCH/nearest.yaml" < "$example/places.json" > "$SCRATCH/out"
same "$(cat "$SCRATCH/out")" '{"added":6,"count":6}'
ids() {
  expect 0 "$DORMOUSE" call nearest "$1" --config "$SCRATCH/nearest.yaml"
  jq -c '[.hits[].id]' "$SCRATCH/out"
}
same "$(ids '{"point": [0.67, 0.03, 0.74]}')" "$(sed -n 1p "$example/expected.json")"
same "$(ids '{"point": [0.67, 0.03, 0.74], "where": {"continent": "Africa"}}')" "$(sed -n 2p "$example/expected.json")"
expect 1 "$DORMOUSE" call nearest '{"point": [1, 2]}' --config "$SCRATCH/nearest.yaml"
says err "needed a vector of dimension 3, found 2"
