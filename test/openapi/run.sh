#!/usr/bin/env bash
# Runs Schemathesis against the service, in a network that has only loopback: it invents URLs, which the service must
# not fetch from the internet. Arguments: cases per operation, and a description to use instead of static/openapi.yaml.
set -euo pipefail
cd "$(dirname "$0")/../.."

tools="$PWD/.local/ci-tools"
program="$tools/venv/bin/schemathesis"
if [ ! -x "$program" ]; then
  mkdir -p "$tools"
  [ -d "$tools/venv" ] || python3 -m venv "$tools/venv"
  "$tools/venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis==4.32.5'
fi

# Loopback is down in a new network. SIOCSIFFLAGS with IFF_UP | IFF_RUNNING does the same as `ip link set lo up`, and
# not every machine has `ip`.
loopback_up='import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))'

# The inner shell expands the variables.
# shellcheck disable=SC2016
exec timeout 600 unshare --net --map-root-user bash -c '
  python3 -c "$1"
  exec ./node_modules/.bin/node test/openapi/try.ts "${@:2}"
' trial "$loopback_up" "$program" "${1:-300}" "${2:-static/openapi.yaml}"
