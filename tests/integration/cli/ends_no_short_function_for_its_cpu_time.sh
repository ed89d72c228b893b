#!/usr/bin/env bash
# Requests that come in step with the kernel's clock make ticks of a CPU timer come late and many at once. A short
# function after seconds of such requests has all its CPU time: on one reactor, rounds of 250 requests/s, then one
# function of 7 ms. Short here; `./dev check --long` runs all ten rounds of three seconds.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
rounds="${DORMOUSE_TICK_ROUNDS:-3}" requests="${DORMOUSE_TICK_REQUESTS:-250}"
cat > "$SCRATCH/short.lua" << 'LUA'
local dm = require "dormouse"
return dm.pipeline("short", {
  input = { loops = "int" },
  dm.stage("f", { run = function(ctx)
    local sum = 0
    for i = 1, ctx.request.loops do sum = sum + i % 7 end
    return sum
  end }),
  output = { sum = dm.ref.f },
})
LUA
config short.yaml << YAML
host: {threads: 1}
plugins: {path: "$PLUGINS"}
components: {monitor: {plugin: monitor}}
scripts: {pipelines: "$SCRATCH/short.lua"}
YAML
start_host "$SCRATCH/short.yaml"
python3 - "${DATA##*:}" "$rounds" "$requests" << 'PYTHON' || fail "a short function was not answered 200"
import http.client, sys, time
port, rounds, requests = map(int, sys.argv[1:])
client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

def ask(loops):
    client.request("POST", "/v1/pipelines/short", body='{"loops":%d}' % loops)
    answer = client.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        sys.exit("%d %s" % (answer.status, text))

ask(1000)
for round in range(rounds):
    at = time.monotonic()
    for _ in range(requests):
        ask(60000)  # some 0.8 ms: never running when the kernel looks at its timers, or always
        at += 0.004
        time.sleep(max(0, at - time.monotonic()))
    ask(500000)  # some 7 ms
PYTHON
ask "$CONTROL/metrics" > "$SCRATCH/out"
grep -E '^dormouse_lua_budget_exceeded_total(\{\})? 0$' "$SCRATCH/out" > /dev/null || fail "an entry ended for its CPU time"
stop_host TERM
same "$HOST_EXIT" 0
