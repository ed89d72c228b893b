#!/usr/bin/env bash
# A real Prometheus with the configuration in examples/monitoring scrapes a host, and answers what it counted.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
PROMTOOL="$(prometheus_tool promtool)" || skip "no promtool; ./dev test fetches it"
PROMETHEUS="$(prometheus_tool prometheus)" || skip "no prometheus; ./dev test fetches it"

"$PROMTOOL" check config "$SOURCE/examples/monitoring/prometheus.yml" > "$SCRATCH/out" 2>&1 || fail "promtool refuses the configuration"
"$PROMTOOL" check rules "$SOURCE/examples/monitoring/alerts.yml" > "$SCRATCH/out" 2>&1 || fail "promtool refuses the alerts"
says out 'SUCCESS: 5 rules found'

config monitored.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}, monitor: {plugin: monitor}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
host: {memory: {limit: 2MiB}}
YAML
start_host "$SCRATCH/monitored.yaml"

# The example, with this host as its target and no patience.
cp "$SOURCE/examples/monitoring/alerts.yml" "$SCRATCH/alerts.yml"
sed -i 's/for: [0-9]*m/for: 0s/' "$SCRATCH/alerts.yml"
sed -e "s/127.0.0.1:8081/${CONTROL#http://}/" -e 's/scrape_interval: 15s/scrape_interval: 200ms\n  evaluation_interval: 200ms/' \
  "$SOURCE/examples/monitoring/prometheus.yml" > "$SCRATCH/prometheus.yml"
for port in $(shuf -i 20000-29999 -n 20); do
  "$PROMETHEUS" --config.file="$SCRATCH/prometheus.yml" --storage.tsdb.path="$SCRATCH/tsdb" --log.level=warn \
    --web.listen-address="127.0.0.1:$port" > "$SCRATCH/prometheus.log" 2>&1 &
  server=$!
  HOST_PIDS+=("$server")
  for _ in $(seq 100); do
    curl -s --max-time 5 "http://127.0.0.1:$port/-/ready" > /dev/null && break 2
    kill -0 "$server" 2> /dev/null || break
    sleep 0.1
  done
done
kill -0 "$server" 2> /dev/null || fail "prometheus does not start: $(cat "$SCRATCH/prometheus.log")"

# answers QUERY: the value of its only series.
answers() {
  curl -s --max-time 10 "http://127.0.0.1:$port/api/v1/query" --data-urlencode "query=$1" > "$SCRATCH/out"
  jq -r '.data.result[0].value[1] // "none"' "$SCRATCH/out"
}
# until_answers QUERY VALUE: at most 30 s.
until_answers() {
  local _
  for _ in $(seq 150); do
    [ "$(answers "$1")" = "$2" ] && return
    sleep 0.2
  done
  fail "prometheus answers $(answers "$1"), not $2, to $1"
}
echoes() {
  local _
  for _ in $(seq "$1"); do ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}' > "$SCRATCH/out"; done
}

OK='dormouse_stage_outcomes_total{job="dormouse",pipeline="echo",stage="echo",outcome="ok"}'
until_answers 'up{job="dormouse"}' 1
echoes 7
until_answers "$OK" 7
until_answers 'dormouse_stage_seconds_count{stage="echo"}' 7
until_answers 'histogram_quantile(0.99, sum by (le) (dormouse_request_seconds_bucket)) > bool 0' 1
until_answers 'dormouse_component_state{component="echo",state="ready"}' 1
until_answers 'ALERTS{alertname="DormouseMemoryHigh",alertstate="firing"}' 1
until_answers 'count(ALERTS{alertname="DormouseDown"}) or vector(0)' 0

# It goes on over an unload of the monitor, which scrapes load again at once; no counter is ever seen to fall. That a scrape
# right after an unload is answered is asked by hand: Prometheus gives one 200 ms, which a busy machine may need for less.
for _ in 1 2 3; do
  "$DORMOUSE" ctl unload monitor --wait 5s > "$SCRATCH/out"
  same "$(ask -o "$SCRATCH/out" -w '%{http_code}' "$CONTROL/metrics")" 200
  echoes 1
done
until_answers "$OK" 10
until_answers "resets(${OK}[10m])" 0
until_answers 'up{job="dormouse"}' 1
