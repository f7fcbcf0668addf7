"""What the stand-in remembers: objects by kind and id, in memory, with a journal that outlives a kill.

Objects are held as compressed JSON: what is read is a fresh copy, so nobody changes the state by accident, and a
load test of thousands of purchases stays small.
One commit is one line of the journal, written before the answer goes out.
"""

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import Json

COMPACT_AT = 8 * 1024 * 1024
Change = tuple[str, str, str | None]


def dumps(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"))


def packed(text: str) -> bytes:
    """How an object lies in memory."""
    return zlib.compress(text.encode(), 1)


def unpacked(data: bytes) -> Json:
    """A fresh copy of it."""
    value: Json = json.loads(zlib.decompress(data))
    return value


class Store:
    """The state. `path` is None for one that only lives in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._kinds: dict[str, dict[str, bytes]] = {}
        self._journal: int | None = None
        self._size = 0
        self._compact_at = COMPACT_AT
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._replay(path)
            self._compact(path)

    def get(self, kind: str, key: str) -> Json | None:
        """A copy of the object, or None."""
        data = self._kinds.get(kind, {}).get(key)
        return None if data is None else unpacked(data)

    def keys(self, kind: str) -> list[str]:
        """The ids of all objects of a kind, newest first."""
        return list(reversed(self._kinds.get(kind, {})))

    def newest(self, kind: str) -> Iterator[Json]:
        """Copies of all objects of a kind, newest first."""
        for key in self.keys(kind):
            value = self.get(kind, key)
            if value is not None:
                yield value

    def oldest(self, kind: str) -> Json | None:
        """A copy of the object that was created first."""
        data = next(iter(self._kinds.get(kind, {}).values()), None)
        return None if data is None else unpacked(data)

    def count(self, kind: str) -> int:
        """How many objects of a kind there are."""
        return len(self._kinds.get(kind, {}))

    def apply(self, changes: list[Change]) -> None:
        """Saves all of the changes, or, if the process dies, none."""
        if not changes:
            return
        self._write(changes)
        for change in changes:
            self._set(*change)
        if self._path is not None and self._size > self._compact_at:
            self._compact(self._path)

    def wipe(self) -> None:
        """Forgets everything."""
        self._kinds.clear()
        if self._path is not None:
            self._compact(self._path)

    def close(self) -> None:
        """Lets go of the journal."""
        if self._journal is not None:
            os.close(self._journal)
            self._journal = None

    def _set(self, kind: str, key: str, text: str | None) -> None:
        objects = self._kinds.setdefault(kind, {})
        if text is None:
            objects.pop(key, None)
        else:
            objects[key] = packed(text)

    def _write(self, changes: list[Change]) -> None:
        if self._journal is None:
            return
        line = memoryview(dumps(changes).encode() + b"\n")
        self._size += len(line)
        while line:
            line = line[os.write(self._journal, line) :]

    def _replay(self, path: Path) -> None:
        if not path.exists():
            return
        with path.open("rb") as journal:
            for line in journal:
                # A kill can cut the last line short; nobody was answered for it.
                if line.endswith(b"\n"):
                    for kind, key, text in json.loads(line):
                        self._set(kind, key, text)

    def _compact(self, path: Path) -> None:
        self.close()
        fresh = path.with_name(path.name + ".new")
        with fresh.open("wb") as journal:
            for kind, objects in self._kinds.items():
                for key, data in objects.items():
                    journal.write(dumps([[kind, key, zlib.decompress(data).decode()]]).encode() + b"\n")
            journal.flush()
            os.fsync(journal.fileno())
        fresh.replace(path)
        self._journal = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._size = path.stat().st_size
        self._compact_at = max(COMPACT_AT, 4 * self._size)


class Transaction:
    """What one request changes: reads see its own writes, others see them after the commit."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.events: list[str] = []
        self._changes: dict[tuple[str, str], Json | None] = {}

    def get(self, kind: str, key: str) -> Json | None:
        """A copy of the object as this transaction sees it."""
        if (kind, key) in self._changes:
            value = self._changes[kind, key]
            return None if value is None else json.loads(dumps(value))
        return self.store.get(kind, key)

    def newest(self, kind: str) -> Iterator[Json]:
        """Copies of all objects of a kind as this transaction sees them, newest first."""
        new = [key for changed, key in self._changes if changed == kind and self.store.get(kind, key) is None]
        for key in [*reversed(new), *self.store.keys(kind)]:
            value = self.get(kind, key)
            if value is not None:
                yield value

    def put(self, kind: str, value: Json) -> None:
        """Creates or replaces the object with this id."""
        self._changes[kind, value["id"]] = value

    def delete(self, kind: str, key: str) -> None:
        """Forgets the object."""
        self._changes[kind, key] = None

    def commit(self) -> None:
        """Saves everything at once."""
        self.store.apply(
            [(kind, key, None if value is None else dumps(value)) for (kind, key), value in self._changes.items()]
        )
