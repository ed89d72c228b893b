#!/usr/bin/env bash
# Includes follow the order of the boxes (ARCHITECTURE.md section 3): a box sees those it is listed with and nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

declare -A SEES=(
  [base]="base"
  [exec]="exec base"
  [components]="components exec base dormouse"
  [cache]="cache components exec base dormouse"
  [pipeline]="pipeline cache components exec base dormouse"
  [http]="http pipeline cache components exec base dormouse"
  [config]="config http pipeline cache components exec base dormouse"
  [cli]="cli config http pipeline cache components exec base dormouse"
)
# A library and the only boxes that may see it, as "PATTERN BOX...".
SEEN_BY=(
  'lua.*\.(h|hpp) pipeline'
  'yaml-cpp/ config'
  'CLI/ cli'
  'libelf\.h|gelf\.h components'
  'boost/beast http cli'
)

faults=0
complain() {
  printf '%s\n' "$*" >&2
  faults=$((faults + 1))
}

for box in "${!SEES[@]}"; do
  [ -d "host/$box" ] || continue
  allowed="${SEES[$box]}"
  while IFS=: read -r file line text; do
    include="$(sed -E 's/.*#include "([^"]*)".*/\1/' <<< "$text")"
    target="${include%%/*}"
    [ "$target" = "$include" ] && continue  # generated, beside the file
    [[ " $allowed " = *" $target "* ]] ||
      complain "$file:$line: '$box' must not see '$target' (it sees: $allowed). Move the code to the box that may, or" \
        "let the lower box take what it needs as an argument."
  done < <(grep -rnE '^#include "' "host/$box" || true)
done

for rule in "${SEEN_BY[@]}"; do
  pattern="${rule%% *}"
  allowed="${rule#* }"
  while IFS=: read -r file line _; do
    box="$(cut -d/ -f2 <<< "$file")"
    [[ " $allowed " = *" $box "* ]] ||
      complain "$file:$line: this library is seen by $allowed only. Wrap what you need in a header of that box."
  done < <(grep -rnE "^#include <($pattern)" host || true)
done

# A plugin relies on plugin-api alone: neither the host nor another plugin.
while IFS=: read -r file line text; do
  complain "$file:$line: a plugin includes plugin-api (\"dormouse/...\") and its own folder only, not: $text"
done < <(grep -rnE '^#include "(base|exec|components|cache|pipeline|http|config|cli|plugins)/' plugins examples 2> /dev/null || true)

[ "$faults" = 0 ] || { echo "$faults includes against the arrows of ARCHITECTURE.md section 3" >&2; exit 1; }
