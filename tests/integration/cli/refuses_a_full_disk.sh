#!/usr/bin/env bash
# A full disk is told as that, at the start and while serving; what needs no disk goes on.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
mkdir "$SCRATCH/disk"
mount -t tmpfs -o size=64k,mode=0700 tmpfs "$SCRATCH/disk" 2> /dev/null || skip "no right to mount a small disk"
touch "$SCRATCH/mounted"
echo_config
export DORMOUSE_HOST__STATE_DIR="$SCRATCH/disk/state"
start_host "$SCRATCH/echo.yaml"
head -c 1M /dev/zero > "$SCRATCH/disk/filler" 2> /dev/null || true
answer="$(ask -w '\n%{http_code}' "$DATA/v1/pipelines/echo" -d '{"text":"hello"}')"
same "${answer##*$'\n'}" 503
grep -q 'space' <<< "$answer" || fail "the answer does not name the disk: $answer"
same "$(ask -o /dev/null -w '%{http_code}' "$DATA/healthz")" 200
stop_host
same "$HOST_EXIT" 0
rm -r "$SCRATCH/disk/state"
head -c 1M /dev/zero >> "$SCRATCH/disk/filler" 2> /dev/null || true
expect 4 "$DORMOUSE" run --config "$SCRATCH/echo.yaml"
says err 'space'
