#!/usr/bin/env bash
# A descriptor limit below host.data.connections_max lowers that, says both numbers, and requests are served.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
config echo.yaml << YAML
host: {threads: 1, data: {connections_max: 5000}}
plugins: {path: "$PLUGINS"}
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
YAML
printf '#!/bin/sh\nulimit -n 256\nexec "%s" "$@"\n' "$DORMOUSE" > "$SCRATCH/limited"
chmod +x "$SCRATCH/limited"
DORMOUSE="$SCRATCH/limited" start_host "$SCRATCH/echo.yaml"
says host.err "host.data.connections_max is 5000, but the limit of 256 descriptors has room for 24"
same "$(ask "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')" '{"text":"hello"}'
stop_host
same "$HOST_EXIT" 0
