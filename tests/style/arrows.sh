#!/usr/bin/env bash
# Includes follow the order of the boxes (ARCHITECTURE.md section 3): a box sees those it is listed with and nothing else.
#     arrows.sh [TREE]     default: this one; tests/style/arrows_refuse.sh gives it trees with a fault each
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"

# From the lowest box up: a box sees those before it.
BOXES="base exec values artifacts components cache graph script pipeline http config cli"
declare -A SEES
below=""
for box in $BOXES; do
  below="$box $below"
  SEES[$box]="$below"
  case "$box" in base | exec) ;; *) SEES[$box]+="dormouse" ;; esac  # plugin-api
done
# A library and the only boxes that may see it, as "PATTERN BOX...".
SEEN_BY=(
  'lua.*\.(h|hpp) script'
  'yaml-cpp/ config'
  'CLI/ cli'
  'libelf\.h|gelf\.h artifacts'
  'boost/beast http cli'
)

faults=0
complain() {
  printf '%s\n' "$*" >&2
  faults=$((faults + 1))
}

# includes FOLDER...: "file:line:path" of each, in whatever way it is written.
includes() {
  grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' "$@" 2> /dev/null |
    sed -E 's/^([^:]*:[0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*["<]([^">]*)[">].*/\1:\2/' || true
}

for box in "${!SEES[@]}"; do
  [ -d "host/$box" ] || continue
  allowed="${SEES[$box]}"
  while IFS=: read -r file line include; do
    target="${include%%/*}"
    # A system header, or generated beside the file.
    [ "$target" != ".." ] && [ ! -d "host/$target" ] && [ ! -d "plugins/$target" ] && continue
    [ "$target" = "$include" ] && continue
    [[ " $allowed " = *" $target "* ]] ||
      complain "$file:$line: '$box' must not see '$target' (it sees: $allowed). Move the code to the box that may, or" \
        "let the lower box take what it needs as an argument."
  done < <(includes "host/$box")
done

for rule in "${SEEN_BY[@]}"; do
  pattern="${rule%% *}"
  allowed="${rule#* }"
  while IFS=: read -r file line include; do
    [[ "$include" =~ ^($pattern) ]] || continue
    box="$(cut -d/ -f2 <<< "$file")"
    [[ " $allowed " = *" $box "* ]] || [[ "$include" = "$box"/* ]] ||
      complain "$file:$line: this library is seen by $allowed only. Wrap what you need in a header of that box."
  done < <(includes host)
done

# A plugin sees plugin-api, its own folder, and the folders without a manifest, which plugins share (nlu, search). Those
# see plugin-api and themselves. What a plugin includes by its name alone stands in its own folder.
for folder in plugins/*/ examples/*/*/; do
  folder="${folder%/}"
  [ -d "$folder" ] || continue
  while IFS=: read -r file line include; do
    target="${include%%/*}"
    own="$folder"
    # Beside the including file, in the plugin's folder, or further down in it.
    [ -e "$(dirname "$file")/$include" ] && [ "$target" != ".." ] && continue
    [ -e "$folder/$include" ] && [ "$target" != ".." ] && continue
    if [ "$target" = "$include" ]; then
      # A bare name that another plugin's folder has would come from there.
      other="$(find plugins -mindepth 2 -maxdepth 2 -name "$include" ! -path "$own/*" 2> /dev/null | head -n 1)"
      [ -z "$other" ] || complain "$file:$line: a plugin does not include another one's header: $include is $other."
      continue
    fi
    if [ -e "plugins/$target/manifest.json" ] && [ "plugins/$target" != "$folder" ] || [ "$target" = ".." ]; then
      complain "$file:$line: a plugin does not include another one: $include. What both need becomes a folder beside them" \
        "without a manifest, as plugins/nlu is."
    elif [ -d "plugins/$target" ] && [ "plugins/$target" != "$folder" ] && [ ! -e "$folder/manifest.json" ]; then
      complain "$file:$line: a folder that plugins share includes itself and plugin-api only, not: $include"
    elif [ "$target" = host ] || [ -d "host/$target" ] || [ "$target" = plugins ]; then
      complain "$file:$line: a plugin includes plugin-api (\"dormouse/...\") and its own folder only, not: $include"
    fi
  done < <(includes "$folder")
done

[ "$faults" = 0 ] || { echo "$faults includes against the arrows of ARCHITECTURE.md section 3" >&2; exit 1; }
