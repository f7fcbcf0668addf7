"""The commands `backup` and `restore`, as every service has them."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from common.clock import now
from common.events import USER_CREATED
from common.mongo import IndexModel, Mongo, Renewals, oid, staled
from common.mongo.archive import head, new_archive
from common.outbox import raised, set_back
from common.settings import ServiceSettings
from common.testing import Kit
from common.testing.servers import mongo_server
from common.web import Announce, Parts, backup, restoring, run_command

THINGS = [{"_id": oid(f"{number:024x}"), "version": number, "name": f"{number}", "outbox": []} for number in range(3)]
HEARD = {"_id": oid("f" * 24), "version": 5, "name": "of another", "stale": False}
MOMENT = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)
Run = Callable[..., str]


class Announced:
    """A service that says how often it was asked to announce."""

    def __init__(self) -> None:
        self.times = 0

    def prepare(self, parts: Parts, at: datetime) -> Announce:
        assert at.tzinfo is not None
        parts.index({parts.database["things"]: [IndexModel([("name", 1)], unique=True)]})
        return self.announce

    async def announce(self) -> int:
        self.times += 1
        return 3


@pytest.fixture
def kit() -> Kit:
    return Kit("things")


@pytest.fixture
def service() -> Announced:
    return Announced()


def renewals(moment: datetime) -> Renewals:
    return {"things": set_back(moment), "heard": staled}


@pytest.fixture
def run(kit: Kit, service: Announced, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `python -m things.commands ...`; what it printed."""

    def ran(*words: str) -> str:
        monkeypatch.setattr(Parts, "real", lambda _name, _settings: kit.parts)
        monkeypatch.setattr(sys, "argv", ["things.commands", *words])
        restore = restoring(renewals, service.prepare)
        settings = ServiceSettings(environment="local")
        run_command("things", settings, publishing={"restore": restore}, private={"backup": backup})
        return capsys.readouterr().out

    return ran


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A backup of three things and one that was heard of."""
    with new_archive(tmp_path, "things", MOMENT) as (path, archive):
        for document in THINGS:
            archive.add("things", document)
        archive.add("heard", HEARD)
    return path


def present(kit: Kit, collection: str) -> list[dict[str, Any]]:
    documents = kit.database.delegate[collection]  # type: ignore[attr-defined]
    return list(documents.find().sort("_id", 1))


def test_into_an_empty_database(run: Run, kit: Kit, service: Announced, file: Path) -> None:
    assert run("restore", str(file)) == ("restore: 4 documents as of 2026-11-28T18:30:00.000Z, 3 states announced\n")
    assert service.times == 1
    moment = kit.clock()
    marks = [{"version": raised(number, moment), "set_back": True} for number in range(3)]
    assert present(kit, "things") == [document | mark for document, mark in zip(THINGS, marks, strict=True)]
    assert present(kit, "heard") == [HEARD | {"stale": True}]
    assert "name_1" in kit.database.delegate["things"].index_information()  # type: ignore[attr-defined]


def test_not_over_what_is_there_unless_told_so(run: Run, kit: Kit, service: Announced, file: Path) -> None:
    other = {"_id": oid("a" * 24), "version": 1}
    kit.database.delegate["other"].insert_one(other)  # type: ignore[attr-defined]
    with pytest.raises(SystemExit, match=r"^restore: The database is not empty, and nothing was done\. Say `replace`"):
        run("restore", str(file))
    assert (present(kit, "other"), present(kit, "things"), service.times) == ([other], [], 0)
    run("restore", str(file), "replace")
    assert (present(kit, "other"), len(present(kit, "things"))) == ([], 3)


def test_twice_is_greater_each_time(run: Run, kit: Kit, file: Path) -> None:
    found = []
    for _ in range(3):
        run("restore", str(file), "replace")
        found.append([one["version"] for one in present(kit, "things")])
        kit.clock.advance(1)
    assert found[0] < found[1] < found[2]
    assert found[0][-1] < found[1][0]


def test_one_that_died_half_way_is_given_again(
    run: Run, kit: Kit, service: Announced, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> int:
        raise AutoReconnect("no primary")

    with monkeypatch.context() as patched:
        patched.setattr(Announced, "announce", away)
        with pytest.raises(SystemExit, match=r"^restore: The service's database does not answer"):
            run("restore", str(file))
    run("restore", str(file), "replace")
    assert (len(present(kit, "things")), service.times) == (3, 1)


@pytest.mark.parametrize("spoil", ["cut", "foreign", "missing", "words"])
def test_what_cannot_be_restored_changes_nothing(run: Run, kit: Kit, file: Path, spoil: str) -> None:
    kit.database.delegate["things"].insert_one({"_id": 1, "version": 7})  # type: ignore[attr-defined]
    words = [str(file), "replace"]
    if spoil == "cut":
        file.write_bytes(file.read_bytes()[:-20])
    if spoil == "foreign":
        with new_archive(file.parent, "others", MOMENT) as (path, _):
            words[0] = str(path)
    if spoil == "missing":
        file.unlink()
    if spoil == "words":
        words[1] = "please"
    told = {
        "cut": "This backup is cut short",
        "foreign": "This is a backup of others, not of things",
        "missing": "No such file",
        "words": "After the file nothing but `replace` can be said",
    }
    with pytest.raises(SystemExit, match=told[spoil]):
        run("restore", *words)
    assert present(kit, "things") == [{"_id": 1, "version": 7}]


def test_not_while_the_service_runs(run: Run, kit: Kit, file: Path) -> None:
    async def others() -> list[str]:
        return ["10.0.0.7:50000"]

    kit.parts.others = others
    with pytest.raises(SystemExit, match=r"The database is in use, and nothing was done\. .*10\.0\.0\.7:50000"):
        run("restore", str(file), "replace")
    assert present(kit, "things") == []


def test_all_that_was_said_is_published_when_it_returns(run: Run, kit: Kit, file: Path) -> None:
    """What lay in an outbox when the backup was made, too."""
    entry = {"id": "1" * 32, "at": now() - timedelta(days=1), "type": USER_CREATED.name, "repeat": False, "state": True}
    kit.database.delegate["things"].insert_one({"_id": 1})  # type: ignore[attr-defined]
    with new_archive(file.parent, "things", MOMENT) as (path, archive):
        archive.add("things", THINGS[0] | {"outbox": [entry | {"payload": "{}"}]})
    kit.parts.relay.watch(kit.database["things"])
    run("restore", str(path), "replace")
    assert [message.id for message in kit.bus.published] == ["1" * 32]
    assert present(kit, "things")[0]["outbox"] == []


@pytest.mark.parametrize("keep", ["0", "-1", "many", "1.5", ""])
def test_how_many_stay_is_a_number(run: Run, tmp_path: Path, keep: str) -> None:
    with pytest.raises(SystemExit, match=r"^backup: KEEP is how many backups stay"):
        run("backup", str(tmp_path), "--", keep)


# ---- on a real database
@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mongo_server(tmp_path_factory.mktemp("mongo")) as address:
        yield address


@pytest.fixture
def really(kit: Kit, url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Has three things in it. Called, the kit's parts stand on a real database, for one command."""
    with MongoClient[dict[str, Any]](url) as client:
        client.drop_database("things")
        client["things"]["things"].insert_many([dict(one) for one in THINGS])

    def stand() -> None:
        mongo = Mongo(url)
        kit.parts = Parts("things", mongo.database, kit.bus, kit.clock)
        monkeypatch.setattr(kit.parts, "_first", [mongo])

    return stand


