#!/bin/sh
# Installs everything into $VENV: the locked packages first, then the given folders in place.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}"

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
	echo "Python 3.11 or newer is needed, and $PYTHON is not that: install one and name it, as in make setup PYTHON=python3.12." >&2
	exit 1
}
if [ ! -x "$VENV/bin/python" ]; then
	"$PYTHON" -m venv "$VENV" || {
		rm -rf "$VENV"
		echo "$PYTHON cannot make a virtual environment; on Debian and Ubuntu: sudo apt-get install python3-venv." >&2
		exit 1
	}
fi
python="$VENV/bin/python"
folders=""
for folder in "$@"; do folders="$folders -e ./$folder"; done

[ -x "$VENV/bin/uv" ] || "$python" -m pip install --quiet uv || echo "Without uv this takes a little longer."
echo "Installing; the first time this takes about a minute."
if [ -x "$VENV/bin/uv" ]; then
	"$VENV/bin/uv" pip install --quiet --python "$python" --require-hashes --compile-bytecode -r requirements.lock
	# shellcheck disable=SC2086
	"$VENV/bin/uv" pip install --quiet --python "$python" --no-deps --no-build-isolation $folders
else
	"$python" -m pip install --quiet --require-hashes -r requirements.lock
	# shellcheck disable=SC2086
	"$python" -m pip install --quiet --no-deps --no-build-isolation $folders
fi
