#!/usr/bin/env bash
# A profile-guided build of the host: bench/pgo.sh RELEASE_BUILD. Trains with the loads of the other rows, builds into build-pgo/
# (the preset release-pgo), and measures that binary beside the one of RELEASE_BUILD and nginx + Lua in the same rounds.
# Counts of an older training are thrown away: they would belong to other code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

release="$(realpath "${1:?usage: bench/pgo.sh RELEASE_BUILD}")"
jobs="${JOBS:-$(nproc)}"

preset() {
  cmake --preset "$1" > "build-$2.log" 2>&1 || { cat "build-$2.log" >&2; exit 1; }
  mv "build-$2.log" "build-$2/configure.log"
}

rm -rf build-pgo-train/profile
preset release-pgo-train pgo-train
ninja -C build-pgo-train -j "$jobs" --quiet dormouse dormouse_bench dormouse_bench_http dormouse_bench_start \
  echo stages cache-memory nlu-language
printf 'training\n'
build-pgo-train/bin/dormouse_bench_http TRAINING=http > build-pgo-train/training.log
build-pgo-train/bin/dormouse_bench --benchmark_filter='call/|cold/' >> build-pgo-train/training.log 2>&1
[ -n "$(find build-pgo-train/profile -name '*.gcda' -print -quit)" ] ||
  { printf 'bench: the training left no counts in build-pgo-train/profile\n' >&2; exit 1; }

preset release-pgo pgo
# Objects know nothing of the counts they were made with.
ninja -C build-pgo -t clean > /dev/null
ninja -C build-pgo -j "$jobs" --quiet dormouse
strip -o build-pgo/stripped build-pgo/bin/dormouse
printf 'stripped binary, release-pgo: %s bytes\n' "$(stat -c %s build-pgo/stripped)"
"$release/bin/dormouse_bench_http" --beside release-pgo "$PWD/build-pgo/bin/dormouse" 10
