#!/bin/sh
# plugin_file.sh PLUGIN MANIFEST: the file is built the way unloading needs it (CONTRACT.md, "The file").
set -eu
plugin=$1 manifest=$2
fail() { echo "$plugin: $1"; exit 1; }

exported=$(readelf -W --dyn-syms "$plugin" | awk '$7 != "UND" && $5 != "LOCAL" && $1 ~ /^[0-9]+:$/ { print $8 }')
[ "$exported" = dormouse_plugin ] || fail "exports more or less than dormouse_plugin: $exported"

readelf -W --syms --dyn-syms "$plugin" | grep -w UNIQUE && fail "has GNU-unique symbols"
readelf -W --dynamic "$plugin" | grep -q NODELETE && fail "is marked NODELETE"
readelf -W --dynamic "$plugin" | grep -q STATIC_TLS && fail "has static TLS"

copy=$(mktemp)
trap 'rm -f "$copy"' EXIT
objcopy -O binary --only-section=.dormouse.manifest "$plugin" "$copy" 2>/dev/null || true
cmp "$copy" "$manifest" || fail "section .dormouse.manifest is not the manifest"

mode=$(stat -c %a "$plugin") folder=$(stat -c %a "$(dirname "$plugin")")
[ "$mode$folder" = 755755 ] || fail "mode $mode in a folder of mode $folder: needed 755 and 755"
