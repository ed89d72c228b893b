#!/usr/bin/env bash
# What ARCHITECTURE.md designs and the tree lacks stands in its section 16, "Not yet"; what the tree has does not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

PROMISED=(
  'host/isolation' 'plugin-api/dormouse/ext/persist.h' 'examples/cpp' 'examples/rust' 'scripts/tests' 'scripts/dormouse.d.lua'
  'tests/browser' 'docs/legacy.md' 'plugins/docs-*' 'plugins/gateway-*' 'plugins/cache-redis' 'plugins/cache-disk' 'plugins/state-*'
)
not_yet="$(sed -n '/^## 16\. Not yet/,$p' ARCHITECTURE.md)"
[ -n "$not_yet" ] || { echo "ARCHITECTURE.md: there is no section '## 16. Not yet'" >&2; exit 1; }

faults=0
for path in "${PROMISED[@]}"; do
  said=no there=no
  case "$not_yet" in *"\`$path\`"*) said=yes ;; esac
  # shellcheck disable=SC2086  # a pattern
  compgen -G $path > /dev/null && there=yes
  case "$said $there" in
    'no no') echo "ARCHITECTURE.md, section 16: \`$path\` is designed and not there; add its row, or take it out of the design" >&2 ;;
    'yes yes') echo "ARCHITECTURE.md, section 16: \`$path\` is there now; take its row out" >&2 ;;
    *) continue ;;
  esac
  faults=$((faults + 1))
done
[ "$faults" = 0 ]
