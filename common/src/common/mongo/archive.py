"""The file that a backup is.

One gzip stream of BSON documents, one after another, each as long as its first four bytes say:

    {service: "orders", at: <when the copy was begun>, format: 1}
    {in: "orders", document: {...}}        one for each document, with the collection that it is in
    {ends: true, documents: <how many>}

So a file that was cut short, or joined from two, is known by its end, and a flipped bit by gzip's own sum. Indexes are
not in it: the stores know them. It is read and written piece by piece, whatever its size, and blocks: whoever does so
has nothing else to do meanwhile.
"""

import gzip
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import bson
from bson.codec_options import CodecOptions
from bson.errors import BSONError

from common.errors import AppError

from .client import Document

FORMAT = 1
_LEVEL = 6
_PREFIX, _SMALLEST, _LARGEST = 4, 5, 17 * 2**20
"""Bytes: what tells a document's length, and what that can be. (A database's own limit is 16 MiB.)"""
_AWARE: CodecOptions[Document] = CodecOptions(tz_aware=True, tzinfo=UTC)
_NAME = "{service}-{at:%Y%m%dT%H%M%SZ}.backup"
_UNFINISHED = ".unfinished"
_A_DAY = 24 * 3600


class BadBackup(AppError):
    code, sentence = "bad-backup", "This is no backup."


@dataclass(frozen=True, slots=True)
class Head:
    """What a backup says of itself. `at`: as the database was then."""

    service: str
    at: datetime
    documents: int


class _File(Protocol):
    def write(self, data: bytes, /) -> int: ...


class Archive:
    """A backup that is being written."""

    def __init__(self, file: _File) -> None:
        self._file = file
        self.documents = 0

    def add(self, collection: str, document: Mapping[str, Any]) -> None:
        """One more document."""
        self._file.write(bson.encode({"in": collection, "document": document}))
        self.documents += 1


@contextmanager
def new_archive(folder: Path, service: str, at: datetime) -> Iterator[tuple[Path, Archive]]:
    """Where it will be, and what writes it. It has its name once all of it is on the disk; until then it is nothing.

    Nobody else may read it: it holds what the database holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _NAME.format(service=service, at=at)
    unfinished = path.with_name(f".{path.name}{_UNFINISHED}")
    try:
        with (
            os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw,
            gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_LEVEL, mtime=0) as file,
        ):
            archive = Archive(file)
            file.write(bson.encode({"service": service, "at": at, "format": FORMAT}))
            yield path, archive
            file.write(bson.encode({"ends": True, "documents": archive.documents}))
            file.close()
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(path)
        _keep_name(folder)
    finally:
        unfinished.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """A name outlives a power cut only once its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def drop_old(folder: Path, service: str, keep: int, before: datetime) -> list[Path]:
    """Without all but the newest backups of this service; which went. What was begun a day before and is unfinished

    was left by a process that was killed.
    """
    name = re.compile(rf"{re.escape(service)}-\d{{8}}T\d{{6}}Z\.backup")
    old = sorted(one for one in folder.iterdir() if name.fullmatch(one.name))[:-keep]
    for path in folder.glob(f".{service}-*{_UNFINISHED}"):
        if before.timestamp() - path.stat().st_mtime > _A_DAY:
            path.unlink(missing_ok=True)
    for path in old:
        path.unlink(missing_ok=True)
    return old


def head(path: Path) -> Head:
    """Reads all of a backup, to its end; `BadBackup` where anything is wrong with it."""
    frames = _frames(path)
    first = next(frames, {})
    if not (isinstance(first.get("service"), str) and isinstance(first.get("at"), datetime)):
        raise BadBackup
    if first.get("format") != FORMAT:
        raise BadBackup(f"This backup has format {first.get('format')}, and this program reads format {FORMAT}.")
    return Head(first["service"], first["at"], _counted(frames))


def _counted(frames: Iterator[Document]) -> int:
    """How many documents there are, up to an end that says the same."""
    for count, frame in enumerate(frames):
        if "ends" in frame:
            if next(frames, None) is not None or frame.get("documents") != count:
                raise BadBackup(_DAMAGED)
            return count
        if not (isinstance(frame.get("in"), str) and isinstance(frame.get("document"), dict)):
            raise BadBackup(_DAMAGED)
    raise BadBackup(_CUT)


def documents(path: Path) -> Iterator[tuple[str, Document]]:
    """Each document, with the name of its collection."""
    for frame in _frames(path):
        if "document" in frame:
            yield frame["in"], frame["document"]


_CUT, _DAMAGED = "This backup is cut short.", "This backup is damaged."


def _frames(path: Path) -> Iterator[Document]:
    try:
        with gzip.open(path, "rb") as file:
            while prefix := file.read(_PREFIX):
                size = int.from_bytes(prefix, "little")
                if not _SMALLEST <= size <= _LARGEST:
                    raise BadBackup(_DAMAGED)
                frame = prefix + file.read(size - _PREFIX)
                if len(frame) < size:
                    raise BadBackup(_CUT)
                yield bson.decode(frame, _AWARE)
    except EOFError as error:
        raise BadBackup(_CUT) from error
    except gzip.BadGzipFile as error:
        raise BadBackup from error
    except (zlib.error, BSONError) as error:
        raise BadBackup(_DAMAGED) from error
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror or error}.") from error
