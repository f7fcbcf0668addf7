import stat
from pathlib import Path

import pytest

from infra.local.errors import StackError
from infra.local.layout import Layout, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_look_in(layout: Layout) -> None:
    folders = [layout.root, layout.root / "data", layout.root / "run", layout.root / "log", layout.data("nats")]
    assert {mode(folder) for folder in folders} == {0o700}
    write_private(layout.credentials, "secret")
    assert mode(layout.credentials) == 0o600


def test_a_folder_that_holds_something_else_is_refused_and_never_wiped(tmp_path: Path) -> None:
    precious = tmp_path / "log" / "precious"
    precious.parent.mkdir()
    precious.touch()
    with pytest.raises(StackError, match="holds something else"):
        Layout(tmp_path).claim()
    Layout(tmp_path).wipe()
    assert precious.exists()


def test_a_stack_may_be_started_again_in_its_own_folder(layout: Layout) -> None:
    write_private(layout.credentials, "kept")
    layout.claim()
    assert layout.credentials.read_text() == "kept"


def test_wipe_leaves_nothing(layout: Layout) -> None:
    layout.wipe()
    assert not layout.root.exists()


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="too long for a socket"):
        Layout(tmp_path / ("x" * 100)).claim()
