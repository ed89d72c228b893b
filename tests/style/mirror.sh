#!/usr/bin/env bash
# Every source of these boxes has a unit test of its name (tests/unit/BOX/NAME_test.cc), or a line in tests/style/mirror.txt:
# the source, a tab, and where it is tested instead and why. A line that is not needed any more is refused as well.
#     mirror.sh [TREE]     default: this one; tests/style/mirror_refuse.sh gives it trees with a fault
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"

BOXES="components pipeline"
LIST=tests/style/mirror.txt

faults=0
complain() {
  echo "$*" >&2
  faults=$((faults + 1))
}
test_of() {
  local path="${1#host/}"
  echo "tests/unit/${path%.cc}_test.cc"
}

declare -A reason
while IFS=$'\t' read -r source why; do
  case "$source" in '' | '#'*) continue ;; esac
  reason[$source]="$why"
  if [ ! -e "$source" ]; then
    complain "$LIST: there is no $source. Take its line out."
  elif [ -e "$(test_of "$source")" ]; then
    complain "$LIST: $source has a test of its name. Take its line out."
  elif [ -z "$why" ]; then
    complain "$LIST: $source has no reason. Write a tab and the reason behind it."
  fi
  for named in $(grep -oE 'tests/[A-Za-z0-9_./]+[A-Za-z0-9]' <<< "$why" || true); do
    [ -e "$named" ] || complain "$LIST: the reason of $source names $named, which is not there."
  done
done < "$LIST"

for box in $BOXES; do
  [ -d "host/$box" ] || continue
  while read -r source; do
    [ -e "$(test_of "$source")" ] || [ -n "${reason[$source]+listed}" ] ||
      complain "$source: there is no $(test_of "$source"). Write it, or write the source, a tab and a reason into $LIST."
  done < <(find "host/$box" -name '*.cc' | sort)
done
[ "$faults" = 0 ] || { echo "$faults sources are not mirrored by a test" >&2; exit 1; }
