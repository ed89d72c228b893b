#!/bin/sh
# out_of_tree.sh API_DIR BUILD_DIR TESTS_DIR: the template and the example in C build for an author who has nothing but plugin-api, also
# under a umask that lets the group write, and the build follows a changed manifest.
set -eu
api=$1 build=$2 tests=$3
rm -rf "$build"
mkdir -p "$build"
cp -r "$api/template" "$build/my plugin"
umask 002
cmake -S "$build/my plugin" -B "$build/out" -DDORMOUSE_PLUGIN_API="$api" >"$build/log"
cmake --build "$build/out" >>"$build/log" || { cat "$build/log"; exit 1; }
"$tests/plugin_file.sh" "$build/out/plugins/template.so" "$build/my plugin/manifest.json"

sed -i 's/A plugin to copy/A copied plugin/' "$build/my plugin/manifest.json"
cmake --build "$build/out" >>"$build/log"
"$tests/plugin_file.sh" "$build/out/plugins/template.so" "$build/my plugin/manifest.json"

cp -r "$api/../examples/c/echo" "$build/my-echo"
cmake -S "$build/my-echo" -B "$build/echo-out" -DDORMOUSE_PLUGIN_API="$api" >>"$build/log"
cmake --build "$build/echo-out" >>"$build/log" || { cat "$build/log"; exit 1; }
"$tests/plugin_file.sh" "$build/echo-out/plugins/echo.so" "$build/my-echo/manifest.json"
