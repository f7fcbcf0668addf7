"""Which port each part listens on: any free one, and the same again after a restart."""

import json
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from .errors import StackError
from .layout import write_private

HOST = "127.0.0.1"
KEEP_ALIVE_SECONDS = 75
"""How long every server here keeps an idle connection: longer than whoever asks it, the gateway with its 60 s before
all others, so that nobody sends a request into a connection that is being closed."""
# Below what systems lend to outgoing connections, which could take a part's port while it is down.
_LOWEST, _HIGHEST = 20000, 29999
_TRIES = 500


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def require_free(port: int, remedy: str) -> None:
    """Refuses a port that somebody else uses."""
    if not is_free(port):
        raise StackError(f"Port {port} is in use: stop what uses it, or {remedy}.")


def choose(path: Path, names: Iterable[str]) -> dict[str, int]:
    """A port for each name: the one remembered in `path` if it is free, a fresh one otherwise."""
    remembered: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    chosen: dict[str, int] = {}
    taken = set(remembered.values())
    for name in names:
        port = remembered.get(name)
        chosen[name] = port if port is not None and is_free(port) else _fresh(taken)
        taken.add(chosen[name])
    write_private(path, json.dumps(remembered | chosen, indent=2))
    return chosen


def unused(count: int) -> list[int]:
    """So many ports that nobody uses now, for programs that come and go."""
    found: set[int] = set()
    while len(found) < count:
        found.add(_fresh(found))
    return list(found)


def _fresh(taken: set[int]) -> int:
    for _ in range(_TRIES):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST + 1)
        if port not in taken and is_free(port):
            return port
    raise StackError(f"No port between {_LOWEST} and {_HIGHEST} is free: stop some of the servers on this machine.")