@pytest.mark.real
def test_there_and_back_twice_over_a_changed_database(
    run: Run, kit: Kit, really: Callable[[], None], url: str, tmp_path: Path
) -> None:
    entry = {"id": "1" * 32, "at": now(), "type": USER_CREATED.name, "repeat": False, "state": True, "payload": "{}"}
    with MongoClient[dict[str, Any]](url) as client:
        things = client["things"]["things"]
        things.update_one({"_id": THINGS[0]["_id"]}, {"$set": {"outbox": [entry]}})
        really()
        run("backup", str(tmp_path), "1")
        (path,) = tmp_path.iterdir()
        things.delete_one({"_id": THINGS[1]["_id"]})
        things.update_one({"_id": THINGS[2]["_id"]}, {"$inc": {"version": 1_000}, "$set": {"name": "later"}})
        client["things"]["later"].insert_one({"_id": 1})
        really()
        with pytest.raises(SystemExit, match=r"^restore: The database is not empty"):
            run("restore", str(path))
        versions = []
        for _ in range(2):
            kit.clock.advance(1)
            really()
            kit.parts.relay.watch(kit.parts.database["things"])
            assert run("restore", str(path), "replace").startswith("restore: 3 documents as of 20")
            assert sorted(client["things"].list_collection_names()) == ["restores", "things"]
            found = list(things.find({}, {"set_back": 0}).sort("_id", 1))
            assert [one | {"version": None} for one in found] == [one | {"version": None} for one in THINGS]
            assert things.index_information()["name_1"]["unique"]
            versions.append([one["version"] for one in found])
    assert 1_002 < versions[0][0] < versions[0][-1] < versions[1][0]
    assert {message.id for message in kit.bus.published} == {"1" * 32}


@pytest.mark.real
def test_the_newest_stay_once_a_newer_one_is_complete(
    run: Run, kit: Kit, really: Callable[[], None], tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "folder"
    really()
    said = run("backup", str(folder), "1")
    (path,) = folder.iterdir()
    assert said.startswith(f"backup: {path.name}, 3 documents in {path.stat().st_size:,} bytes, in 0.")
    assert head(path).documents == 3
    kit.clock.advance(3)
    really()
    assert ", 1 older dropped" in run("backup", str(folder), "1")
    (newer,) = folder.iterdir()
    assert newer.name > path.name


@pytest.mark.real
def test_where_nothing_can_be_written_it_says_so(run: Run, really: Callable[[], None], tmp_path: Path) -> None:
    really()
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"^backup: .*file cannot be written: "):
        run("backup", str(tmp_path / "file"), "1")
