#!/usr/bin/env bash
# private_functions.sh refuses a class with 21 private functions, however they are written, and names it; it lets pass what
# is no private function.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
tree="$(mktemp -d /tmp/dormouse-private-XXXXXX)"
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/host/{script,pipeline/calls}

# functions COUNT FORMAT: as many lines, each with its number in place of %d.
functions() { for ((i = 1; i <= $1; ++i)); do printf '  %b\n' "${2//%d/$i}"; done; }

# header PRIVATE...: a class that holds these lines in its private part.
header() {
  printf 'namespace dormouse {\nclass Much {\n public:\n'
  functions 30 'void open%d();'
  printf ' private:\n%s\n  int count_ = 0;\n};\n}  // namespace dormouse\n' "$1"
}

passes() {
  "$here/private_functions.sh" "$tree" || { echo "private_functions.sh refuses: $1" >&2 && exit 1; }
}
refuses() {
  if "$here/private_functions.sh" "$tree" 2> "$tree/said"; then echo "private_functions.sh lets pass: $1" >&2 && exit 1; fi
  grep -q "^host/.*class ${2:-Much} has 21 private functions" "$tree/said" ||
    { echo "private_functions.sh does not say what it should of: $1" >&2 && cat "$tree/said" >&2 && exit 1; }
}

file="$tree/host/pipeline/calls/much.h"
header "$(functions 20 'void f%d(int a);')" > "$file"
passes '20 private functions'
header "$(functions 21 'void f%d(int a);')" > "$file"
refuses '21 private functions'
header "$(functions 21 'static Result<std::map<int, int>> f%d(int a,\n      int b) const;')" > "$file"
refuses 'functions over two lines'
header "$(functions 21 'int f%d() const { return g(1); }')" > "$file"
refuses 'functions that are defined in the class'
header "$(functions 20 'void f%d();'; echo '  bool operator()(int) const;')" > "$file"
refuses 'an operator among them'
header "$(functions 20 'template <class T>\n  void f%d(T&& t);'; echo '  template <class T>'; echo '  void g(T&& t);')" > "$file"
refuses 'templates'
printf 'class Much {\n%s\n};\n' "$(functions 21 'void f%d();')" > "$file"
refuses 'a class without a label'
printf 'struct Outer {\n  class Inner {\n%s\n  };\n};\n' "$(functions 21 '  void f%d();')" > "$file"
refuses 'a nested class' Inner
printf 'struct Open {\n%s\n};\n' "$(functions 21 'void f%d();')" > "$file"
passes 'a struct, whose functions are public'
header "$(functions 30 'std::function<void(int)> f%d_;'; functions 30 'int g%d_ = h(1);'; functions 30 '// void f%d();'
  functions 30 'using F%d = void (*)(int);'; functions 20 'void f%d();')" > "$file"
passes 'members, comments and types'
rm "$file"
header "$(functions 21 'void f%d();')" > "$tree/host/script/much.cc"
refuses 'a class in a source'
