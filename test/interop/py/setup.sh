#!/usr/bin/env bash
# Makes the Python environment of the interop tests, once for each content of requirements.txt.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p .venv
exec 9> .venv/.lock
if command -v flock > /dev/null; then flock 9; fi
stamp=$(cksum < requirements.txt)
if [ "$(cat .venv/.built 2> /dev/null)" = "$stamp" ]; then exit 0; fi
python3 -m venv .venv
.venv/bin/pip --quiet --disable-pip-version-check --no-input install -r requirements.txt
echo "$stamp" > .venv/.built
