# shellcheck shell=bash
# Sourced by the scripts of this folder: where things are, and how they speak.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
state="$root/.local/stack"
# What takes long to make and seldom changes; kept between runs where the machine is.
cache="${XDG_CACHE_HOME:-$HOME/.cache}/image-api-stack"
mkdir -p "$state/bin" "$cache"

# Debian's own client knows BuildKit; another one on the PATH may want a plug-in for it.
if [ -x /usr/bin/docker ]; then ln -sf /usr/bin/docker "$state/bin/docker"; fi
export PATH="$state/bin:$PATH"
# The client's own folder of settings and plug-ins, so that this trial has the same Compose everywhere.
export DOCKER_CONFIG="$state/docker"
export DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1 BUILDKIT_PROGRESS=plain

say() { printf '%s\n' "$*"; }

# take NAME COMMAND…: runs it, its output into a log, and says how long it took; on failure the log's end.
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

# again COMMAND…: at most four times, later and later. A registry that is busy for a moment is no fault; one that
# cannot be had is, since then nothing was tried.
again() {
  local pause
  for pause in ${RETRY_PAUSES:-5 20 60}; do
    "$@" && return
    say "Failed; again in $pause s: $*"
    sleep "$pause"
  done
  "$@"
}
