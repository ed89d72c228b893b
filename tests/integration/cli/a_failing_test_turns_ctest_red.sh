#!/usr/bin/env bash
# The safety net under all other tests: a Catch2 executable that fails, or that has no tests to run, is a failure of CTest.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
: "${FAILING_FIXTURE:?}"
register() {
  printf 'add_test([=[unit.fixture]=] "%s" %s "-w" "NoTests")\n' "$FAILING_FIXTURE" "$1" > "$SCRATCH/CTestTestfile.cmake"
}
register ''
expect 8 ctest --test-dir "$SCRATCH"
says out '0% tests passed, 1 tests failed out of 1'
register '"no such test"'
expect 8 ctest --test-dir "$SCRATCH"
register '"~a claim that is wrong"'
expect 8 ctest --test-dir "$SCRATCH"
# And a folder without tests, as ./dev test asks.
: > "$SCRATCH/CTestTestfile.cmake"
expect 8 ctest --test-dir "$SCRATCH" --no-tests=error
