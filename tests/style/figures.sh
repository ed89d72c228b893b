#!/usr/bin/env bash
# Figures of answer quality in READMEs are those of docs/figures.tsv, which `./dev bench figures` writes. A table below
#   <!-- figures: TABLE -->
# has a cell for each figure TABLE/row/column of that file: the row is the first cell, the column its header. A column
# `part` is the split that the row was measured on. A cell that differs or has no source is a fault. So is a table with
# fractions and no mark; one that shows experiments or times says so:
#   <!-- not compared: why -->
# Usage: figures.sh [README.md]...: instead of those that state answer quality; FIGURES: instead of docs/figures.tsv
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
[ $# -gt 0 ] || set -- plugins/nlu-*/README.md plugins/search-*/README.md plugins/embed-lsa/README.md examples/pipelines/search/README.md
awk -F'\t' '
  function plain(cell) {
    gsub(/[*`]/, "", cell)
    gsub(/^[ ]+|[ ]+$/, "", cell)
    return cell
  }
  function fault(text) { print FILENAME ":" FNR ": " text; ++faults }
  function compare(name, cell,    wanted) {
    if (!(name in value)) fault(name " is not in the file of figures; it shows " cell ", which no command measured")
    else if (cell != value[name]) fault(name " is " value[name] ", shown is " cell)
    ++compared
  }
  FILENAME == ARGV[1] { if (FNR > 1) { value[$1] = $2; row_name = $1; sub(/\/[^\/]*$/, "", row_name); split_of[row_name] = $4 } next }
  FNR == 1 { mark = ""; table = "" }
  /^<!-- (figures|not compared): .* -->$/ {
    mark = $0
    sub(/^<!-- /, "", mark)
    sub(/ -->$/, "", mark)
    next
  }
  !/^\|/ { if ($0 != "") mark = ""; inside = 0; next }
  {
    line = $0
    gsub(/^\||\|[ ]*$/, "", line)
    count = split(line, cells, "|")
    if (!inside) {  # the header
      inside = 1
      table = mark ~ /^figures: / ? substr(mark, 10) : ""
      marked = mark != ""
      mark = ""
      for (i = 1; i <= count; ++i) header[i] = plain(cells[i])
      next
    }
    if (line ~ /^[-:| ]+$/) next
    bare = line
    gsub(/`[^`]*`/, "", bare)
    if (!marked && bare ~ /(^|[^0-9A-Za-z])[0-9]*\.[0-9]/) { fault("a table with figures and no mark: <!-- figures: TABLE --> or <!-- not compared: why -->"); marked = 1 }
    if (table == "") next
    row = plain(cells[1])
    for (i = 2; i <= count; ++i) {
      cell = plain(cells[i])
      if (cell == "") continue
      if (header[i] == "part") {
        if (cell != split_of[table "/" row]) fault(table "/" row " was measured on \"" split_of[table "/" row] "\", shown is \"" cell "\"")
        continue
      }
      gsub(/,/, "", cell)
      compare(table "/" row "/" header[i], cell)
    }
  }
  END {
    if (compared == 0) { print "no figure was compared"; ++faults }
    exit faults > 0
  }
' "${FIGURES:-docs/figures.tsv}" "$@" >&2
