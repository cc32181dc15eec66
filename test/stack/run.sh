#!/usr/bin/env bash
# Tries the compose stack on a real engine, and leaves nothing running. If no engine can run here, the exit code is 0
# too, and a line says so. A failed download or build is a failure.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# A killed run may have left its daemon behind, which this run has to end.
end_engine() {
  [ -s "$state/dockerd.pid" ] || return 0
  local pid
  pid="$(cat "$state/dockerd.pid")"
  rm -f "$state/dockerd.pid"
  # Another program may have this process id by now.
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 0
  kill "$pid"
  for ((i = 0; i < 100; i++)); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || true
}

# The exporter asks for a receive buffer of 8 MiB, as its README says. The kernel has one limit for all networks of the
# machine. If it cannot be raised, the trial counts again when datagrams were lost.
rmem=/proc/sys/net/core/rmem_max
rmem_before=
raise_rmem() {
  local wanted=8388608 had
  had="$(cat "$rmem" 2>/dev/null)" && [ "$had" -lt "$wanted" ] || return 0
  if echo "$wanted" 2>/dev/null >"$rmem"; then rmem_before="$had"; fi
}

clean_up() {
  [ -z "$rmem_before" ] || echo "$rmem_before" >"$rmem" || true
  end_engine
}
trap clean_up EXIT
trap 'exit 130' INT TERM

code=0
bash "$root/test/stack/engine.sh" || code=$?
[ "$code" = 3 ] && say 'Left out: the compose stack on a real engine.' && exit 0
[ "$code" = 0 ] || exit "$code"
bash "$root/test/stack/programs.sh"
bash "$root/test/stack/images.sh"
raise_rmem
"$root/node_modules/.bin/node" "$root/test/stack/try.ts"
