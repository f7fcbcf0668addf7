import stat
from typing import Any

import pytest

from infra.local import control
from infra.local.errors import StackError
from infra.local.layout import Layout


async def answer(request: dict[str, Any]) -> dict[str, Any]:
    if request["command"] == "start":
        raise StackError(f"There is no part called {request['name']}.")
    return {"heard": request["command"]}


async def test_a_command_is_answered(layout: Layout) -> None:
    async with control.serving(layout, answer):
        assert await control.ask(layout, "status") == {"heard": "status"}
        assert stat.S_IMODE(layout.socket.stat().st_mode) == 0o600
    assert not layout.socket.exists()


async def test_a_refusal_reaches_whoever_asked(layout: Layout) -> None:
    async with control.serving(layout, answer):
        with pytest.raises(StackError, match="no part called teapot"):
            await control.ask(layout, "start", name="teapot")


async def test_nobody_there_is_one_sentence(layout: Layout) -> None:
    with pytest.raises(StackError, match="start one with `make run`"):
        await control.ask(layout, "status")


async def test_a_socket_that_a_killed_stack_left_is_replaced(layout: Layout) -> None:
    layout.socket.touch()
    async with control.serving(layout, answer):
        assert await control.ask(layout, "status") == {"heard": "status"}
