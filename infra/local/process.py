"""Starting and ending one process, so that none is ever left behind."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from .errors import StackError
from .layout import Layout, write_private
from .part import Part

LOG_LIMIT = 10 * 2**20
"""Bytes of a log before it makes room; one older generation is kept."""
_PR_SET_PDEATHSIG = 1
_SAME_PROCESS = 2.0
"""Seconds by which the system's answers about one process's start may differ."""


async def spawn(part: Part, layout: Layout, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Starts the part; its words go to its log, its id to its pid file."""
    for path, text in part.files.items():
        write_private(path, text)
    make_room(layout.log(part.name))
    output = os.open(layout.log(part.name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            *part.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**environment, **part.env},
            cwd=layout.data(part.name),
            umask=0o077,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which stops everything in order
            preexec_fn=_die_with_parent(),
        )
    except FileNotFoundError:
        raise StackError(f"{part.command[0]} is missing: run `make setup`.") from None
    finally:
        os.close(output)
    with contextlib.suppress(psutil.NoSuchProcess):
        write_private(layout.started(part.name), repr(psutil.Process(process.pid).create_time()))
    write_private(layout.pid(part.name), str(process.pid))
    return process


async def end(process: asyncio.subprocess.Process, grace: float) -> None:
    """Asks the process to end and, after `grace` seconds, makes it."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(grace):
            await process.wait()
    except TimeoutError:
        kill(process)
        await process.wait()


def kill(process: asyncio.subprocess.Process) -> None:
    """Ends the process and whatever it has started, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def pause(process: asyncio.subprocess.Process) -> None:
    """Freezes the process and whatever it has started, as a machine that is overloaded or asleep would."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGSTOP)


def resume(process: asyncio.subprocess.Process) -> None:
    """Lets it go on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGCONT)


def forget(layout: Layout, name: str) -> None:
    """Removes the files that say the part runs."""
    layout.pid(name).unlink(missing_ok=True)
    layout.started(name).unlink(missing_ok=True)


def end_leftovers(layout: Layout, grace: float = 5.0) -> list[str]:
    """Ends what a killed supervisor left behind; the names of those parts."""
    found = {}
    for path in sorted((layout.root / "run").glob("*.pid")):
        if (process := leftover(layout, path.stem)) is not None:
            found[path.stem] = process
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
    for stubborn in psutil.wait_procs(list(found.values()), timeout=grace)[1]:
        stubborn.kill()
    psutil.wait_procs(list(found.values()), timeout=grace)
    for path in (layout.root / "run").glob("*.pid"):
        forget(layout, path.stem)
    return list(found)


def leftover(layout: Layout, name: str) -> psutil.Process | None:
    """The process that the pid file means, if it is still that one and not a stranger with the same id."""
    try:
        process = psutil.Process(int(layout.pid(name).read_text()))
        began = float(layout.started(name).read_text())
        is_same = abs(process.create_time() - began) < _SAME_PROCESS
        return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None


def make_room(log: Path) -> None:
    """Keeps a log small: its present content becomes the older generation, and it begins anew.

    It is copied and cut, not renamed, since the process that writes it keeps it open.
    """
    if not log.exists() or log.stat().st_size < LOG_LIMIT:
        return
    with log.open("rb") as source:
        source.seek(-LOG_LIMIT // 2, os.SEEK_END)
        older = source.read()
    kept = log.with_suffix(".log.1")
    kept.touch(mode=0o600)
    kept.write_bytes(older)
    os.truncate(log, 0)


def _die_with_parent() -> Callable[[], None] | None:
    """What a child does before its program starts: asks Linux to end it when the supervisor is gone."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask
