#!/bin/bash
# A program that says more than its exit code: the same two protocols from any language.
#
#   NOTIFY_SOCKET    sd_notify(3): READY=1, STATUS=..., WATCHDOG=1, STOPPING=1
#   SOFTSET_SOCKET   one command a line, one JSON object a line back: trouble TEXT, ok, move TEXT,
#                    active, status, subscribe
#
# As a service: ready: { by: notify }, alive: { by: watchdog, everyMs: 2000 }.
set -u

trap 'systemd-notify --stopping; exit 0' TERM

# Is this board active for our group? The line is {"ok":true,"role":"active"} or "standby".
coproc PSRM { socat - "UNIX-CONNECT:$SOFTSET_SOCKET"; }
echo active >&"${PSRM[1]}"
read -r role <&"${PSRM[0]}"
systemd-notify --ready --status="role: $role"

while sleep 1; do
  # Free space below 1 GB is trouble that a restart does not mend; onFailure.trouble decides.
  if [ "$(df --output=avail -k /var/lib | tail -1)" -lt 1000000 ]; then
    echo "trouble less than 1 GB free in /var/lib" >&"${PSRM[1]}"
  else
    echo ok >&"${PSRM[1]}"
  fi
  read -r _answer <&"${PSRM[0]}"
  systemd-notify WATCHDOG=1
done
