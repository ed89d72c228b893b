#!/usr/bin/env bash
# Wrong input at each step of operations and crashes: a name, a flag, two flags, a token, a port. Each ends with the exit
# code of docs/operating.md, says the reason on stderr in one line, prints nothing on stdout, and with json one document.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${BAD_PLUGINS:?}"
mkdir -m 0755 "$SCRATCH/plugins"
install -m 644 "$BAD_PLUGINS/slow-open.so" "$SCRATCH/plugins"
config slow.yaml << YAML
plugins: {path: "$SCRATCH/plugins"}
components: {slow: {plugin: slow-open, settings: {ms: 30000}}}
YAML
start_host "$SCRATCH/slow.yaml"

# refused CODE WORD COMMAND...
refused() {
  local code="$1" word="$2"
  shift 2
  expect "$code" "$@"
  [ ! -s "$SCRATCH/out" ] || fail "a refusal is on stdout: $*"
  says err "$word"
  [ "$code" = 2 ] || grep -q '^dormouse: ' "$SCRATCH/err" || fail "the refusal does not begin with 'dormouse: ': $*"
  [ "$code" = 2 ] || {
    expect "$code" "$@" -o json
    same "$(jq -s 'length' "$SCRATCH/out")" 1
    jq -e '.code and .title and .status' "$SCRATCH/out" > /dev/null || fail "no problem document: $*"
  }
}

for noun in operations crashes; do
  refused 1 'nowhere' "$DORMOUSE" ctl "$noun" nowhere
  refused 1 'nowhere' "$DORMOUSE" ctl "$noun" --after nowhere
  refused 1 'limit' "$DORMOUSE" ctl "$noun" --limit 0
  refused 1 'limit' "$DORMOUSE" ctl "$noun" --limit 1001
  refused 2 '--limit' "$DORMOUSE" ctl "$noun" --limit many
  refused 2 '--no-such' "$DORMOUSE" ctl "$noun" --no-such
  refused 2 '--limit' "$DORMOUSE" ctl "$noun" any --limit 1
  refused 2 '--json' "$DORMOUSE" ctl "$noun" --json -o text
  refused 2 'xml' "$DORMOUSE" ctl "$noun" -o xml
  refused 2 '--timeout' "$DORMOUSE" ctl "$noun" --timeout soon
  refused 5 '127.0.0.1:9' "$DORMOUSE" ctl "$noun" --url http://127.0.0.1:9
  refused 5 'no host runs on it' "$DORMOUSE" ctl "$noun" --state-dir /nowhere
done
# A flag that the other meaning of the word has, and a missing name.
refused 2 '--wait' "$DORMOUSE" ctl operations --wait 1s
refused 2 'NAME' "$DORMOUSE" ctl operations cancel
refused 2 '--wait' "$DORMOUSE" ctl operations op-1 --wait never
refused 1 'op-1' "$DORMOUSE" ctl operations cancel op-1
refused 1 'op-1' "$DORMOUSE" ctl operations cancel op-1 --dry-run

# Tokens: reads of operations are open, their cancel and all of crashes are not.
expect 0 "$DORMOUSE" ctl operations --url "$CONTROL"
refused 7 token "$DORMOUSE" ctl crashes --url "$CONTROL"
refused 7 token env DORMOUSE_TOKEN=wrong "$DORMOUSE" ctl crashes
refused 7 token "$DORMOUSE" ctl operations cancel op-1 --url "$CONTROL"
refused 7 token env DORMOUSE_TOKEN=wrong "$DORMOUSE" ctl operations cancel op-1 --dry-run

# What goes on is 8; taken back it is 0; and a client that does not wait for the answer is 5.
expect 8 "$DORMOUSE" ctl load slow --wait 50ms
id="$("$DORMOUSE" ctl operations -o name)"
expect 0 "$DORMOUSE" ctl operations "$id" --wait 50ms -o json
same "$(jq -r .state "$SCRATCH/out")" running
refused 5 '' "$DORMOUSE" ctl operations "$id" --wait 20s --timeout 100ms
expect 0 "$DORMOUSE" ctl operations cancel "$id"
stop_host

# Over HTTP: the status, and what is allowed.
echo_config
start_host "$SCRATCH/echo.yaml"
token="Authorization: Bearer $(cat "$SCRATCH/state/token")"
status() {
  ask -o "$SCRATCH/out" -w '%{http_code}' "$@"
}
same "$(status "$CONTROL/v1/operations/op-1")" 404
same "$(status "$CONTROL/v1/operations?limit=x")" 400
same "$(status "$CONTROL/v1/operations?lmit=1")" 400
says out "did you mean 'limit'"
same "$(status "$CONTROL/v1/operations/op-1?wait=never")" 400
same "$(status -X DELETE "$CONTROL/v1/operations/op-1")" 405
same "$(status -X POST "$CONTROL/v1/operations/op-1/cancel")" 401
same "$(status -X POST -H "$token" "$CONTROL/v1/operations/op-1/cancel")" 404
same "$(status "$CONTROL/v1/crashes")" 401
same "$(status -H "$token" "$CONTROL/v1/crashes/op-1")" 404
same "$(status -H "$token" "$CONTROL/v1/crashes")" 200
same "$(cat "$SCRATCH/out")" '{"crashes":[],"next":null}'
same "$(ask -I -o /dev/null -w '%{http_code}' "$CONTROL/v1/operations")" 200
stop_host
