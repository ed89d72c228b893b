#!/usr/bin/env bash
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
mkdir -m 0755 "$SCRATCH/state"
expect 4 "$DORMOUSE" run --config "$SCRATCH/echo.yaml"
says err "$SCRATCH/state" 0755
