#!/usr/bin/env bash
# The commands of docs/unloading.md, in order, print what is shown there: a new plugin file is taken without a restart.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
tree="$SCRATCH/tree"
mkdir -p "$tree/plugins" "$tree/new" "$tree/build/bin"
ln -s "$DORMOUSE" "$tree/build/bin/dormouse"
install -m 644 "$PLUGINS/echo.so" "$tree/plugins/echo.so"
install -m 644 "$PLUGINS/echo.so" "$tree/new/echo.so"
echo "what follows the last section of an ELF file is nobody's" >> "$tree/new/echo.so"
cd "$tree" || exit
cat > host.yaml << YAML
plugins: {path: plugins}
components: {echo: {plugin: echo}}
scripts: {pipelines: "$SOURCE/examples/c/echo/echo.lua"}
YAML
start_host host.yaml
expect 0 "$DORMOUSE" ctl load echo

normal() { sed -E -e "s#$tree/##g" -e 's/ +/ /g' -e 's/ $//' -e 's/echo [0-9.]+ [0-9a-f]{12} /echo VERSION HASH /'; }

check_command() {
  [ -n "$command" ] || return 0
  (eval "$command") > "$SCRATCH/printed" 2>&1 || { cat "$SCRATCH/printed" >&2; fail "exit $?: $command"; }
  diff <(normal < "$SCRATCH/shown") <(normal < "$SCRATCH/printed") > "$SCRATCH/difference" ||
    { cat "$SCRATCH/difference" >&2; fail "docs/unloading.md shows '<', '$command' prints '>'"; }
  count=$((count + 1))
}

count=0 command=''
: > "$SCRATCH/shown"
while IFS= read -r line <&3; do
  if [ "${line#\$ }" != "$line" ]; then
    check_command
    command="${line#\$ }"
    : > "$SCRATCH/shown"
  else
    printf '%s\n' "$line" >> "$SCRATCH/shown"
  fi
done 3< <(sed -n '/^```console$/,/^```$/{/^```/d;p}' "$SOURCE/docs/unloading.md")
check_command
same "$count" 4
same "$(find "$SCRATCH/state/libs" -name echo.so | wc -l)" 2
stop_host
same "$HOST_EXIT" 0
