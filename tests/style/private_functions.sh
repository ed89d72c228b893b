#!/usr/bin/env bash
# No class of these boxes has more than 20 private functions: a class that needs more is several. Counted are functions
# that are declared or defined in the private part of a class or struct, of nested ones by themselves.
#     private_functions.sh [TREE]     default: this one; tests/style/private_functions_refuse.sh gives it trees with a fault
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"

BOXES="components script pipeline"
MOST=20

# Reads sources and prints "FILE CLASS COUNT" for each class with private functions. Goes through the text character by
# character, without comments and literals, with a stack of the braces that are open.
count_in_classes() {
  awk '
    function bare(text) {  # without template arguments
      while (gsub(/<[^<>]*>/, "", text)) {}
      return text
    }
    # A statement of a class: whether it declares a function.
    function is_function(text,    before) {
      text = bare(text)
      if (text ~ /^[ \t]*(using|friend|static_assert|typedef|enum)[ \t(]/) return 0
      if (text !~ /\(/) return 0
      before = substr(text, 1, index(text, "(") - 1)
      if (before ~ /=/ && before !~ /operator/) return 0
      return before ~ /(operator[^A-Za-z]*|[A-Za-z0-9_])[ \t]*$/
    }
    function class_named(text,    words, i, count) {
      text = bare(text)
      if (text ~ /\(/ || text ~ /(^|[ \t])enum[ \t]/) return ""
      if (!match(text, /(^|[ \t])(class|struct)[ \t]+[A-Za-z_][A-Za-z0-9_:]*/)) return ""
      count = split(substr(text, RSTART, RLENGTH), words, /[ \t]+/)
      return words[count]
    }
    function statement_ends(    access_of) {
      if (depth > 0 && kind[depth] == "class" && access[depth] == "private" && is_function(text)) ++functions[depth]
      text = ""
    }
    function opens(    name) {
      name = class_named(text)
      if (name == "") statement_ends()
      ++depth
      functions[depth] = 0
      kind[depth] = name == "" ? "other" : "class"
      named[depth] = name
      access[depth] = bare(text) ~ /(^|[ \t])class[ \t]/ ? "private" : "public"
      text = ""
    }
    function closes() {
      if (kind[depth] == "class" && functions[depth] > 0) print file, named[depth], functions[depth]
      if (depth > 0) --depth
      text = ""
    }
    FNR == 1 { file = FILENAME; depth = 0; text = ""; in_comment = 0 }
    /^[ \t]*#/ { next }
    {
      line = $0
      gsub(/\\./, "", line)
      gsub(/"[^"]*"/, "", line)
      gsub(/\047[^\047]*\047/, "", line)
      sub(/\/\/.*/, "", line)
      for (i = 1; i <= length(line); ++i) {
        c = substr(line, i, 1)
        if (in_comment) { if (substr(line, i, 2) == "*/") { in_comment = 0; ++i } continue }
        if (substr(line, i, 2) == "/*") { in_comment = 1; ++i; continue }
        if (c == "{") opens()
        else if (c == "}") closes()
        else if (c == ";") statement_ends()
        else {
          text = text c
          if (c == ":" && match(text, /(public|private|protected)[ \t]*:$/)) {
            if (depth > 0) access[depth] = substr(text, RSTART, RLENGTH - 1)
            text = ""
          }
        }
      }
      text = text " "
    }' "$@"
}

faults=0
for box in $BOXES; do
  [ -d "host/$box" ] || continue
  mapfile -t sources < <(find "host/$box" -name '*.h' -o -name '*.cc' | sort)
  while read -r file class count; do
    [ "$count" -le "$MOST" ] && continue
    echo "$file: class $class has $count private functions, at most $MOST. Give a part of its state, with the functions" \
      "that work on it, a class and a file of its own." >&2
    faults=$((faults + 1))
  done < <(count_in_classes "${sources[@]}")
done
[ "$faults" = 0 ] || { echo "$faults classes hold too much" >&2; exit 1; }
