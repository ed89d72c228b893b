#!/usr/bin/env bash
# The benchmarks, each side by side with its peer: bench/run.sh [start|call|cold|cycles|http|beside|replace|unused|allocator|pgo|before|language|nlu|search|text|cache|figures|all]...
# Wants the tree built with DORMOUSE_BENCH=ON; `./dev bench` does both. Everything it writes is below BUILD/bench, the
# figures as lines of JSON in BUILD/bench/results.jsonl. A bar that is missed is said, not punished: time is no test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build="$(realpath "${DORMOUSE_BUILD:-build}")"
bin="$build/bin"
rows=(start call cold cycles http beside replace unused nlu search text cache)

machine() {
  local compiler
  compiler="$(sed -n 's/^CMAKE_CXX_COMPILER:[^=]*=//p' "$build/CMakeCache.txt")"
  printf '%s cores, load %s, %s\n' "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)" "$("$compiler" --version | head -n 1)"
}

row_start() { "$bin/dormouse_bench_start" start; }
row_unused() {
  "$bin/dormouse_bench_start" unused
  "$bin/dormouse_bench" --benchmark_filter='call/warm'
}
row_call() { "$bin/dormouse_bench" --benchmark_filter=call/; }
row_cold() { "$bin/dormouse_bench" --benchmark_filter=cold/; }
# Beside raw FAISS and hnswlib. DORMOUSE_DATA names a folder with more vectors than come with the project.
row_search() {
  [ -x "$bin/dormouse_bench_search" ] || { printf '\nsearch: not built; libfaiss-dev, libopenblas-dev and libhnswlib-dev are wanted\n'; return; }
  "$bin/dormouse_bench_search"
  "$bin/dormouse_bench_search_http"
}
# What finds a passage: words, meanings, both. DORMOUSE_DATA is a folder with medquad-retrieval and xquad-r as published.
row_text() {
  [ -x "$bin/search_text_bench" ] || return 0
  mkdir -p "$build/bench"
  "$bin/search_text_bench" "${DORMOUSE_DATA:-examples/data}" examples/data/passages/medquad.tsv.zst "$build/bench"
}
# Beside an LRU of the standard library's parts. DORMOUSE_DATA is a folder with more traces (cache-traces) than come with the project.
row_cache() {
  local traces="${DORMOUSE_DATA:-examples/data}/cache-traces"
  [ -d "$traces" ] || traces=examples/data/cache-trace
  "$bin/dormouse_bench_cache" ratios "$traces"
  "$bin/dormouse_bench_cache" costs
  "$bin/dormouse_bench_cache" threads
}
row_http() { "$bin/dormouse_bench_http"; }
# Requests beside a component that is reloaded all the time.
row_beside() { "$bin/dormouse_bench_beside"; }
# Requests beside a plugin that is replaced a hundred times.
row_replace() { "$bin/dormouse_bench_replace"; }
# A profile-guided build of the host beside the plain one and nginx + Lua. Not part of `all`: it builds the host twice.
row_pgo() { bench/pgo.sh "$build"; }

# This build and an older one in turn: DORMOUSE_BEFORE is a build folder of the older commit, made with DORMOUSE_BENCH=ON.
row_before() {
  [ -x "${DORMOUSE_BEFORE:-}/bin/dormouse_bench" ] ||
    { printf 'bench: DORMOUSE_BEFORE names no build folder with DORMOUSE_BENCH=ON: "%s"\n' "${DORMOUSE_BEFORE:-}" >&2; return 1; }
  "$bin/dormouse_bench_before" "$DORMOUSE_BEFORE"
  "$bin/dormouse_bench_http" --beside before "$(realpath "$DORMOUSE_BEFORE")/bin/dormouse" 20
}

# The lifetime tests, for the figures they print, with the environment that tests/lifetime/CMakeLists.txt gives them.
row_cycles() {
  local -x MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.pthread.stack_cache_size=0
  printf '\ncycles\n'
  for test in "$bin"/cycles_*; do
    [ -x "$test" ] || continue
    "$test" | grep 'cycles;' | sed 's/^/  /'
  done
}

# What the nlu plugins are worth on public data sets. DORMOUSE_DATA is a folder with them, each in a folder of its own as
# published; examples/data has those the product is trained on. What is not there is said and left out.
row_nlu() {
  local data="${DORMOUSE_DATA:-examples/data}" work="$build/bench/nlu"
  mkdir -p "$work"
  [ ! -x "$bin/nlu_intent_bench" ] || intents "$data" "$work"
  [ ! -x "$bin/nlu_entities_bench" ] || "$bin/nlu_entities_bench" "$data" "$work"
}

