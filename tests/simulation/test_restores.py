"""One service's database is set back while all others have gone on, or all of them to the same moment.

What is left over is what the docs say is lost.

A restore is not among the protocol's own steps, so stories are drawn by lot instead of searched. Each control takes one
part of the restore away and shows that stories end badly without it.
"""

import random  # noqa: TID251 (a seed makes each story one that can be told again)
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from common.mongo import Document
from common.outbox import raised
from infra.ops.audit import Report, Violation

from .town import Town

ALL = "all at once"
LOST: Mapping[str, tuple[tuple[str, str], ...]] = {
    "orders": (
        ("I6", "client has never heard of it (as hold "),
        ("I2", "and the order is cancelled"),
        ("I2", "which orders does not know"),
    ),
    "tickets": (("I4", "which tickets does not know"), ("I6", "client has never heard of it (as hold ")),
    "payments": (),
    "auth": (),
    "expiration": (),
    "client": (),
    "emails": (),
    ALL: (),
}
"""What docs/reliability.md says that the audit finds after a restore of each service, and no more."""
SEEDS = range(6)
MOST_STORIES = 60


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what has just been made elsewhere."""
    monkeypatch.setattr("common.mongo.reads._WAITS", ())


async def story(name: str, seed: int, folder: Path) -> tuple[Town, Report, set[str]]:
    """Also the ids of everything that was in the backup."""
    town = Town(random.Random(seed))  # noqa: S311
    await town.open()
    await town.live(25)
    names = [one for one in LOST if name in {one, ALL} and one != ALL]
    paths = {one: await town.backup(one, folder) for one in names}
    known = {str(document["_id"]) for one in names async for document in documents(town, one)}
    await town.live(25)
    for one in town.chance.sample(names, k=len(names)):
        await town.restore(one, paths[one])
    await town.rebuild()
    if seed % 2:
        await town.live(8)
    await town.until_quiet()
    return town, await town.audit(), known


async def documents(town: Town, name: str) -> Any:
    for collection in await town.parts[name].database.list_collection_names():
        async for document in town.parts[name].database[collection].find():
            yield document


def beyond(name: str, report: Report, known: set[str]) -> list[Violation]:
    """What is found that is not lost with what came after the backup."""
    return [one for one in report.violations if not _is_lost(name, one, known)]


def _is_lost(name: str, violation: Violation, known: set[str]) -> bool:
    if not any(violation.invariant == invariant and told in violation.told for invariant, told in LOST[name]):
        return False
    about = re.findall(r"(?:order|ticket) ([0-9a-f]{24})", f"{' '.join(violation.documents)} {violation.told}")
    return violation.invariant == "I6" or not set(about) <= known


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", LOST)
async def test_all_agree_but_for_what_is_lost(name: str, seed: int, tmp_path: Path) -> None:
    _, report, known = await story(name, seed, tmp_path)
    assert (beyond(name, report, known), report.unquiet) == ([], ())


# ---- what happens without one part of it
def _as_it_was(number: int, _: datetime) -> int:
    return number


async def _nothing(*_: object) -> None:
    pass


def _only_raised(moment: datetime) -> Callable[[Document], Document]:
    return lambda document: document | {"version": raised(document["version"], moment)}


CONTROLS: Mapping[str, tuple[str, Mapping[str, object]]] = {
    "orders' versions are not raised": (
        "orders",
        {"common.outbox.restored.raised": _as_it_was, "orders.store.raised": _as_it_was},
    ),
    "payments' versions are not raised": ("payments", {"common.outbox.restored.raised": _as_it_was}),
    "what nobody had paid expires at once": ("orders", {"orders.domain.Order.restored": lambda order, _: order}),
    "a paid order that is set back is not known to be so": ("orders", {"orders.store.set_back": _only_raised}),
    "a ticket stays locked for an order that is lost": ("orders", {"orders.service.Orders._forget": _nothing}),
    "numbers begin at one again": ("orders", {"orders.store.OrderStore.raise_floor": _nothing}),
    "a sold ticket that is set back is not known to be so": ("tickets", {"tickets.store.set_back": _only_raised}),
    "Stripe is not asked what it has done since": ("payments", {"payments.webhooks.Webhooks.look_again": _nothing}),
    "an open payment that is set back is not known to be so": ("payments", {"payments.store.set_back": _only_raised}),
}


@pytest.mark.parametrize("control", CONTROLS)
async def test_without_it_some_story_ends_badly(control: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, off = CONTROLS[control]
    for place, instead in off.items():
        monkeypatch.setattr(place, instead)
    for seed in range(MOST_STORIES):
        _, report, known = await story(name, seed, tmp_path)
        if beyond(name, report, known):
            return
    pytest.fail(f"after {MOST_STORIES} stories nothing is missed")
