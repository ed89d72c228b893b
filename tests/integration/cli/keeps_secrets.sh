#!/usr/bin/env bash
# A secret reaches neither the screen nor the log, whatever goes wrong.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
config x.yaml << YAML
host: {log: {level: debug}}
plugins: {path: "$TRAINABLE"}
components:
  lines: {plugin: trainable, settings: {greeting: {secret: "env:GREETING"}, other: {secret: "file:key"}}}
YAML
echo hunter3 > "$SCRATCH/key"
export GREETING=hunter2
expect 3 "$DORMOUSE" check --config "$SCRATCH/x.yaml" --show
says out '(secret env:GREETING)' '(secret file:key)'
says_not out hunter
says_not err hunter
expect 1 "$DORMOUSE" train lines --data "$SCRATCH/key" --config "$SCRATCH/x.yaml"
says_not err hunter
unset GREETING
expect 3 "$DORMOUSE" check --config "$SCRATCH/x.yaml"
says err 'the environment has no GREETING'
