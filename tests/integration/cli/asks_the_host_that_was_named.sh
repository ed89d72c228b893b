#!/usr/bin/env bash
# `ctl` asks the first host that is named, in the documented order, and no other; a document for programs tells failures.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
expect 0 "$DORMOUSE" ctl status

# A folder without a host is no reason to ask the host of the default folder.
expect 5 "$DORMOUSE" ctl --state-dir /nowhere status
says err "dormouse: state folder '/nowhere': no host runs on it"
says_not out version
expect 5 "$DORMOUSE" ctl --state-dir /nowhere status --json
same "$(jq -r .code "$SCRATCH/out")" unavailable
expect 5 "$DORMOUSE" ctl --state-dir /nowhere load echo
same "$(state_of echo)" absent

# In order: --url, --state-dir, --config, $DORMOUSE_URL, $DORMOUSE_CONFIG.
expect 5 "$DORMOUSE" ctl status --url http://127.0.0.1:9 --state-dir "$SCRATCH/state"
expect 0 "$DORMOUSE" ctl status --state-dir "$SCRATCH/state" --config /nowhere.yaml
expect 0 env DORMOUSE_URL=http://127.0.0.1:9 "$DORMOUSE" ctl status --config "$SCRATCH/echo.yaml"
expect 5 env DORMOUSE_URL=http://127.0.0.1:9 DORMOUSE_CONFIG="$SCRATCH/echo.yaml" "$DORMOUSE" ctl status
expect 0 env DORMOUSE_URL="$CONTROL" DORMOUSE_CONFIG=/nowhere.yaml "$DORMOUSE" ctl status
expect 3 env DORMOUSE_CONFIG=/nowhere.yaml "$DORMOUSE" ctl status

# One rule for what goes where: results on stdout, refusals on stderr, one document with json.
expect 1 "$DORMOUSE" ctl components ehco
[ ! -s "$SCRATCH/out" ] || fail 'a refusal is on stdout'
says err "dormouse: component 'ehco': there is none of that name"
expect 1 "$DORMOUSE" ctl components ehco -o json
same "$(jq -r .code "$SCRATCH/out")" not_found
expect 0 "$DORMOUSE" ctl component echo -o name
same "$(cat "$SCRATCH/out")" echo
expect 0 "$DORMOUSE" ctl components show echo -o json
same "$(jq -r .name "$SCRATCH/out")" echo
expect 0 "$DORMOUSE" ctl caches
[ ! -s "$SCRATCH/out" ] || fail 'an empty list is on stdout'
says err 'dormouse: there are no caches'
expect 2 "$DORMOUSE" ctl status -o xml
expect 2 "$DORMOUSE" ctl reload echo --only scripts
says err '--only: is no flag of this command'
expect 7 env DORMOUSE_TOKEN=wrong "$DORMOUSE" ctl reload --dry-run
stop_host
