#!/usr/bin/env bash
# A story of operators: memory is short. `ctl memory` says who holds it; what is pinned says why it does not go; unpinned it
# goes at once, and the history says when.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
expect 0 "$DORMOUSE" ctl load echo
expect 0 "$DORMOUSE" ctl pin echo --reason 'ticket 12: slow to load'
expect 0 "$DORMOUSE" ctl memory
says out 'process  ' ' resident, ' 'limit    ' 'COMPONENT' 'echo       ready'
expect 0 "$DORMOUSE" ctl memory echo
says out echo
expect 6 "$DORMOUSE" ctl unload echo --dry-run
says err "component 'echo': is pinned" 'unpin it first'
expect 6 "$DORMOUSE" ctl unload echo --wait 10s
says err 'unpin it first'
expect 0 "$DORMOUSE" ctl status
says out '  pinned echo ' 'by local: ticket 12: slow to load' 'dormouse ctl unpin echo'
expect 0 "$DORMOUSE" ctl unpin echo
says out 'echo: unpinned'
expect 0 "$DORMOUSE" ctl unload echo --dry-run
says out 'echo: would unload it'
expect 0 "$DORMOUSE" ctl unload echo --wait 10s
says out 'echo: unloaded'
expect 0 "$DORMOUSE" ctl unload echo --wait 10s
says out 'nothing of it is in memory'
expect 0 "$DORMOUSE" ctl memory --history --since 1h
says out SAMPLE RETURNED
expect 2 "$DORMOUSE" ctl memory --since never
expect 1 "$DORMOUSE" ctl memory ehco
stop_host
