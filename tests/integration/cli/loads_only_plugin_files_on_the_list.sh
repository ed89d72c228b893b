#!/usr/bin/env bash
# The commands of docs/service.md, "Which plugin files may run", in order, print what is shown there; and no request
# reaches a file that is not on the list.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir -p "$SCRATCH/tree/plugins" "$SCRATCH/bin"
ln -s "$DORMOUSE" "$SCRATCH/bin/dormouse"
export PATH="$SCRATCH/bin:$PATH"
cd "$SCRATCH/tree" || exit
install -m 644 "$PLUGINS/echo.so" plugins/echo.so
cat > components.yaml << YAML
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
YAML

normal() { sed -E 's/[0-9a-f]{64}/HASH/g'; }
run_and_compare() {
  [ -n "$command" ] || return 0
  (eval "$command") > "$SCRATCH/printed" 2>&1 || { cat "$SCRATCH/printed" >&2; fail "exit $?: $command"; }
  diff "$SCRATCH/shown" <(normal < "$SCRATCH/printed") > "$SCRATCH/difference" ||
    { cat "$SCRATCH/difference" >&2; fail "docs/service.md shows '<', '$command' prints '>'"; }
  count=$((count + 1))
}
count=0 command=''
while IFS= read -r line <&3; do
  if [ "${line#\$ }" != "$line" ]; then
    run_and_compare
    command="${line#\$ }"
    : > "$SCRATCH/shown"
    # A request is answered as long as the file is the one of the list.
    [ "$count" != 3 ] || expect 0 "$DORMOUSE" call echo '{"text":"x"}' -c host.yaml
  else
    printf '%s\n' "$line" >> "$SCRATCH/shown"
  fi
done 3< <(sed -n '/^## Which plugin files may run/,$p' "$SOURCE/docs/service.md" | sed -n '/^```console$/,/^```$/{/^```/d;p}')
run_and_compare
same "$count" 5

expect 1 "$DORMOUSE" call echo '{"text":"x"}' -c host.yaml
says err 'is not on the allow-list' "$(sha256sum plugins/echo.so | cut -c 1-64)"
# Into a host that runs: the file that was loaded stays, the changed one is refused.
install -m 644 "$PLUGINS/echo.so" plugins/echo.so
start_host host.yaml
ask "$DATA/v1/pipelines/echo" -d '{"text":"x"}' > "$SCRATCH/out"
same "$(jq -r .text "$SCRATCH/out")" x
cp plugins/echo.so other.so
printf x >> other.so
mv other.so plugins/echo.so
expect 0 "$DORMOUSE" ctl unload echo --wait 10s
ask "$DATA/v1/pipelines/echo" -d '{"text":"x"}' -o "$SCRATCH/out" -w '%{http_code}' > "$SCRATCH/status"
same "$(cat "$SCRATCH/status")" 503
says host.err 'is not on the allow-list'
stop_host
same "$HOST_EXIT" 0
