import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.part import Part
from infra.local.watcher import State, Watcher, pause_before

from .factories import SHORT, STUBBORN, make_part, never

WITHIN = 5.0
Watch = Callable[..., contextlib.AbstractAsyncContextManager[Watcher]]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def watch(layout: Layout, said: list[str]) -> Watch:
    @contextlib.asynccontextmanager
    async def watching(part: Part, **overrides: Any) -> AsyncIterator[Watcher]:
        environment = {"PATH": os.defpath}
        watcher = Watcher(part, layout, environment, said.append, **({"pause": lambda _: 0.02} | overrides))
        watcher.start()
        try:
            yield watcher
        finally:
            await watcher.stop(at_once=True)

    return watching


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():
            await asyncio.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_part_is_ready_and_leaves_its_id(watch: Watch, layout: Layout) -> None:
    async with watch(make_part()) as watcher:
        await watcher.wait_ready()
        assert watcher.state is State.READY
        assert int(layout.pid("part").read_text()) == watcher.pid


async def test_what_dies_is_started_again(watch: Watch, said: list[str]) -> None:
    async with watch(make_part()) as watcher:
        await watcher.wait_ready()
        first = watcher.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await until(lambda: watcher.state is State.READY and watcher.pid not in (None, first))
        assert watcher.restarts == 1
        assert said == ["part has died and is started again."]


async def test_what_is_stopped_stays_away_until_it_is_started(watch: Watch, layout: Layout) -> None:
    async with watch(make_part()) as watcher:
        await watcher.wait_ready()
        pid = watcher.pid
        assert pid is not None
        await watcher.stop()
        assert (watcher.state, watcher.pid) == (State.STOPPED, None)
        assert not runs(pid)
        assert not layout.pid("part").exists()
        await asyncio.sleep(0.1)
        assert watcher.pid is None
        watcher.start()
        await watcher.wait_ready()
        assert watcher.pid not in (None, pid)


async def test_what_is_paused_stands_still_and_goes_on(watch: Watch, layout: Layout) -> None:
    counting = "import itertools, time\nfor n in itertools.count(): print(n, flush=True); time.sleep(0.01)"

    def said_last() -> str:
        return layout.log("part").read_text() if layout.log("part").exists() else ""

    async with watch(make_part(code=counting)) as watcher:
        await until(lambda: bool(said_last()))
        await watcher.pause()
        assert watcher.state is State.PAUSED
        await asyncio.sleep(0.05)  # a line that was being written
        before = said_last()
        await asyncio.sleep(0.1)
        assert said_last() == before
        await watcher.resume()
        assert watcher.state is State.READY
        await until(lambda: said_last() != before)


async def test_a_paused_part_can_be_stopped_in_order(watch: Watch) -> None:
    async with watch(make_part(grace=60.0)) as watcher:
        await watcher.wait_ready()
        await watcher.pause()
        async with asyncio.timeout(WITHIN):
            await watcher.stop()
        assert watcher.state is State.STOPPED
        with pytest.raises(StackError, match="does not run now"):
            await watcher.pause()


async def test_a_paused_part_that_is_killed_is_started_again(watch: Watch) -> None:
    async with watch(make_part()) as watcher:
        await watcher.wait_ready()
        first = watcher.pid
        await watcher.pause()
        watcher.kill()
        await until(lambda: watcher.state is State.READY and watcher.pid not in (None, first))


async def test_a_part_that_does_not_listen_is_ended_after_its_grace(watch: Watch, layout: Layout) -> None:
    async with watch(make_part(code=STUBBORN, grace=0.2)) as watcher:
        await until(lambda: layout.log("part").exists() and "deaf" in layout.log("part").read_text())
        pid = watcher.pid
        assert pid is not None
        await watcher.stop()
        assert not runs(pid)


async def test_a_part_that_keeps_dying_is_one_sentence_and_is_still_tried(watch: Watch, said: list[str]) -> None:
    async with watch(make_part(code=SHORT, ready=never)) as watcher:
        await until(lambda: watcher.restarts > 5)
        (sentence,) = [line for line in said if "keeps dying" in line]
        assert "«nothing to do»" in sentence
        assert "part.log" in sentence


async def test_a_part_that_ends_before_it_is_ready_fails_the_start(watch: Watch) -> None:
    async with watch(make_part(code=SHORT, ready=never)) as watcher:
        with pytest.raises(StackError, match=r"part ended before it was ready: .*nothing to do"):
            await watcher.wait_ready()


async def test_a_part_that_never_answers_fails_the_start_in_time(watch: Watch) -> None:
    async with watch(make_part(ready=never)) as watcher:
        with pytest.raises(StackError, match=r"part was not ready within 0 s: it said nothing"):
            await watcher.wait_ready(within=0.2)


async def test_a_missing_program_is_one_sentence(watch: Watch) -> None:
    part = Part("part", ("/nowhere/nats-server",), ready=never)
    async with watch(part) as watcher:
        with pytest.raises(StackError, match=r"^/nowhere/nats-server is missing: run `make setup`\.$"):
            await watcher.wait_ready()


async def test_settings_and_files_reach_the_process(watch: Watch, layout: Layout) -> None:
    config = layout.data("part") / "config"
    code = f"import os, time; print(os.environ['COLOUR'], open({str(config)!r}).read(), flush=True); time.sleep(60)"
    async with watch(make_part(code=code, env={"COLOUR": "green"}, files={config: "configured"})):
        await until(lambda: layout.log("part").exists() and layout.log("part").read_text() == "green configured\n")
        assert config.stat().st_mode & 0o077 == 0
        assert layout.log("part").stat().st_mode & 0o077 == 0


def test_pauses_double_up_to_half_a_minute() -> None:
    assert [pause_before(deaths) for deaths in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
