#!/usr/bin/env bash
# READY=1 once the ports answer, STOPPING=1 when it stops. Perl because every Debian has it.
source "$(dirname "${BASH_SOURCE[0]}")/host.sh"
echo_config
export NOTIFY_SOCKET="$SCRATCH/notify"
timeout 60 perl -MSocket -e '
  socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ENV{NOTIFY_SOCKET})) or die;
  $| = 1; for (1..2) { recv($s, my $m, 100, 0); print "$m\n" }' > "$SCRATCH/notified" &
HOST_PIDS+=($!)
listener=$!
for _ in $(seq 100); do [ -S "$NOTIFY_SOCKET" ] && break; sleep 0.05; done
start_host "$SCRATCH/echo.yaml"
stop_host
wait "$listener"
same "$(paste -sd' ' "$SCRATCH/notified")" 'READY=1 STOPPING=1'
