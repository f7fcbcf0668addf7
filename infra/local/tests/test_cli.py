import socket
from pathlib import Path

import pytest

from infra.local import cli, words
from infra.local.layout import Layout


def test_a_port_in_use_is_one_sentence_and_no_traceback(layout: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert cli.main(["up", "--root", str(layout.root), "--port", str(port), "--only", "gateway"]) == 1
    told = capsys.readouterr()
    assert told.err == (f"Port {port} is in use: stop what uses it, or choose another with PORT=9000 make run.\n")
    assert told.out == ""


@pytest.mark.parametrize(
    "command", [["status"], ["stop", "nats"], ["start", "nats"], ["pause", "nats"], ["exec", "orders", "--", "env"]]
)
def test_nothing_runs_is_one_sentence(layout: Layout, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert (
        cli.main([*command, "--root", str(layout.root)] if command[0] != "exec" else _with_root(command, layout)) == 1
    )
    assert capsys.readouterr().err == f"No stack runs in {layout.root}: start one with `make run`.\n"


def _with_root(command: list[str], layout: Layout) -> list[str]:
    return [command[0], "--root", str(layout.root), *command[1:]]


def test_reset_wipes_and_may_be_said_twice(layout: Layout) -> None:
    assert cli.main(["reset", "--root", str(layout.root)]) == 0
    assert not layout.root.exists()
    assert cli.main(["reset", "--root", str(layout.root)]) == 0


def test_reset_leaves_a_strangers_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert cli.main(["reset", "--root", str(tmp_path)]) == 0
    assert (tmp_path / "data").exists()


def test_status_adds_up_what_each_part_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "proportional_bytes", lambda pid: pid * 2**20)
    parts = [
        {"name": "nats", "state": "ready", "pid": 20, "restarts": 0},
        {"name": "tickets-1", "state": "stopped", "pid": None, "restarts": 3},
    ]
    table = words.status(parts, {"nats": "nats://127.0.0.1:4222", "tickets": ["a", "b"]}, supervisor=40)
    lines = [line.split() for line in table.splitlines()]
    assert lines[1] == ["nats", "ready", "20", "0", "20", "nats://127.0.0.1:4222"]
    assert lines[2] == ["tickets-1", "stopped", "-", "3", "0"]
    assert lines[-1] == ["all", "60"]
