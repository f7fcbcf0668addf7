"""The file that a backup is: what is not one, whole and of the right kind, is known before anybody rests on it."""

import gzip
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import pytest

from common.mongo import oid
from common.mongo.archive import BadBackup, Head, documents, drop_old, head, new_archive

AT = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)
LOTS = [("orders", {"_id": oid(f"{number:024x}"), "at": AT, "words": ["a", "b"]}) for number in range(300)]
MIXED = [*LOTS, ("tickets", {"_id": 1, "price": 2**40, "half": 0.5, "raw": b"\x00\xff", "nothing": None})]
Frames = list[dict[str, Any]]


def written(folder: Path, service: str = "orders", at: datetime = AT) -> Path:
    with new_archive(folder, service, at) as (path, archive):
        for collection, document in MIXED:
            archive.add(collection, document)
    return path


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert path.name == "orders-20261128T183000Z.backup"
    assert head(path) == Head("orders", AT, 301)
    assert list(documents(path)) == MIXED


def test_an_empty_database_has_a_backup_too(tmp_path: Path) -> None:
    with new_archive(tmp_path, "orders", AT) as (path, _):
        pass
    assert head(path) == Head("orders", AT, 0)


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    assert stat.S_IMODE(written(tmp_path).stat().st_mode) == 0o600


def test_it_has_no_name_before_it_is_whole(tmp_path: Path) -> None:
    with new_archive(tmp_path, "orders", AT) as (path, archive):
        archive.add("orders", {"_id": 1})
        assert not path.exists()
        (unfinished,) = tmp_path.iterdir()
        assert stat.S_IMODE(unfinished.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_one_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_archive(tmp_path, "orders", AT) as (_, archive):
        archive.add("orders", {"_id": 1 / 0})
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_cut_anywhere_is_known(tmp_path: Path) -> None:
    whole = written(tmp_path).read_bytes()
    cut = tmp_path / "cut"
    for length in [*range(40), *range(40, len(whole), 97), *range(len(whole) - 12, len(whole))]:
        cut.write_bytes(whole[:length])
        with pytest.raises(BadBackup):
            head(cut)


def test_one_that_is_damaged_anywhere_is_known(tmp_path: Path) -> None:
    whole = written(tmp_path).read_bytes()
    damaged = tmp_path / "damaged"
    for place in [*range(10, len(whole), 61), len(whole) - 5]:
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(BadBackup):
            head(damaged)


def frames(path: Path) -> Frames:
    found: Frames = list(bson.decode_all(gzip.decompress(path.read_bytes())))
    return found


CHANGES: dict[str, tuple[Callable[[Frames], Frames], str]] = {
    "no end": (lambda them: them[:-1], "cut short"),
    "one too few": (lambda them: [*them[:5], *them[6:]], "damaged"),
    "one after the end": (lambda them: [*them, them[3]], "damaged"),
    "two in one": (lambda them: [*them, *them], "damaged"),
    "no document": (lambda them: [*them[:3], {"in": "orders"}, *them[3:]], "damaged"),
    "no beginning": (lambda them: them[1:], "no backup"),
    "another format": (lambda them: [them[0] | {"format": 2}, *them[1:]], "format 2, and this program reads format 1"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_put_together_wrongly_is_known(tmp_path: Path, name: str) -> None:
    """Though every sum of gzip's is right."""
    change, told = CHANGES[name]
    path = written(tmp_path)
    path.write_bytes(gzip.compress(b"".join(map(bson.encode, change(frames(path))))))
    with pytest.raises(BadBackup, match=told):
        head(path)


@pytest.mark.parametrize("content", [b"", b"hello", gzip.compress(b""), gzip.compress(b"hello, this is no backup")])
def test_anything_else_is_no_backup(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(BadBackup):
        head(path)


def test_one_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadBackup, match=r"nothing\.backup cannot be read: No such file or directory"):
        head(tmp_path / "nothing.backup")


def test_the_newest_stay_and_other_services_are_left_alone(tmp_path: Path) -> None:
    ours = [written(tmp_path, at=AT + timedelta(hours=number)) for number in range(5)]
    theirs = written(tmp_path, "orders-archive", AT - timedelta(days=900))
    notes = tmp_path / "orders-notes.backup"
    notes.touch()
    assert drop_old(tmp_path, "orders", 2, AT) == ours[:3]
    assert sorted(tmp_path.iterdir()) == sorted([*ours[3:], theirs, notes])
    assert drop_old(tmp_path, "orders", 2, AT) == []


def test_what_a_killed_one_left_goes_after_a_day(tmp_path: Path) -> None:
    left = tmp_path / ".orders-20261127T183000Z.backup.unfinished"
    left.touch()
    moment = datetime.fromtimestamp(left.stat().st_mtime, UTC)
    drop_old(tmp_path, "orders", 2, moment + timedelta(hours=23))
    assert left.exists()
    drop_old(tmp_path, "orders", 2, moment + timedelta(hours=25))
    assert not left.exists()
