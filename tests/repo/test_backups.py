"""Every service's database can be copied and put back, and nothing that is compared by version is forgotten there."""

import gc
import importlib
import re
from collections.abc import Callable
from datetime import datetime

from common.mongo import Renewals, Replicas
from common.testing import Kit

from .services import Service


def _commands(service: Service) -> str:
    return (service.folder / "src" / service.name / "commands.py").read_text()


def test_it_offers_both(service: Service) -> None:
    text = _commands(service)
    assert '"backup": backup' in text
    assert re.search(r'"restore": restoring\(renewals, ', text)


def test_what_it_owns_is_announced_by_a_restore(service: Service) -> None:
    assert ("return silent" in _commands(service)) != service.announces


def test_people_are_told_of_both(service: Service) -> None:
    for words in ("backup FOLDER KEEP", "restore FILE [replace]"):
        assert f"python -m {service.name}.commands {words}" in service.readme


def test_each_aggregate_and_each_replica_is_changed_on_its_way_in(service: Service) -> None:
    """Or others would take what a restored service says for old, or it would take what they say for old."""
    kit = Kit(service.name)
    app = service.app(kit)
    renewals: Callable[[datetime], Renewals] = importlib.import_module(f"{service.name}.commands").renewals
    aggregates = {collection.name for collection in kit.parts.relay._collections}
    kept = (one.collection for one in gc.get_objects() if type(one) is Replicas)
    replicas = {collection.name for collection in kept if collection.database.name == kit.database.name}
    changed = renewals(kit.clock())
    assert app is not None
    assert set(changed) == aggregates | replicas
    assert all(changed[name]({"_id": 1, "version": 3})["stale"] is True for name in replicas)
