#!/usr/bin/env bash
# A plugin that is not there is an error of check, and of the requests that need it; everything else is served.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
config x.yaml << YAML
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}, gone: {plugin: ehco}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
YAML
expect 3 "$DORMOUSE" check --config "$SCRATCH/x.yaml"
says err "$SCRATCH/x.yaml:2:" "ehco" "did you mean 'echo'"
start_host "$SCRATCH/x.yaml"
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
expect 1 "$DORMOUSE" ctl load gone
says err ehco
same "$(state_of gone)" failed
stop_host
same "$HOST_EXIT" 0
