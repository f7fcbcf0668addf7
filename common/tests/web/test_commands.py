"""An operator's commands, as `python -m SERVICE.commands` runs them."""

import json
import sys
from collections.abc import AsyncIterator, Callable

import pytest

from common.errors import Invalid
from common.mongo import OUTAGES
from common.outbox import Sweeper
from common.settings import ServiceSettings
from common.testing import Kit
from common.web import Line, Parts, run_command
from common.web.commands import Command

Run = Callable[..., str]
SETTINGS = ServiceSettings(environment="local")


@pytest.fixture
def kit() -> Kit:
    return Kit("things")


@pytest.fixture
def run(kit: Kit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `python -m things.commands do ...` with this command behind it; what it printed."""

    def ran(command: Command, *words: str, publishing: bool = False) -> str:
        monkeypatch.setattr(Parts, "real", lambda _name, _settings: kit.parts)
        monkeypatch.setattr(sys, "argv", ["things.commands", "do", *words])
        given = {"do": command}
        run_command("things", SETTINGS, publishing=given if publishing else {}, private={} if publishing else given)
        return capsys.readouterr().out

    return ran


def test_what_it_returns_is_a_sentence(run: Run) -> None:
    async def greet(parts: Parts, who: str) -> str:
        return f"{parts.name} greets {who}"

    assert run(greet, "you") == "do: things greets you\n"


def test_what_has_a_default_may_be_left_out(run: Run) -> None:
    async def greet(_: Parts, who: str, how: str = "kindly") -> str:
        return f"{who}, {how}"

    assert run(greet, "you") == "do: you, kindly\n"
    assert run(greet, "you", "loudly") == "do: you, loudly\n"
    with pytest.raises(SystemExit):
        run(greet)


def test_what_it_yields_is_json_and_nothing_else(run: Run) -> None:
    async def count(_: Parts) -> AsyncIterator[Line]:
        for number in range(2):
            yield {"number": number, "title": "Ü\n"}

    lines = run(count).splitlines()
    assert [json.loads(line) for line in lines] == [{"number": 0, "title": "Ü\n"}, {"number": 1, "title": "Ü\n"}]


async def _nothing(_: Parts) -> str:
    return "done"


def test_a_private_one_needs_no_bus(run: Run, kit: Kit) -> None:
    kit.bus.connected = False
    assert run(_nothing) == "do: done\n"


def test_one_that_publishes_waits_for_the_bus_and_does_nothing_without(
    run: Run, kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.web.commands._PATIENCE", 0.1)
    kit.bus.connected = False
    with pytest.raises(SystemExit, match="do: The message bus does not answer"):
        run(_nothing, publishing=True)


@pytest.mark.parametrize("publishing", [True, False])
def test_no_sweeper_works_meanwhile(run: Run, publishing: bool) -> None:
    swept = []

    async def sweep() -> None:
        swept.append(True)

    def command(parts: Parts) -> object:
        parts.add(Sweeper("busy", sweep, 0.001))
        return _nothing(parts)

    assert run(command, publishing=publishing) == "do: done\n"
    assert swept == []


def test_a_refusal_is_one_sentence(run: Run) -> None:
    async def refuse(_: Parts) -> str:
        raise Invalid("There is no such thing.")

    with pytest.raises(SystemExit, match=r"^do: There is no such thing\.$"):
        run(refuse)


def test_a_database_that_is_away_is_one_sentence(run: Run) -> None:
    async def read(_: Parts) -> AsyncIterator[Line]:
        raise OUTAGES[0]("not now")
        yield {}

    with pytest.raises(SystemExit, match=r"^do: The service's database does not answer\.$"):
        run(read)
