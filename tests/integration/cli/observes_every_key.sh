#!/usr/bin/env bash
# Every key of configuration, pools, caches and manifests changes something that a test observes. The keys come from the
# tables that the parsers use; observed_keys.tsv says for each which test observes it. A key without a row is red, and so is
# a row whose test is not there, does not mention the key, or whose key no parser knows.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"

# ---- what the parsers know ----
config_keys() {
  "$DORMOUSE" check --print-reference | awk '
    /^#     [a-z_]+: / { key = $2; sub(":.*", "", key); print "components." key; next }
    /^ *#/ || /^ *$/ { next }
    { match($0, /^ */); depth = RLENGTH / 2; key = $1; sub(":.*", "", key); path[depth] = key
      if ($0 ~ /: *$/ || $0 ~ /^components:/) next
      name = path[0]; for (i = 1; i <= depth; i++) name = name "." path[i]; print name }'
}
# known_keys PREFIX LUA: what the error of an unknown key lists.
known_keys() {
  echo "local dm = require 'dormouse'; $2" > "$SCRATCH/keys.lua"
  { "$DORMOUSE" check --config "$SCRATCH/keys.yaml" 2>&1 || true; } | sed -n "s/.*known are //p" |
    grep -oE "'[a-z_]+'" | tr -d "'" | sed "s/^/$1/"
}
config keys.yaml << YAML
scripts: {policies: "$SCRATCH/keys.lua"}
YAML
manifest_keys() {
  tr '\n' ' ' < "$SOURCE/host/artifacts/manifest.cc" | grep -oE 'is_object\( *\{[^}]*\}' | grep -oE '"[a-z_]+"' | tr -d '"' |
    sort -u | sed 's/^/manifest./'
}
{
  config_keys
  known_keys pool. 'dm.pool("*", { qqqqqqqqqqqq = 1 })' | grep -v '^pool.idle$'
  known_keys pool.idle. 'dm.pool("*", { idle = { qqqqqqqqqqqq = 1 } })'
  known_keys cache. 'dm.cache("c", { qqqqqqqqqqqq = 1 })' | grep -v '^cache.admission$'
  known_keys cache.admission. 'dm.cache("c", { admission = { qqqqqqqqqqqq = 1 } })'
  manifest_keys
} | sort > "$SCRATCH/known"
# Were the enumeration broken, nothing would be red.
for prefix in host.data. host.control. host.log. plugins. scripts. components. pool. pool.idle. cache. cache.admission. manifest.; do
  grep -q "^$prefix" "$SCRATCH/known" || fail "no key of $prefix was found: the enumeration is broken"
done
[ "$(wc -l < "$SCRATCH/known")" -ge 100 ] || fail "only $(wc -l < "$SCRATCH/known") keys were found"

# ---- and what observes them ----
table="$(dirname "${BASH_SOURCE[0]}")/observed_keys.tsv"
grep -v '^#' "$table" | cut -f1 | sort > "$SCRATCH/rows"
diff "$SCRATCH/known" "$SCRATCH/rows" > "$SCRATCH/out" ||
  fail "keys without an observing test (<), or rows without a key (>): write the test, and its row in observed_keys.tsv"

# body FILE NAME: of one test; of a script all of it.
body() {
  case "$1" in
    *.sh) cat "$SOURCE/$1" ;;
    *) awk -v name="TEST_CASE(\"$2\"" 'index($0, "TEST_CASE(") == 1 { on = index($0, name) == 1 } on' "$SOURCE/$1" ;;
  esac
}
# shellcheck disable=SC2094  # the table is only read
while IFS=$'\t' read -r key file name word; do
  case "$key" in '#'* | '') continue ;; esac
  [ -f "$SOURCE/$file" ] || fail "$key: there is no $file"
  body "$file" "$name" > "$SCRATCH/body"
  [ -s "$SCRATCH/body" ] || fail "$key: $file has no test '$name'"
  grep -qw -- "${word:-${key##*.}}" "$SCRATCH/body" || fail "$key: '$name' of $file does not mention '${word:-${key##*.}}'"
  case "$file" in
    tests/integration/cli/*.sh)
      script="$(basename "$file" .sh)"
      grep -qx "  $script)\?" "$SOURCE/tests/integration/cli/CMakeLists.txt" || fail "$key: $script is run by nobody"
      ;;
  esac
done < "$table"
