#!/usr/bin/env bash
# A state folder that cannot be made ends the start with 4 and the reason.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
mkdir -m 0555 "$SCRATCH/closed"
chmod 0755 "$SCRATCH"
run=("$DORMOUSE" run --config "$SCRATCH/echo.yaml")
if [ "$(id -u)" = 0 ]; then
  run=(setpriv --reuid=65534 --regid=65534 --clear-groups "${run[@]}")
  "${run[@]:0:4}" test -x "$DORMOUSE" || skip "the build folder is closed to other users"
fi
expect 4 env DORMOUSE_HOST__STATE_DIR="$SCRATCH/closed/state" "${run[@]}"
says err "$SCRATCH/closed/state" ermission
