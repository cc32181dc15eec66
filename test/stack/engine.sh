#!/usr/bin/env bash
# Makes sure that a container engine responds: installs Debian's if the machine has no engine, and starts it if need be.
# Exit code 3: no engine can run here, and a line says why. Other codes except 0 are failures. A daemon that was started
# here is named in dockerd.pid.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# Seconds that the daemon may take to respond. It usually takes 2 s.
patience=40

cannot() {
  say "No container engine can run here: $1"
  exit 3
}

# `take` calls it by name.
# shellcheck disable=SC2329
install_packages() {
  local policy=/usr/sbin/policy-rc.d
  apt-get update -qq || return
  # The package would start the daemon itself. Only a daemon that this script has started can be ended later.
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

missing=()
[ -x /usr/bin/docker ] && [ -x /usr/sbin/dockerd ] || missing+=(docker.io)
command -v docker-compose >/dev/null || missing+=(docker-compose)
command -v debootstrap >/dev/null || missing+=(debootstrap)
command -v iptables >/dev/null || missing+=(iptables)
if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    cannot "${missing[*]} missing, and only root on Debian can install"
  fi
  take "install ${missing[*]}" again install_packages "${missing[@]}"
  ln -sf /usr/bin/docker "$state/bin/docker"
fi

if docker info >/dev/null 2>&1; then
  say "The engine runs: $(docker version --format '{{.Server.Version}}'), $(docker info --format '{{.Driver}}')."
  exit 0
fi
[ "$(id -u)" = 0 ] || cannot 'no daemon answers, and only root can start one'

# Remove the file of a daemon that was killed.
[ -e /var/run/docker.pid ] && ! kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null && rm -f /var/run/docker.pid
setsid dockerd >"$state/dockerd.log" 2>&1 </dev/null &
pid=$!
echo "$pid" >"$state/dockerd.pid"
for ((i = 0; i < patience * 4; i++)); do
  if docker info >/dev/null 2>&1; then
    say "The engine was started: $(docker version --format '{{.Server.Version}}'), $(docker info --format '{{.Driver}}')."
    exit 0
  fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.25
done
kill "$pid" 2>/dev/null || true
rm -f "$state/dockerd.pid"
cannot "dockerd did not come up ($(grep -m1 -oE 'failed to start daemon.*|level=fatal.*' "$state/dockerd.log" || tail -n1 "$state/dockerd.log"))"
