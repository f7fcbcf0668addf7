"""Where lines come from: who is expected to hear what, and folders written elsewhere."""

import asyncio
import importlib
import sys
from pathlib import Path

import pytest

from common.events import stream_of
from infra.ops.audit.__main__ import main
from infra.ops.audit.lines import keep
from infra.ops.audit.routes import BUS, HEARS, SOURCES

from .world import PAYMENT, World


@pytest.mark.parametrize("service", HEARS)
def test_a_consumer_is_expected_of_whoever_listens(service: str) -> None:
    heard = importlib.import_module(f"{service}.listeners").SUBSCRIPTIONS
    assert set(HEARS[service]) == {stream_of(one).name for one in heard}


def _look(world: World, folder: Path) -> str:
    async def write() -> None:
        for source in (*SOURCES, BUS):
            await keep(source, world.read, folder)

    folder.mkdir()
    asyncio.run(write())
    return str(folder)


def test_two_folders_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = World(), World()
    bad.own("order")["state"]["status"] = "cancelled"
    looks = [_look(world, tmp_path / name) for world, name in ((good, "1"), (bad, "2"), (bad, "3"))]
    monkeypatch.setattr(sys, "argv", ["audit", *looks[:2]])
    assert main() == 0
    monkeypatch.setattr(sys, "argv", ["audit", *looks[1:]])
    assert main() == 1
    assert f"I2  payment {PAYMENT}" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["audit", looks[0]])
    assert main() == 2
    assert "two looks are needed" in capsys.readouterr().err


def test_a_folder_with_half_of_it_cannot_be_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = [_look(World(), tmp_path / name) for name in ("1", "2")]
    whole = (tmp_path / "2" / "orders.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "2" / "orders.jsonl").write_text("".join(whole[:-1]))
    monkeypatch.setattr(sys, "argv", ["audit", *looks])
    assert main() == 2
