"""Turns the last words of a part into what a person can do about them."""

import json
import os
import re
from pathlib import Path

_LOOK_BACK = 2**15
_WIDTH = 300
_PACKAGES = {"libcurl.so.4": "libcurl4", "libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3"}
_MISSING_LIBRARY = re.compile(r"error while loading shared libraries: ([\w.+-]+)")
_MISSING_MODULE = re.compile(r"No module named '?([\w.]+)")
_EMPTY_WORDS = "Application startup failed"
_IN_USE = re.compile(r"address already in use|Address in use|EADDRINUSE", re.IGNORECASE)


def explain(log: Path) -> str:
    """One sentence or two: what the log says, and what to do."""
    words = _tail(log)
    if found := _MISSING_LIBRARY.search(words):
        library = found[1]
        package = _PACKAGES.get(library, f"the package that has {library}")
        return f"the system lacks the library {library}; on Debian and Ubuntu: sudo apt-get install {package}."
    if found := _MISSING_MODULE.search(words):
        return f"the Python module {found[1]} is missing; run `make setup`."
    if _IN_USE.search(words):
        return f"its port was taken by another program; stop that and start again ({log})."
    said = [text for line in words.splitlines() if (text := _plain(line)) and not text.startswith(_EMPTY_WORDS)]
    return f"its last words are «{said[-1][:_WIDTH]}»; more is in {log}." if said else f"it said nothing ({log})."


def _plain(line: str) -> str:
    """What a line of a log says; of a traceback, the error."""
    try:
        record = json.loads(line)
    except ValueError:
        return line.strip()
    if not isinstance(record, dict):
        return line.strip()
    text = str(record.get("exception") or record.get("message") or line).strip()
    return text.splitlines()[-1].strip()


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(0, size - _LOOK_BACK))
        return source.read().decode(errors="replace")
