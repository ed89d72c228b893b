#!/usr/bin/env bash
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
expect 0 "$DORMOUSE" plugin list --config "$SCRATCH/echo.yaml"
says out PLUGIN echo
expect 0 "$DORMOUSE" plugin list --config "$SCRATCH/echo.yaml" --json
jq -e '.[] | select(.id == "echo") | .types[0].methods[0].name == "echo"' "$SCRATCH/out" > /dev/null || fail "no method echo"
for which in "$PLUGINS/echo.so" echo; do
  expect 0 "$DORMOUSE" plugin inspect "$which" --config "$SCRATCH/echo.yaml"
  says out 'echo 1.0.0' 'class: unmap' '{text: string}'
done
# What a setting may be is shown: choices, least and most.
expect 0 "$DORMOUSE" plugin inspect "$PLUGINS/cache-memory.so"
says out ALLOWED
# The words of the manifest's one_of, in its order, in their own row.
grep -qE '^eviction +string +s3-fifo, w-tinylfu, sieve, lru, gdsf +"s3-fifo" ' "$SCRATCH/out" || fail 'the choices of eviction are not shown'
expect 0 "$DORMOUSE" plugin inspect "$PLUGINS/cache-memory.so" --json
same "$(jq -c '.types[0].settings[] | select(.name == "eviction") | [.type, .default, .one_of]' "$SCRATCH/out")" \
  '["string","s3-fifo",["s3-fifo","w-tinylfu","sieve","lru","gdsf"]]'
expect 0 "$DORMOUSE" plugin inspect "$BAD_PLUGINS/well-behaved.so"
says out 'ms       int   0 to 60000' 'times    int   at least 0'
expect 0 "$DORMOUSE" plugin inspect "$BAD_PLUGINS/well-behaved.so" --json
same "$(jq -c '[.types[0].settings[] | [.name, .minimum, .maximum, .one_of]]' "$SCRATCH/out")" \
  '[["ms",0,60000,[]],["times",0,null,[]]]'
mkdir "$SCRATCH/bad"
chmod 0755 "$SCRATCH/bad"
head -c 4096 /dev/urandom > "$SCRATCH/bad/noise.so"
chmod 0644 "$SCRATCH/bad/noise.so"
expect 1 "$DORMOUSE" plugin inspect "$SCRATCH/bad/noise.so"
says out 'cannot be used'
expect 1 "$DORMOUSE" plugin inspect ehco --config "$SCRATCH/echo.yaml"
says err "echo"
