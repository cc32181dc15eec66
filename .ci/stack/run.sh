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
trap end_engine EXIT
trap 'exit 130' INT TERM

code=0
bash "$root/.ci/stack/engine.sh" || code=$?
[ "$code" = 3 ] && say 'Left out: the compose stack on a real engine.' && exit 0
[ "$code" = 0 ] || exit "$code"
bash "$root/.ci/stack/programs.sh"
bash "$root/.ci/stack/images.sh"
"$root/node_modules/.bin/node" "$root/.ci/stack/try.ts"
