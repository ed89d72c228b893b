#!/usr/bin/env bash
# READY=1 when /readyz is 200 and not before; STATUS says what is waited for, EXTEND_TIMEOUT_USEC while it loads; a reload
# and the stop are told too. Perl because every Debian has it.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
config models.yaml << YAML
plugins: {path: ["$PLUGINS", "$TRAINABLE"]}
components: {sum: {plugin: trainable, preload: true}}
YAML
export NOTIFY_SOCKET="$SCRATCH/notify"
perl -MSocket -e '
  socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ENV{NOTIFY_SOCKET})) or die;
  $| = 1; while (defined recv($s, my $m, 4000, 0)) { print "$m\n--\n" }' > "$SCRATCH/notified" &
HOST_PIDS+=($!)
for _ in $(seq 100); do [ -S "$NOTIFY_SOCKET" ] && break; sleep 0.05; done
# until_told TEXT: at most 30 s.
until_told() {
  local _
  for _ in $(seq 600); do
    grep -qF -- "$1" "$SCRATCH/notified" && return
    sleep 0.05
  done
  cat "$SCRATCH/notified" >&2
  fail "the service manager was not told '$1' after 30 s"
}
# Without a model the preload fails: alive, not ready, and the reason is told.
start_host "$SCRATCH/models.yaml"
until_state sum failed
until_told "STATUS=not ready: component 'sum': "
until_told 'found failed'
same "$(ask -o /dev/null -w '%{http_code}' "$DATA/readyz")" 503
says_not notified READY=1
stop_host
same "$HOST_EXIT" 0
until_told STOPPING=1
says_not notified READY=1
# With one it is ready once it is loaded.
echo '1' > "$SCRATCH/data"
expect 0 "$DORMOUSE" train sum --data "$SCRATCH/data" --config "$SCRATCH/models.yaml"
: > "$SCRATCH/notified"
start_host "$SCRATCH/models.yaml"
until_told READY=1
same "$(ask -o /dev/null -w '%{http_code}' "$DATA/readyz")" 200
: > "$SCRATCH/notified"
kill -HUP "$HOST_PID"
until_told RELOADING=1
until_told MONOTONIC_USEC=
until_told READY=1
stop_host
until_told 'STATUS=stopping'
same "$HOST_EXIT" 0
