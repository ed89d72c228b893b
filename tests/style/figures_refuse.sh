#!/usr/bin/env bash
# figures.sh refuses a figure that differs, one that no command measured, another part, and a table without a mark.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
export FIGURES="$scratch/figures.tsv"
printf 'figure\tvalue\tdata\tsplit\tmeasured\nsets/one/F1\t95.2\tone\tdev\ttoday\nsets/one/rows\t1234\tone\tdev\ttoday\n' > "$FIGURES"

# readme MARK CELLS: a table with that mark and row.
readme() { printf '%s\n| set | F1 | rows | part |\n|---|---|---|---|\n| %s |\n' "$1" "$2" > "$scratch/README.md"; }
accepts() { ./figures.sh "$scratch/README.md" 2> "$scratch/err" || { cat "$scratch/err" >&2; exit 1; }; }
refuses() {
  if ./figures.sh "$scratch/README.md" 2> "$scratch/err"; then echo "figures.sh takes: $(cat "$scratch/README.md")" >&2; exit 1; fi
  grep -qF "$1" "$scratch/err" || { echo "figures.sh does not say '$1':" >&2; cat "$scratch/err" >&2; exit 1; }
}
readme '<!-- figures: sets -->' 'one | **95.2** | 1,234 | dev'
accepts
readme '<!-- figures: sets -->' 'one | 95.3 | | '
refuses 'sets/one/F1 is 95.2, shown is 95.3'
readme '<!-- figures: sets -->' 'two | 95.2 | | '
refuses 'sets/two/F1 is not in the file of figures'
readme '<!-- figures: sets -->' 'one | 95.2 | | test'
refuses 'sets/one was measured on "dev", shown is "test"'
readme '' 'one | 95.2 | | '
refuses 'a table with figures and no mark'
