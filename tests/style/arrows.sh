#!/usr/bin/env bash
# Includes follow the order of the boxes (ARCHITECTURE.md section 3): a box sees those below it and nothing else, and the
# files of one box see each other in no ring. A folder inside a box belongs to that box.
#     arrows.sh [TREE]     default: this one; tests/style/arrows_refuse.sh gives it trees with a fault each
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"

# From the lowest box up: a box sees those before it.
BOXES="base exec values artifacts components cache graph script pipeline http config cli"
# A library and the only boxes that may see it, as "PATTERN BOX...".
SEEN_BY=(
  'lua.*\.(h|hpp) script'
  'yaml-cpp/ config'
  'CLI/ cli'
  'libelf\.h|gelf\.h artifacts'
  'boost/beast http cli'
)

declare -A SEES
below=""
for box in $BOXES; do
  below="$box $below"
  SEES[$box]="$below"
  case "$box" in base | exec) ;; *) SEES[$box]+="dormouse" ;; esac  # plugin-api
done

faults=0
complain() {
  printf '%s\n' "$*" >&2
  faults=$((faults + 1))
}

# includes FOLDER: "file:line:path" of each, in whatever way it is written.
includes() {
  grep -rnE --include='*.h' --include='*.hpp' --include='*.cc' --include='*.c' \
    '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' "$1" 2> /dev/null |
    sed -E 's/^([^:]*:[0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*["<]([^">]*)[">].*/\1:\2/' || true
}

# ---- every folder of the host is a box ----

for folder in host/*/; do
  box="$(basename "$folder")"
  [ -n "${SEES[$box]:-}" ] ||
    complain "$folder: no box has this name. Write it into BOXES of tests/style/arrows.sh, into host/CMakeLists.txt and" \
      "into ARCHITECTURE.md section 3, after the highest box that it sees."
done

# ---- a box includes and links what is below it ----

for box in $BOXES; do
  [ -d "host/$box" ] || continue
  allowed="${SEES[$box]}"
  while IFS=: read -r file line include; do
    if [[ "/$include/" = */../* ]]; then
      complain "$file:$line: write the path from host/ on, without '..': $include"
      continue
    fi
    target="${include%%/*}"
    # A system header, or one beside the file.
    [ ! -d "host/$target" ] && [ ! -d "plugins/$target" ] && continue
    [ "$target" = "$include" ] && continue
    [[ " $allowed " = *" $target "* ]] ||
      complain "$file:$line: '$box' must not see '$target' (it sees: $allowed). Move the code to the box that may, or" \
        "let the lower box take what it needs as an argument."
  done < <(includes "host/$box")

  while IFS=: read -r file line library; do
    target="${library#dormouse_}"
    [ "$target" = box ] || [ "$target" = plugin_api ] || [[ " $allowed " = *" $target "* ]] ||
      complain "$file:$line: '$box' must not link '$library' (it sees: $allowed). Link the box below it."
  done < <(grep -HnoE '\bdormouse_[a-z_]+' "host/$box/CMakeLists.txt" 2> /dev/null || true)
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

# ---- inside a box: no ring ----

# inner_includes BOX: "INCLUDER INCLUDED FILE:LINE" of the includes that stay in the box; the first two without .h or .cc, so
# that a header and its source are one.
inner_includes() {
  local file line include target
  while IFS=: read -r file line include; do
    target="host/$include"
    [ ! -e "${file%/*}/$include" ] || target="${file%/*}/$include"
    [[ -e "$target" && "$target" = "host/$1/"* && "${file%.*}" != "${target%.*}" ]] || continue
    printf '%s %s %s:%s\n' "${file%.*}" "${target%.*}" "$file" "$line"
  done < <(includes "host/$1")
}

# first_ring: of the pairs on stdin, the members of a ring, in order, one a line; nothing if there is none.
first_ring() {
  { tsort 2>&1 > /dev/null || true; } | awk '/loop/ { if (++rings > 1) exit; next } { print $2 }'
}

for box in $BOXES; do
  [ -d "host/$box" ] || continue
  inner="$(inner_includes "$box")"
  mapfile -t ring < <(cut -d' ' -f1,2 <<< "$inner" | first_ring)
  [ "${#ring[@]}" -gt 0 ] || continue
  complain "'$box' has a ring of includes (a header and its source count as one): $(printf '%s -> ' "${ring[@]}")${ring[0]}." \
    "Give what both ends need a file of its own below them, or let the lower end take it as an argument. The ring:"
  for i in "${!ring[@]}"; do
    edge="${ring[i]} ${ring[(i + 1) % ${#ring[@]}]}"
    awk -v edge="$edge" '$1 " " $2 == edge { print $3 ": includes " $2; exit }' <<< "$inner" >&2
  done
done

# ---- plugins ----

# A plugin sees plugin-api, its own folder, and the folders without a manifest, which plugins share (nlu, search). Those
# see plugin-api and themselves. What a plugin includes by its name alone stands in its own folder.
for folder in plugins/*/ examples/*/*/; do
  folder="${folder%/}"
  [ -d "$folder" ] || continue
  while IFS=: read -r file line include; do
    target="${include%%/*}"
    other=no  # a plugin, and not this one
    [ -e "plugins/$target/manifest.json" ] && [ "plugins/$target" != "$folder" ] && other=yes
    [[ "/$include/" = */../* || "$target" = plugins || "$target" = examples ]] && other=yes
    # Beside the including file, in the plugin's folder, or further down in it.
    [ "$other" = no ] && { [ -e "${file%/*}/$include" ] || [ -e "$folder/$include" ]; } && continue
    if [ "$target" = "$include" ]; then
      # A bare name that another plugin's folder has would come from there.
      owner="$(find plugins -mindepth 2 -maxdepth 2 -name "$include" ! -path "$folder/*" 2> /dev/null | head -n 1)"
      [ -z "$owner" ] || complain "$file:$line: a plugin does not include another one's header: $include is $owner."
      continue
    fi
    if [ "$other" = yes ]; then
      complain "$file:$line: a plugin does not include another one: $include. What both need becomes a folder beside them" \
        "without a manifest, as plugins/nlu is."
    elif [ -d "plugins/$target" ] && [ "plugins/$target" != "$folder" ] && [ ! -e "$folder/manifest.json" ]; then
      complain "$file:$line: a folder that plugins share includes itself and plugin-api only, not: $include"
    elif [ "$target" = host ] || [ -d "host/$target" ]; then
      complain "$file:$line: a plugin includes plugin-api (\"dormouse/...\") and its own folder only, not: $include"
    fi
  done < <(includes "$folder")
done

[ "$faults" = 0 ] || { echo "$faults faults against the arrows of ARCHITECTURE.md section 3" >&2; exit 1; }
