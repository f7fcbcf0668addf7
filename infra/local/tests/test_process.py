import asyncio
import os
import subprocess
import sys
import time

import psutil
import pytest

from infra.local import process
from infra.local.layout import REPOSITORY, Layout

from .factories import PATIENT, make_part, python


def leave_behind(layout: Layout, name: str) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(python(PATIENT))
    layout.pid(name).write_text(str(child.pid))
    layout.started(name).write_text(repr(psutil.Process(child.pid).create_time()))
    return child


def test_what_a_killed_supervisor_left_is_ended(layout: Layout) -> None:
    with leave_behind(layout, "tickets") as child:
        assert process.end_leftovers(layout) == ["tickets"]
        assert child.wait(timeout=5) is not None
    assert not layout.pid("tickets").exists()


def test_a_stranger_with_the_same_id_is_left_alone(layout: Layout) -> None:
    with leave_behind(layout, "tickets") as child:
        layout.started("tickets").write_text(repr(time.time() - 3600))
        assert process.end_leftovers(layout) == []
        assert child.poll() is None
        child.kill()
    assert not layout.pid("tickets").exists()


@pytest.mark.parametrize("content", ["", "garbage", "999999999"])
def test_a_pid_file_that_means_nobody_is_cleared_away(layout: Layout, content: str) -> None:
    layout.pid("tickets").write_text(content)
    layout.started("tickets").write_text("1.0")
    assert process.end_leftovers(layout) == []
    assert not layout.pid("tickets").exists()


def test_a_full_log_makes_room_while_it_is_open(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LOG_LIMIT", 1000)
    log = layout.log("tickets")
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 600)
        process.make_room(log)
        assert log.stat().st_size == 600
        writer.write(b"b" * 600)
        process.make_room(log)
        writer.write(b"after")
    assert log.read_text() == "after"
    assert log.with_suffix(".log.1").read_text() == "b" * 500


async def test_no_part_outlives_a_killed_supervisor(layout: Layout) -> None:
    code = f"""
import asyncio
from pathlib import Path
from infra.local import process
from infra.local.layout import Layout
from infra.local.part import Part
from infra.local.tests.factories import make_part
async def main():
    await process.spawn(make_part("child"), Layout(Path({str(layout.root)!r})), {{}})
    await asyncio.sleep(60)
asyncio.run(main())
"""
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=REPOSITORY)
    async with asyncio.timeout(10):
        while not layout.pid("child").exists():
            await asyncio.sleep(0.02)
        child = psutil.Process(int(layout.pid("child").read_text()))
        supervisor.kill()
        await supervisor.wait()
        if sys.platform != "linux":  # elsewhere no system call ends children with their parent: the next start does
            await asyncio.to_thread(process.end_leftovers, layout)
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)


async def test_a_process_has_a_group_of_its_own(layout: Layout) -> None:
    running = await process.spawn(make_part(), layout, {})
    try:
        assert os.getpgid(running.pid) == running.pid != os.getpgid(0)
    finally:
        await process.end(running, grace=5)
    assert running.returncode is not None
