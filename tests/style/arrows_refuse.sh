#!/usr/bin/env bash
# Each rule of arrows.sh refuses a tree that breaks it, and names the file; a tree that keeps all of them passes.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
tree="$(mktemp -d /tmp/dormouse-arrows-XXXXXX)"
trap 'rm -rf "$tree"' EXIT

new_tree() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/host/{base,exec,values,artifacts,components,graph,script,pipeline,http,config,cli} "$tree"/plugins/{one,two,shared,else} "$tree/examples/c/three"
  for plugin in plugins/one plugins/two examples/c/three; do touch "$tree/$plugin/manifest.json" "$tree/$plugin/model.h"; done
  touch "$tree"/host/{base/status.h,components/call.h} "$tree/plugins/two/only_two.h" "$tree"/plugins/{shared,else}/rows.h
  printf '#include "base/status.h"\n#include <vector>\n' > "$tree/host/exec/lane.cc"
  printf '#include "dormouse/plugin.h"\n#include "model.h"\n#include "shared/rows.h"\n' > "$tree/plugins/one/plugin.cc"
}

# add FILE LINE: to that file of the tree.
add() {
  mkdir -p "$tree/${1%/*}"
  printf '%s\n' "$2" >> "$tree/$1"
}

# is_refused WHAT SAYS...: the tree as it is, with each of the words that the message must have.
is_refused() {
  if "$here/arrows.sh" "$tree" > "$tree/said" 2>&1; then echo "arrows.sh accepts $1" >&2 && exit 1; fi
  for words in "${@:2}"; do
    grep -qF -- "$words" "$tree/said" ||
      { echo "arrows.sh does not say '$words' of $1:" >&2 && cat "$tree/said" >&2 && exit 1; }
  done
}

# refuses FILE LINE [SAYS...]: a tree whose file has that line.
refuses() {
  new_tree
  add "$1" "$2"
  is_refused "$1 with $2" "$1:" "${@:3}"
}

# refuses_ring BOX FILE INCLUDED...: files of the box that include each other; the ring and each of its files are named.
refuses_ring() {
  local box="$1" files=()
  shift
  new_tree
  while [ "$#" -gt 0 ]; do
    add "$1" "#include \"$2\""
    [[ "$2" != */* ]] || add "host/$2" '#pragma once'
    files+=("$1:")
    shift 2
  done
  is_refused "a ring of ${files[*]}" "'$box' has a ring of includes" 'a file of its own below them' "${files[@]}"
}

# accepts WHAT: the tree as it is.
accepts() {
  "$here/arrows.sh" "$tree" > "$tree/said" 2>&1 || { echo "arrows.sh refuses $1:" >&2 && cat "$tree/said" >&2 && exit 1; }
}

new_tree
accepts "a tree without faults"

refuses host/base/status.cc '#include "components/call.h"'
refuses host/base/status.cc '#  include <components/call.h>'
refuses host/base/status.cc '#include "../components/call.h"'
refuses host/values/x.cc '#include "components/call.h"'
refuses host/artifacts/x.cc '#include "components/call.h"'
refuses host/components/x.cc '#include <libelf.h>'
refuses host/components/x.cc '#include "cli/table.h"'
refuses host/components/x.cc '#include "two/model.h"'
refuses host/components/x.cc '#include <lua.h>'
refuses host/graph/x.cc '#include "script/lua.h"'
refuses host/script/x.cc '#include "pipeline/engine.h"'
refuses host/pipeline/x.cc '#include <lua5.4/lua.hpp>'
refuses host/http/x.cc '#include "lua.hpp"'
refuses host/cli/x.cc '#include <yaml-cpp/yaml.h>'
refuses host/http/x.cc '#include <CLI/CLI.hpp>'
refuses host/cli/x.cc '#include <libelf.h>'
refuses host/components/x.cc '#include <boost/beast/http.hpp>'
refuses plugins/one/x.cc '#include "base/status.h"'
refuses plugins/one/x.cc '#include <components/call.h>'
refuses plugins/one/x.cc '#include "host/base/status.h"'
refuses plugins/one/x.cc '#include "plugins/two/model.h"'
refuses plugins/one/x.cc '#include "two/model.h"'
refuses plugins/one/x.cc '#include <two/model.h>'
refuses plugins/one/x.cc '#include "../two/model.h"'
refuses plugins/one/x.cc '#include "only_two.h"'
refuses plugins/shared/x.cc '#include "one/model.h"'
refuses plugins/shared/x.cc '#include "else/rows.h"'
refuses examples/c/three/x.c '#include "one/model.h"'
refuses examples/c/three/x.c '#include "base/status.h"'
refuses plugins/one/x.cc '#include "shared/../two/model.h"' 'a plugin does not include another one' 'becomes a folder beside them'
refuses plugins/one/x.cc '#include "examples/c/three/model.h"'
refuses plugins/one/parts/x.cc '#include "two/model.h"'
refuses host/pipeline/calls/x.cc '#include "http/server.h"' "'pipeline' must not see 'http'" 'Move the code'
refuses host/pipeline/x.cc '#include "calls/../../http/server.h"' "without '..'"
refuses host/base/deep/x.cc '#include "components/call.h"'
refuses host/base/CMakeLists.txt 'dormouse_box(base SOURCES x.cc LINKS dormouse_exec)' "'base' must not link 'dormouse_exec'" 'Link the box below'
refuses host/components/CMakeLists.txt 'target_link_libraries(dormouse_components PRIVATE dormouse_http)'

new_tree
add host/unknown/x.cc '#include "base/status.h"'
is_refused "a folder of the host that is no box" host/unknown/ 'Write it into BOXES'

refuses_ring values host/values/a.h values/b.h host/values/b.h values/a.h
refuses_ring values host/values/a.h b.h host/values/b.h a.h
# A source counts as its header, whichever of the two includes.
refuses_ring values host/values/a.h values/b.h host/values/b.cc values/a.h
refuses_ring values host/values/a.cc values/b.h host/values/b.cc values/a.h
refuses_ring values host/values/a.h values/b.h host/values/b.h values/c.h host/values/c.h values/a.h
# Across the folders of a box.
refuses_ring pipeline host/pipeline/calls/call.h pipeline/slot.h host/pipeline/slot.h pipeline/calls/call.h
refuses_ring pipeline host/pipeline/calls/call.h pipeline/kinds/group.h host/pipeline/kinds/group.cc pipeline/calls/call.h
refuses_ring pipeline host/pipeline/calls/call.h attempt.h host/pipeline/calls/attempt.h call.h

new_tree
add host/pipeline/calls/call.cc '#include "pipeline/calls/call.h"'
add host/pipeline/calls/call.h '#include "pipeline/slot.h"'
add host/pipeline/slot.h '#include "base/status.h"'
add host/pipeline/engine.cc '#include "pipeline/calls/call.h"'
add host/pipeline/engine.cc '#include "pipeline/slot.h"'
add host/pipeline/calls/slot.h '#include "pipeline/slot.h"'
accepts "files of a box in no ring, and two of one name in two of its folders"
