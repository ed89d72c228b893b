#!/usr/bin/env bash
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
code=0
"$DORMOUSE" call echo '{"text":"hello"}' --config "$SCRATCH/echo.yaml" > /dev/full 2> "$SCRATCH/err" || code=$?
same "$code" 1
says err 'No space left'
