#!/usr/bin/env bash
# Installs the emitters of other languages, each in the version that its file names, and a launcher for each in
# .local/emitters. A launcher reads a scenario from standard input and writes documents, with which
# test/local-stack/exporter/emitters.test.ts feeds the exporter. The cache has them by the hash of their sources.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
source="$root/test/local-stack/exporter/emitters"
launchers="$root/.local/emitters"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/image-api-emitters"

# The toolchains that a machine does not have. Debian's cargo is enough for the crates.
missing=()
command -v python3 >/dev/null || missing+=(python3 python3-venv)
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v mvn >/dev/null || missing+=(maven)
command -v cargo >/dev/null || missing+=(cargo)
if [ "${#missing[@]}" -gt 0 ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

# Each writes into the folder that it is given.
python() {
  python3 -m venv "$1"
  # The distribution asks for every instrumentation there is; its exporter needs the SDK alone.
  "$1/bin/pip" install --quiet --disable-pip-version-check -r "$source/python/requirements.txt"
  "$1/bin/pip" install --quiet --disable-pip-version-check --no-deps -r "$source/python/distribution.txt"
}

java() {
  (cd "$source/java" && mvn -q -B \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath -Dmdep.outputFile="$1/classpath") >"$1/maven.log" || { cat "$1/maven.log"; return 1; }
  javac -proc:none -cp "$(cat "$1/classpath")" -d "$1" "$source/java/Emitter.java"
}

rust() {
  cp -r "$source/rust" "$1/source"
  (cd "$1/source" && cargo build --quiet --locked)
  mv "$1/source/target/debug/emitter" "$1/emitter"
  rm -rf "$1/source"
}

# make LANGUAGE: sets `folder`.
make() {
  local start="$SECONDS" hash
  hash="$({ declare -f "$1"; find "$source/$1" -type f | sort | xargs cat; } | sha256sum | head -c 12)"
  folder="$cache/$1-$hash"
  [ ! -d "$folder/whole" ] || return 0
  rm -rf "$cache/$1"-*
  mkdir -p "$folder"
  "$1" "$folder"
  mkdir "$folder/whole"
  echo "ok     $((SECONDS - start)) s  emitters in $1"
}

# launcher NAME COMMAND…
launcher() {
  printf '#!/bin/sh\nexec %s\n' "${*:2}" >"$launchers/$1"
  chmod +x "$launchers/$1"
}

exec 9>"${TMPDIR:-/tmp}/image-api-emitters.lock"
if command -v flock >/dev/null; then flock 9; fi
rm -rf "$launchers"
mkdir -p "$launchers" "$cache"
make python
for name in embedded powertools distro; do
  launcher "python-$name" "$folder/bin/python" "$source/python/$name.py"
done
make java
for name in embedded powertools; do
  launcher "java-$name" java -cp "$folder:$(cat "$folder/classpath")" Emitter "$name"
done
make rust
launcher rust-metrics-cloudwatch-embedded "$folder/emitter"
