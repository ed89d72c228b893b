#!/usr/bin/env bash
# Who did what: each verb leaves one line with role, token, peer, object and outcome, refused ones too; a refused token is
# an event, and its text is nowhere.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
start_host "$SCRATCH/echo.yaml"
for verb in load pin unload unpin trim unload; do "$DORMOUSE" ctl "$verb" echo > /dev/null 2>&1 || true; done
token="$(cat "$SCRATCH/state/token")"
ask -X POST -H "Authorization: Bearer $token" "$CONTROL/v1/scripts/reload?reason=night%20shift" > /dev/null
ask -X POST -H "Authorization: Bearer $token" "$CONTROL/v1/plugins/scan" > /dev/null
expect 1 "$DORMOUSE" ctl operations cancel op-7
same "$(ask -o /dev/null -w '%{http_code}' -X POST -H 'Authorization: Bearer not-the-token' \
  "$CONTROL/v1/components/echo/load")" 401
ask "$CONTROL/v1/events?format=json" | jq -e '.events[] | select(.kind == "access.refused")' > /dev/null ||
  fail "no event of the refused token"
stop_host
sed -n 's/^[^ ]* info audit //p' "$SCRATCH/host.err" | sed 's/ peer=127\.0\.0\.1:[0-9]*//' > "$SCRATCH/out"
cat > "$SCRATCH/wanted" << 'TEXT'
echo verb=load role=admin token=local outcome=done
echo verb=pin role=admin token=local outcome=done
echo verb=unload role=admin token=local outcome=failed_precondition
echo verb=unpin role=admin token=local outcome=done
echo verb=trim role=admin token=local outcome=done
echo verb=unload role=admin token=local outcome=done
scripts verb=reload role=admin token=local outcome=done reason="night shift"
plugins verb=scan role=admin token=local outcome=done
op-7 verb=cancel role=admin token=local outcome=not_found
TEXT
diff "$SCRATCH/wanted" "$SCRATCH/out" || fail "not these lines"
says host.err 'warn access.refused control peer=127.0.0.1:'
says_not host.err not-the-token "$token"
