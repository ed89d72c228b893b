#!/bin/sh
# headers.sh COMPILER LANGUAGE STANDARD API_DIR: every header a plugin may include compiles alone, without a warning.
set -eu
compiler=$1 language=$2 standard=$3 api=$4
flags="-std=$standard -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -O1 -I$api"
count=0
for header in $(cd "$api" && find dormouse -name '*.h*' | sort); do
  case $language-$header in c-*.hpp) continue ;; esac
  echo "$compiler -std=$standard $header"
  # shellcheck disable=SC2086  # the flags are words
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
    $compiler $flags -x "$language" -c -o /dev/null -
  count=$((count + 1))
done
[ "$count" -ge 9 ] || { echo "only $count headers found in $api/dormouse: needed 9 or more"; exit 1; }
