#!/usr/bin/env bash
# A folder of scripts that cannot be read is a fault and no empty folder: for check, for a start, and for a reload, after
# which the old generation serves on.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
chmod 0755 "$SCRATCH"
mkdir -m 0755 "$SCRATCH/pipelines" "$SCRATCH/policies" "$SCRATCH/plugins"
# Plugins of one's own: the host that runs as another user takes none of root's.
cp "$PLUGINS/echo.so" "$SCRATCH/plugins"
cp "$SOURCE/examples/c/echo/echo.lua" "$SCRATCH/pipelines"
config host.yaml << YAML
plugins: {path: "$SCRATCH/plugins"}
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SCRATCH/pipelines", policies: "$SCRATCH/policies"}
YAML
mkdir -m 0700 "$SCRATCH/state"
if [ "$(id -u)" = 0 ]; then
  printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups "%s" "$@"\n' "$DORMOUSE" > "$SCRATCH/dormouse"
  chmod 0755 "$SCRATCH/dormouse"
  chown -R 65534:65534 "$SCRATCH/state" "$SCRATCH/plugins" "$HOME"
  "$SCRATCH/dormouse" --version > /dev/null || skip "the build folder is closed to other users"
  DORMOUSE="$SCRATCH/dormouse"
fi

for folder in pipelines policies; do
  chmod 0000 "$SCRATCH/$folder"
  for command in check run; do
    expect 3 "$DORMOUSE" "$command" --config "$SCRATCH/host.yaml"
    says err "$SCRATCH/$folder: cannot read this folder: no permission"
  done
  chmod 0755 "$SCRATCH/$folder"
done

start_host "$SCRATCH/host.yaml"
for folder in pipelines policies; do
  chmod 0000 "$SCRATCH/$folder"
  for how in "" --dry-run; do
    # shellcheck disable=SC2086
    expect 3 "$DORMOUSE" ctl reload $how
    says err "$SCRATCH/$folder: cannot read this folder: no permission"
  done
  token="Authorization: Bearer $(cat "$SCRATCH/state/token")"
  same "$(ask -o /dev/null -w '%{http_code}' -X POST -H "$token" "$CONTROL/v1/scripts/reload")" 409
  same "$(ask -d '{"text":"hello"}' "$DATA/v1/pipelines/echo" | jq -r .text)" hello
  same "$(ask "$CONTROL/v1/status" | jq .generation)" 1
  chmod 0755 "$SCRATCH/$folder"
done
stop_host
same "$HOST_EXIT" 0
