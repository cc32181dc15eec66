#!/usr/bin/env bash
# Fetches further S3 servers for the contract suite: moto from PyPI, s3proxy and S3Mock from Maven's repository. They
# are kept in the cache under the hash of their versions.
set -euo pipefail
. "$(dirname "$0")/common.sh"

moto='5.2.5'
s3proxy='4.1.0'
s3mock='5.2.0'
copy='org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy'

# Two servers need Java, and Maven fetches them.
if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless maven
fi

# fetch_jar ARTIFACT NAME: fetches a jar that includes its dependencies.
fetch_jar() {
  mvn --batch-mode --quiet "$copy" "-Dartifact=$1" "-DoutputDirectory=$folder.part" -Dmdep.stripVersion=true
  mv "$folder.part"/*-*.jar "$folder.part/$2"
}

# Installs only the part of moto for S3: the whole server has every service of AWS.
install_moto() {
  python3 -m venv "$folder.part/moto"
  "$folder.part/moto/bin/pip" install --quiet --no-compile --disable-pip-version-check "moto[s3]==$moto" flask flask-cors
}

exec 9>"$cache/stores.lock"
if command -v flock >/dev/null; then flock 9; fi

mkdir -p "$state/programs"
folder="$cache/stores-$(sha256sum <"$0" | head -c 12)"
if [ ! -d "$folder" ]; then
  rm -rf "$folder.part"
  mkdir -p "$folder.part"
  take 'moto' again install_moto
  take 's3proxy' again fetch_jar "org.gaul:s3proxy:$s3proxy:jar:jar-with-dependencies" s3proxy.jar
  take 'S3Mock' again fetch_jar "com.adobe.testing:s3mock:$s3mock:jar:exec" s3mock.jar
  mv "$folder.part" "$folder"
  # The scripts name the folder in which they were installed.
  find "$folder/moto/bin" -maxdepth 1 -type f -exec sed -i "1s|$folder.part|$folder|" {} +
  find "$cache" -maxdepth 1 -name 'stores-*' ! -path "$folder" -exec rm -rf {} +
fi
ln -sfn "$folder" "$state/programs/stores"
