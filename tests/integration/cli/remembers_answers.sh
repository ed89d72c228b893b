#!/usr/bin/env bash
# Caches as script authors and operators meet them: a hit calls and loads nothing, equal requests fly together, a purge,
# another plugin file and other scripts make answers anew.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"

mkdir "$SCRATCH/plugins" "$SCRATCH/pipelines" "$SCRATCH/policies"
cp "$PLUGINS/echo.so" "$PLUGINS/cache-memory.so" "$SCRATCH/plugins/"
cat > "$SCRATCH/policies/caches.lua" << 'LUA'
local dm = require "dormouse"
dm.cache("answers", { ttl = "10m" })
LUA
cat > "$SCRATCH/pipelines/p.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("p", {
  input = { text = "string" },
  dm.stage("echo", { component = "echo", input = { text = dm.ref.request.text },
    cache = { use = "answers", tags = { "kb", dm.ref.request.text } } }),
  output = dm.ref.echo,
})
LUA
config caches.yaml << YAML
plugins: {path: "$SCRATCH/plugins"}
components: {echo: {plugin: echo}, cache.memory: {plugin: cache-memory}}
scripts: {pipelines: "$SCRATCH/pipelines", policies: "$SCRATCH/policies"}
YAML

# how TEXT: what the cache said to a request.
how() {
  ask "$DATA/v1/pipelines/p" -d "{\"text\":\"$1\"}" -D "$SCRATCH/headers" > "$SCRATCH/out"
  same "$(jq -r .text "$SCRATCH/out")" "$1"
  sed -n 's/.*desc="cache \([a-z]*\)[" ].*/\1/p' "$SCRATCH/headers"
}
ctl() {
  expect 0 "$DORMOUSE" ctl "$@"
}

expect 0 "$DORMOUSE" check --config "$SCRATCH/caches.yaml"
start_host "$SCRATCH/caches.yaml"
ctl caches
says out answers cache.memory
same "$(state_of cache.memory)" absent

# A cold cache costs nothing but the answer it could not keep.
ctl load cache.memory
same "$(how hello)" miss
same "$(how hello)" hit
same "$(how other)" miss
same "$(ask "$CONTROL/v1/caches/answers" | jq -c '[.hits, .misses, .values.entries, .store]')" '[1,2,2,"cache.memory"]'

# A hit neither loads the component nor needs its file.
ctl unload echo
same "$(how hello)" hit
same "$(state_of echo)" unloaded

# Purges: by tag, of nothing, of all; unknown names are told.
ctl caches purge answers --tag hello --dry-run
says out "would forget 1 entry, tag 'hello'"
ctl caches purge answers --tag nobodys --dry-run
says out "would forget 0 entries, tag 'nobodys'"
same "$(how hello)" hit
ctl caches purge answers --tag hello
says out "answers: 1 entry forgotten, tag 'hello'"
same "$(how other)" hit
same "$(how hello)" miss
ctl caches purge answers --dry-run
says out "would forget 2 entries"
ctl purge answers
says err "'ctl purge' is 'ctl caches purge' now"
says out "2 entries forgotten"
expect 1 "$DORMOUSE" ctl cache purge answrs
says err "did you mean 'answers'?"
same "$(ask -o /dev/null -w '%{http_code}' -X POST "$CONTROL/v1/caches/answers/purge")" 401

# Another file of the plugin, loaded or not, never serves what the old one said.
same "$(how hello)" miss
ctl unload echo
printf 'x' >> "$SCRATCH/plugins/echo.so"
ctl plugins scan
same "$(how hello)" miss
same "$(how hello)" hit

# Other scripts neither; after a rollback the old answers are there again.
sed -i 's/output = dm.ref.echo/output = dm.ref.echo, deadline = "5s"/' "$SCRATCH/pipelines/p.lua"
ctl reload
same "$(how hello)" miss
ctl rollback
same "$(how hello)" hit

# A smaller bound is in force at once; a cache that is declared no longer is empty and gone.
sed -i 's/ttl = "10m"/ttl = "10m", max_bytes = "64KiB", eviction = "lru"/' "$SCRATCH/policies/caches.lua"
ctl reload
how hello > /dev/null
same "$(ask "$CONTROL/v1/caches/answers" | jq .values.max_bytes)" 65536
sed -i 's/"lru"/"lur"/' "$SCRATCH/policies/caches.lua"
expect 3 "$DORMOUSE" ctl reload
says err "lur"

# What the cache held comes back with the component.
ctl unload cache.memory
same "$(ask "$CONTROL/v1/caches/answers" | jq .values)" null
stop_host
same "$HOST_EXIT" 0
