"""Two of the operator's commands that every service has: its database into a file, and back.

A restored database is behind everybody who has gone on meanwhile. So every version is raised on its way in, what was
heard of others is stale until they say it again, and what it owns is announced. What came after the backup and what an
operator does about it is in docs/reliability.md.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from common.clock import rfc3339
from common.errors import Conflict, Invalid
from common.mongo import Renewals
from common.mongo.archive import BadBackup, Head, documents, drop_old, head, new_archive
from common.mongo.whole import drop_all, every_document, fill, is_empty, note_restore

from .parts import Parts

REPLACE = "replace"
Announce = Callable[[], Awaitable[int]]
"""Says everything that a service owns; how many states that were."""


class NotEmpty(Conflict):
    code, sentence = (
        "not-empty",
        f"The database is not empty, and nothing was done. Say `{REPLACE}` after the file to lose what it holds.",
    )


class InUse(Conflict):
    code, sentence = "in-use", "The database is in use, and nothing was done. Stop every process of the service first."


async def backup(parts: Parts, folder: str, keep: str) -> str:
    """The whole database as it is at one moment into a new file; of those there, the newest `keep` stay."""
    if not (keep.isascii() and keep.isdecimal() and int(keep) > 0):
        raise Invalid(f"KEEP is how many backups stay, at least one: {keep} is not.")
    loop, moment, place = asyncio.get_running_loop(), parts.clock(), Path(folder)
    began = loop.time()
    try:
        with new_archive(place, parts.name, moment) as (path, archive):
            async for collection, document in every_document(parts.database):
                archive.add(collection, document)
        old = drop_old(place, parts.name, int(keep), moment)
        told = f"{archive.documents:,} documents in {path.stat().st_size:,} bytes"
    except OSError as error:
        raise Invalid(f"{error.filename or folder} cannot be written: {error.strerror or error}.") from error
    gone = f", {len(old)} older dropped" if old else ""
    return f"{path.name}, {told}, in {loop.time() - began:.1f} s{gone}"


def restoring(
    renewals: Callable[[datetime], Renewals], prepare: Callable[[Parts, datetime], Announce]
) -> Callable[..., Awaitable[str]]:
    """The command `restore`.

    `renewals`: how documents go in at that moment. `prepare` joins the service's parts, for a backup made at that time.
    """

    def restore(parts: Parts, file: str, replace: str = "") -> Awaitable[str]:
        """The database as a backup has it. With `replace`, whatever it holds now is lost."""
        if replace not in {"", REPLACE}:
            raise Invalid(f"After the file nothing but `{REPLACE}` can be said.")
        path = Path(file)
        found = head(path)
        if found.service != parts.name:
            raise BadBackup(f"This is a backup of {found.service}, not of {parts.name}.")
        announce = prepare(parts, found.at)
        return _restore(parts, path, found, announce, renewals, over=replace == REPLACE)

    return restore


async def silent() -> int:
    """The announcement of a service that owns nothing which others keep."""
    return 0


async def _restore(
    parts: Parts,
    path: Path,
    found: Head,
    announce: Announce,
    renewals: Callable[[datetime], Renewals],
    *,
    over: bool,
) -> str:
    """From the first change on all of it can be done again from the beginning."""
    if others := await parts.others():
        raise InUse(f"{InUse.sentence} (It is connected to {', '.join(others)}.)")
    if not over and not await is_empty(parts.database):
        raise NotEmpty
    await drop_all(parts.database)
    await parts.create_indexes()
    moment = parts.clock()
    await fill(parts.database, documents(path), renewals(moment))
    await note_restore(parts.database, moment, found.at)
    said = await announce()
    return f"{found.documents:,} documents as of {rfc3339(found.at)}, {said:,} states announced"
