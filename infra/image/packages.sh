#!/bin/sh
# Installs into /venv what the given files and groups ask for, as requirements.lock has it, and puts what is new there
# into /added/venv: a layer that repeats nothing. Called by the Dockerfile alone.
#
#     packages.sh --requirements orders/pyproject.toml
#     packages.sh --group pyproject.toml:ops
set -eu

files() { (cd / && find venv ! -type d ! -name .lock | LC_ALL=C sort); }

touch /tmp/before
if [ -d /venv ]; then files >/tmp/before; else uv venv --quiet /venv; fi
# A package that is not in the lock has no hash that uv trusts, and is refused, as is one whose hash is another.
# Our own code is copied into the image, never installed.
echo ticketing-common >/tmp/ours
uv pip install --quiet --python /venv --no-cache --require-hashes --only-binary :all: \
	--excludes /tmp/ours --constraints requirements.lock "$@"

rm -rf /added
mkdir -p /added/venv
files | LC_ALL=C comm -13 /tmp/before - | tar --create --directory / --files-from - | tar --extract --directory /added
cd /added
# What serves nobody here: a package's own tests, the sources of what is compiled, a shell's way into /venv.
find . -depth \( -type d -name tests -o -type f \( -name '*.c' -o -name '*.h' -o -name '*.pyx' \) \) -exec rm -rf {} +
rm -f venv/bin/activate* venv/bin/*.bat
# Nothing in an image changes any more, so nothing has to be compared when it is loaded.
python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash -s /added -p / /added/venv
# The same packages make the same layer, whenever they were installed.
find . -exec touch --no-dereference --date @1700000000 {} +
