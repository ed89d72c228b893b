#!/usr/bin/env bash
# The answer of call is the answer of HTTP; refusals too.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
expect 0 "$DORMOUSE" call echo '{"text":"grüße"}' --config "$SCRATCH/echo.yaml"
same "$(cat "$SCRATCH/out")" '{"text":"grüße"}'
echo '{"text":"from a pipe"}' | timeout 60 "$DORMOUSE" call echo - --config "$SCRATCH/echo.yaml" > "$SCRATCH/out"
same "$(cat "$SCRATCH/out")" '{"text":"from a pipe"}'
expect 0 "$DORMOUSE" call echo '{"text":"x"}' --stages --config "$SCRATCH/echo.yaml"
says err STAGE echo ok
expect 1 "$DORMOUSE" call echo '{"txet":1}' --config "$SCRATCH/echo.yaml"
says err txet
expect 1 "$DORMOUSE" call ehco '{}' --config "$SCRATCH/echo.yaml" --json
same "$(jq -r .code "$SCRATCH/out")" not_found
start_host "$SCRATCH/echo.yaml"
same "$(ask "$DATA/v1/pipelines/echo" -d '{"txet":1}' | jq -c '[.code,.object]')" \
  "$(env DORMOUSE_HOST__STATE_DIR="$SCRATCH/other" "$DORMOUSE" call echo '{"txet":1}' --config "$SCRATCH/echo.yaml" --json | jq -c '[.code,.object]')"
stop_host
