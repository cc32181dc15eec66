#!/usr/bin/env bash
# Schemathesis against the service, in a network that has nothing but loopback: it makes up URLs, and none of them may
# be fetched from the real one. The arguments: cases per operation, and another description than static/openapi.yaml.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools="$PWD/.local/ci-tools"
program="$tools/venv/bin/schemathesis"
if [ ! -x "$program" ]; then
  mkdir -p "$tools"
  [ -d "$tools/venv" ] || python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis==4.32.5'
fi

# A new network's loopback is down. SIOCSIFFLAGS with IFF_UP | IFF_RUNNING is what `ip link set lo up` does, which not
# every machine has.
loopback_up='import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))'

# The inner shell expands them.
# shellcheck disable=SC2016
exec timeout 600 unshare --net --map-root-user bash -c '
  python3 -c "$1"
  exec ./node_modules/.bin/node test/openapi/try.ts "${@:2}"
' trial "$loopback_up" "$program" "${1:-300}" "${2:-static/openapi.yaml}"
