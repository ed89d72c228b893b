#!/usr/bin/env bash
# mirror.sh refuses a source with neither a test of its name nor a reason, and lines of reasons that are not true.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
tree="$(mktemp -d /tmp/dormouse-mirror-XXXXXX)"
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/host/components "$tree"/host/pipeline/kinds "$tree"/tests/{style,unit/components,integration}
touch "$tree"/host/components/{gate,library}.cc "$tree"/tests/unit/components/gate_test.cc "$tree"/tests/integration/library_test.cc

# reasons LINE...: the list.
reasons() { printf '%b\n' '# source<TAB>reason' "$@" > "$tree/tests/style/mirror.txt"; }
passes() { "$here/mirror.sh" "$tree" || { echo "mirror.sh refuses: $1" >&2 && exit 1; }; }
refuses() {
  if "$here/mirror.sh" "$tree" 2> "$tree/said"; then echo "mirror.sh lets pass: $1" >&2 && exit 1; fi
  grep -qF "$2" "$tree/said" || { echo "mirror.sh does not say what it should of: $1" >&2 && cat "$tree/said" >&2 && exit 1; }
}

library='host/components/library.cc\tmaps a shared object: tests/integration/library_test.cc.'
reasons "$library"
passes 'a test and a reason'
reasons
refuses 'a source with neither' 'host/components/library.cc: there is no tests/unit/components/library_test.cc'
reasons 'host/components/library.cc\t'
refuses 'a line without a reason' 'host/components/library.cc has no reason'
reasons "${library/library_test/lost_test}"
refuses 'a reason that names a lost test' 'names tests/integration/lost_test.cc, which is not there'
reasons "$library" 'host/components/gone.cc\tmaps a shared object'
refuses 'a line of a lost source' 'there is no host/components/gone.cc'
reasons "$library" 'host/components/gate.cc\tis small'
refuses 'a line of a source with a test' 'host/components/gate.cc has a test of its name'
touch "$tree"/host/pipeline/kinds/stage.cc
reasons "$library"
refuses 'a source in a folder of a box' 'there is no tests/unit/pipeline/kinds/stage_test.cc'