# intents DATA WORK: one line of figures a set.
intents() {
  local data="$1" work="$2"
  printf '\nintents\n'
  "$bin/nlu_intent_bench"
  intent_set clinc150 'val, development' "$(first_of "$data" examples/data)/intents/clinc150.tsv.zst"
  local set shots
  for set in banking77 hwu64; do
    intent_set "$set" 'second tenth' "$data/$set/train.tsv" --second-tenth
    for shots in 5 10; do intent_set "$set" 'second tenth' "$data/$set/train.tsv" --second-tenth "--shots=$shots"; done
  done
  if [ -d "$data/snips" ]; then
    awk -v split_name=train -f bench/bio_to_tsv.awk "$data/snips/train.bio" > "$work/snips_train.tsv"
    awk -v split_name=val -f bench/bio_to_tsv.awk "$data/snips/valid.bio" > "$work/snips_val.tsv"
  fi
  intent_set snips valid "$work/snips_train.tsv" "$work/snips_val.tsv"
  [ ! -d "$data/xsid" ] || awk -v split_name=tenth -f bench/bio_to_tsv.awk "$data"/xsid/*.dev.bio > "$work/xsid.tsv"
  intent_set xsid 'tenth of dev' "$work/xsid.tsv"
}

# The first folder that has intents in it, or the last.
first_of() {
  local folder
  for folder in "$@"; do [ ! -d "$folder/intents" ] || break; done
  printf '%s\n' "$folder"
}

# intent_set NAME PART FILE... [OPTION...]: PART of the data is what measures.
intent_set() {
  local file
  for file in "${@:3}"; do
    case "$file" in --*) continue ;; esac
    [ -e "$file" ] || { printf '%-12s is not there: %s\n' "$1" "$file"; return 0; }
  done
  "$bin/nlu_intent_bench" "$1" "--figures=$2" "${@:3}"
}

# What the allocator gives and costs: memory after cycles, requests a second. Not part of `all`: the decision is made
# (docs/performance.md), and two of the candidates are packages the project does not need otherwise.
row_allocator() {
  local candidates=(MALLOC_ARENA_MAX=0 MALLOC_ARENA_MAX=1 MALLOC_ARENA_MAX=2)
  for library in libjemalloc.so.2 libmimalloc.so.2; do
    local path
    path="$(find /usr/lib -name "$library*" -print -quit)"
    [ -z "$path" ] || candidates+=("LD_PRELOAD=$path")
  done
  for candidate in "${candidates[@]}"; do
    "$bin/dormouse_bench_http" "$candidate"
    for test in cycles_echo cycles_language cycles_openmp; do
      [ -x "$bin/$test" ] || continue
      env "$candidate" "$bin/$test" | grep 'cycles;' | sed 's/^/  /' || true
    done
  done
}

# Accuracy and time of nlu-language beside CLD2, on the sets in $DORMOUSE_DATA: see plugins/nlu-language/README.md.
row_language() {
  local sets=() set
  for set in lid-dev/lingua_dev.tsv lid-dev/tatoeba_dev.tsv sib200/dev.tsv.zst; do
    if [ -f "${DORMOUSE_DATA:-}/$set" ]; then sets+=("$DORMOUSE_DATA/$set"); else printf 'not there: %s\n' "$set"; fi
  done
  [ "${#sets[@]}" -gt 0 ] || { printf 'bench: DORMOUSE_DATA names no folder with one of these sets\n' >&2; return 1; }
  export DORMOUSE_HOST__STATE_DIR="$build/bench/language-state"
  (umask 077 && mkdir -p "$DORMOUSE_HOST__STATE_DIR")
  "$bin/dormouse" train nlu.language --config configs/assistant.yaml --data examples/data/language-id --if-missing
  for set in "${sets[@]}"; do
    printf '\n%s\n' "${set#"$DORMOUSE_DATA/"}"
    "$bin/language_accuracy" "$(realpath "$DORMOUSE_HOST__STATE_DIR/models/nlu.language/current")" "$set"
  done
}

# The figures of answer quality that READMEs show, into docs/figures.tsv: what is measured now gets its value, the day and the
# commit; what needs data that is not there keeps its line. tests/style/figures.sh compares the READMEs with the file.
row_figures() {
  local new="$build/bench/figures.new.tsv" file=docs/figures.tsv
  rm -f "$new"
  export DORMOUSE_FIGURES="$new"
  row_nlu
  [ -z "${DORMOUSE_DATA:-}" ] || row_language
  row_text
  [ ! -x "$bin/dormouse_bench_search" ] || "$bin/dormouse_bench_search" recall
  unset DORMOUSE_FIGURES
  awk -F'\t' -v OFS='\t' -v measured="$(date -u +%F) $(git rev-parse --short HEAD)" '
    BEGIN { print "figure", "value", "data", "split", "measured" }
    FNR == NR { if (!($1 in now)) order[++count] = $1; now[$1] = $0; next }
    FNR > 1 { if ($1 in now) { print now[$1], measured; delete now[$1] } else print }
    END { for (i = 1; i <= count; ++i) if (order[i] in now) print now[order[i]], measured }
  ' "$new" "$file" > "$new.merged"
  mv "$new.merged" "$file"
  printf '\nfigures: %s measured, now in %s\n' "$(wc -l < "$new")" "$file"
}

[ "$#" -gt 0 ] || set -- all
mkdir -p "$build/bench"
machine
for row in "$@"; do
  case "$row" in
    all) for each in "${rows[@]}"; do "row_$each"; done ;;
    *[!a-z]* | '') printf 'bench: "%s" is no row\n' "$row" >&2; exit 2 ;;
    *) declare -F "row_$row" > /dev/null || { printf 'bench: no row "%s"; there are: %s allocator pgo before language figures all\n' "$row" "${rows[*]}" >&2; exit 2; }
      "row_$row" ;;
  esac
done
