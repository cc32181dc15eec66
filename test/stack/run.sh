#!/usr/bin/env bash
# Tries the compose stack on a real engine, and leaves nothing running behind. Exit code 0 as well where no engine
# can run: a line says so. What cannot be downloaded or built is a failure.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# Where an earlier run was killed, the daemon that it started may still be there: it is ours to end.
end_engine() {
  [ -s "$state/dockerd.pid" ] || return 0
  local pid
  pid="$(cat "$state/dockerd.pid")"
  rm -f "$state/dockerd.pid"
  # The number may long be another program's.
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 0
  kill "$pid"
  for ((i = 0; i < 100; i++)); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || true
}

# The exporter asks for 8 MiB to let datagrams wait in, as its README says; the kernel's limit is one for all networks
# of the machine. Where it cannot be raised, the trial counts again when datagrams were lost.
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
