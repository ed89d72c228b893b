#!/usr/bin/env bash
# The limits of each listener come from its own keys: header and body, their times, the time of a request, and how long an
# idle connection stays.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
limits='header_bytes_max: 1KiB, body_bytes_max: 2KiB, header_timeout: 300ms, body_timeout: 300ms, idle_timeout: 300ms'
config limits.yaml << YAML
host: {data: {$limits}, control: {$limits}}
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
YAML
start_host "$SCRATCH/limits.yaml"
# talk URL TEXT: sends TEXT and prints what comes until the host closes; 20 s at most.
talk() {
  local address="${1#http://}"
  timeout 20 bash -c 'exec 3<> "/dev/tcp/${0%:*}/${0##*:}"; printf "%b" "$1" >&3; cat <&3' "$address" "$2" || true
}
for listener in "$DATA" "$CONTROL"; do
  path=/v1/pipelines/echo
  [ "$listener" = "$DATA" ] || path=/v1/scripts/reload
  token="Authorization: Bearer $(cat "$SCRATCH/state/token")"
  # header_bytes_max
  same "$(ask -o /dev/null -w '%{http_code}' -H "X: $(head -c 2000 /dev/zero | tr '\0' x)" "$listener/healthz")" 431
  # body_bytes_max
  same "$(head -c 3000 /dev/zero | tr '\0' x |
    ask -o /dev/null -w '%{http_code}' -H "$token" --data-binary @- "$listener$path")" 413
  # header_timeout, body_timeout: what has begun has to end.
  talk "$listener" 'GET /healthz HTTP/1.1\r\nHo' | head -1 | grep -q ' 408 ' || fail "no 408 for a header that stops"
  talk "$listener" "POST $path HTTP/1.1\r\nHost: localhost\r\n$token\r\nContent-Length: 10\r\n\r\n{" | head -1 |
    grep -q ' 408 ' || fail "no 408 for a body that stops"
  # idle_timeout: answered, and closed while nothing else is said. Without the limit this would be ended by `timeout`.
  talk "$listener" 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n' | head -1 | grep -q ' 200 ' || fail "no 200"
done
stop_host
