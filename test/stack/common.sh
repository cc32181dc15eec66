# shellcheck shell=bash
# Sourced by the scripts of this folder: common paths and functions.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
state="$root/.local/stack"
# For files that take long to build and seldom change. It is kept between runs.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/image-api-stack"
mkdir -p "$state/bin" "$cache"

# Debian's client has BuildKit. Another one on the PATH may need a plug-in for it.
if [ -x /usr/bin/docker ]; then ln -sf /usr/bin/docker "$state/bin/docker"; fi
export PATH="$state/bin:$PATH"
# A separate folder for the client's settings and plug-ins, so that this trial uses the same Compose everywhere.
export DOCKER_CONFIG="$state/docker"
export DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1 BUILDKIT_PROGRESS=plain

say() { printf '%s\n' "$*"; }

# take NAME COMMAND…: runs the command with its output in a log, and prints its time; on failure also the log's end.
take() {
  local name="$1" start="$SECONDS" log="$state/$1.log"
  shift
  if "$@" >"$log" 2>&1; then
    say "$(printf 'ok     %5d s  %s' "$((SECONDS - start))" "$name")"
  else
    say "$(printf 'FAILED %5d s  %s; the end of %s:' "$((SECONDS - start))" "$name" "$log")"
    tail -n 25 "$log"
    return 1
  fi
}

# again COMMAND…: runs the command up to four times, with growing pauses. A registry that is busy for a moment is not a
# failure. One that cannot be reached is, since then nothing was tried.
again() {
  local pause
  for pause in ${RETRY_PAUSES:-5 20 60}; do
    "$@" && return
    say "Failed; again in $pause s: $*"
    sleep "$pause"
  done
  "$@"
}
