"""An aggregate of our own: a counter that says what it counts."""

from dataclasses import dataclass, replace

from common.events import USER_CREATED, Said, UserState
from common.mongo import Document, new_id
from common.outbox import Aggregates, Change
from common.testing import Kit


@dataclass(frozen=True, slots=True)
class Counter:
    id: str
    version: int = 0
    count: int = 0

    def said(self, *, repeat: bool = False) -> Said:
        return Said(USER_CREATED, UserState(id=self.id, email=str(self.count), version=self.version), repeat)


def counters(kit: Kit) -> Aggregates[Counter]:
    """On the kit's database, relayed to its bus."""
    return Aggregates(kit.database["counters"], kit.parts.relay, kit.clock, encode=encode, decode=decode)


def encode(counter: Counter) -> Document:
    return {"count": counter.count}


def decode(document: Document) -> Counter:
    return Counter(str(document["_id"]), document["version"], document["count"])


def up(counter: Counter) -> Change[Counter]:
    """One more, announced."""
    more = replace(counter, count=counter.count + 1, version=counter.version + 1)
    return Change(more, [more.said()])


async def make_counter(things: Aggregates[Counter]) -> Counter:
    counter = Counter(new_id())
    await things.insert(counter, [counter.said()])
    return counter
