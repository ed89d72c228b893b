#!/bin/sh
# manifests.sh API_DIR WORK_DIR: a faulty manifest ends the configuration with a message that names file and fault.
set -eu
api=$1 work=$2
rm -rf "$work"
mkdir -p "$work"

# expect MESSAGE JSON: configuring with this manifest says MESSAGE ("" for success).
expect() {
  printf '%s' "$2" >"$work/manifest.json"
  cat >"$work/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.20)
project(manifests LANGUAGES NONE)
include("$api/cmake/DormousePlugin.cmake")
dormouse_check_manifest("$work/manifest.json")
END
  if cmake -S "$work" -B "$work/build" >"$work/log" 2>&1; then found=""; else found=$(tr -s "[:space:]" " " <"$work/log"); fi
  case $1 in
    "") [ -z "$found" ] || { echo "refused: $2"; cat "$work/log"; exit 1; } ;;
    *)
      case $found in
        *"$1"*) ;;
        *) echo "wanted '$1' for: $2"; cat "$work/log"; exit 1 ;;
      esac
      ;;
  esac
}

expect "" '{"id": "a", "version": "1.0.0", "abi": "1.0", "types": [{"name": "a"}]}'
expect "" '{"id": "a-b.c_2", "version": "1.0.0-rc1", "abi": "1.0", "types": [{}]}'
expect "manifest.json" 'not JSON'
expect '"id"' '{"version": "1.0.0", "abi": "1.0", "types": [{}]}'
expect '"version"' '{"id": "a", "abi": "1.0", "types": [{}]}'
expect '"abi"' '{"id": "a", "version": "1.0.0", "types": [{}]}'
expect '"types" is empty' '{"id": "a", "version": "1.0.0", "abi": "1.0", "types": []}'
expect 'id "A B"' '{"id": "A B", "version": "1.0.0", "abi": "1.0", "types": [{}]}'
expect 'version "1"' '{"id": "a", "version": "1", "abi": "1.0", "types": [{}]}'
