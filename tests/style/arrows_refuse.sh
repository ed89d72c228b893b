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

# refuses FILE INCLUDE: a line of that file.
refuses() {
  new_tree
  printf '%s\n' "$2" >> "$tree/$1"
  if "$here/arrows.sh" "$tree" > "$tree/said" 2>&1; then echo "arrows.sh lets $1 have $2" >&2 && exit 1; fi
  grep -q "^$1:" "$tree/said" || { echo "arrows.sh does not name $1 for $2:" >&2 && cat "$tree/said" >&2 && exit 1; }
}

new_tree
"$here/arrows.sh" "$tree" || { echo "arrows.sh refuses a tree without faults" >&2 && exit 1; }

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
