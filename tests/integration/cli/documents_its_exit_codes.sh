#!/usr/bin/env bash
# Usage errors are 2, help is 0 everywhere, and --help names every code.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
expect 0 "$DORMOUSE" --help
says out 'Exit codes' '  5  no host answers' '  8  not finished within --wait'
expect 0 "$DORMOUSE" --version
for command in run call check train plugin 'plugin list' 'plugin inspect' ctl 'ctl status' 'ctl components' 'ctl load' \
  'ctl unload' 'ctl trim' 'ctl park' 'ctl pin' 'ctl unpin' 'ctl plugins' 'ctl plugins scan' 'ctl plugin scan' 'ctl scan' 'ctl caches purge' 'ctl operations cancel' 'ctl pipelines' 'ctl memory' \
  'ctl events' 'ctl reload' 'ctl rollback'; do
  # shellcheck disable=SC2086  # two words
  expect 0 "$DORMOUSE" $command --help
  says out Usage
done
expect 2 "$DORMOUSE"
expect 2 "$DORMOUSE" rnu
expect 2 "$DORMOUSE" run --nothing
expect 2 "$DORMOUSE" call echo
expect 2 "$DORMOUSE" ctl status --url nowhere
expect 5 "$DORMOUSE" ctl status --url 127.0.0.1:9
expect 3 "$DORMOUSE" ctl status --config /nowhere.yaml
