#!/usr/bin/env bash
# A cache that the policies no longer name gives its memory back to the system, while the component that kept it stays
# loaded for other caches.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"

mkdir "$SCRATCH/pipelines" "$SCRATCH/policies"
# version CACHE: a generation whose pipeline keeps its answers there.
version() {
  cat > "$SCRATCH/policies/caches.lua" << LUA
local dm = require "dormouse"
dm.cache("$1", { ttl = "10m", max_bytes = "128MiB" })
LUA
  cat > "$SCRATCH/pipelines/p.lua" << LUA
local dm = require "dormouse"
return dm.pipeline("p", {
  input = { text = "string" },
  dm.stage("echo", { component = "echo", input = { text = dm.ref.request.text }, cache = { use = "$1" } }),
  output = dm.ref.echo,
})
LUA
}
config caches.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}, cache.memory: {plugin: cache-memory}}
scripts: {pipelines: "$SCRATCH/pipelines", policies: "$SCRATCH/policies"}
YAML

# fill: a thousand answers of 50 KB, from 0 on.
fill() {
  python3 - "${DATA##*:}" << 'PYTHON'
import http.client, sys
client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
for i in range(1000):
    client.request("POST", "/v1/pipelines/p", body='{"text":"%05d%s"}' % (i, "x" * 50000))
    answer = client.getresponse()
    if len(answer.read()) < 50000 or answer.status != 200:
        sys.exit("request %d: %d" % (i, answer.status))
PYTHON
}
entries() {
  "$DORMOUSE" ctl caches --json | jq '[.. | .entries? | numbers] | add // 0'
}

version first
start_host "$SCRATCH/caches.yaml"
ask "$DATA/v1/pipelines/p" -d '{"text":"hello"}' > "$SCRATCH/out"
quiet="$(resident VmRSS)"
fill
[ "$(entries)" -ge 1000 ] || fail "the cache keeps only $(entries) answers"
[ "$(resident VmRSS)" -ge $((quiet + 40)) ] || fail "the cache took only $(resident VmRSS) MiB"

version second
expect 0 "$DORMOUSE" ctl reload
shrinks_below $((quiet + 20))
same "$(state_of cache.memory)" ready
same "$(entries)" 0
