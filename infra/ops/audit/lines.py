"""Lines from any source, kept in a file each while a look lasts: as many as there are, they take no memory."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

Line = dict[str, Any]
Read = Callable[[str], AsyncIterator[bytes]]
"""The lines of a source (see `routes`), each with or without its line feed."""


class CannotLookError(Exception):
    """A source is away, or what it said is not whole."""


async def keep(source: str, read: Read, folder: Path) -> None:
    """Writes the source's lines down; `CannotLookError` unless they are all there."""
    last = b""
    count = 0
    with path(folder, source).open("wb") as file:
        async for line in read(source):
            last = line.rstrip(b"\n")
            file.write(last + b"\n")
            count += 1
    _require_whole(source, last, count)


def require_whole(folder: Path, source: str) -> None:
    """`CannotLookError` unless all that the source said is in the folder."""
    said = path(folder, source).read_bytes().splitlines()
    _require_whole(source, said[-1] if said else b"", len(said))


def path(folder: Path, source: str) -> Path:
    """Where a source's lines lie."""
    return folder / f"{source}.jsonl"


def _require_whole(source: str, last: bytes, count: int) -> None:
    try:
        end = json.loads(last or b"null")
    except ValueError:
        end = None
    if not isinstance(end, dict) or end.get("lines") != count - 2:
        raise CannotLookError(f"what {source} said ends in the middle, after {count} lines")


def lines(folder: Path, source: str, key: str, kind: str | None = None) -> Iterator[Line]:
    """The source's lines of one kind: each begins with its kind, as in `{"owns":"order",`."""
    begin = f'{{"{key}":' + ("" if kind is None else f'"{kind}"')
    with path(folder, source).open("rb") as file:
        for line in file:
            if line.startswith(begin.encode()):
                yield json.loads(line)
