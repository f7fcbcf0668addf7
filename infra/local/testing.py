"""A stack of its own for a test: real processes in a folder of the test's, beside whatever a developer runs."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import control, mongo, ports, rolling
from .errors import StackError
from .layout import REPOSITORY, Layout
from .part import belongs
from .settings import HTTPS_OFFSET, inherited

_READY_WITHIN = 120.0
_STOPPED_WITHIN = 60.0
_LOOK_EVERY = 0.05
_LOWEST, _HIGHEST = 10000, 19000
_TRIES = 200


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack that answers; parts can be stopped, started and killed by name."""

    layout: Layout
    addresses: Mapping[str, str | list[str]]

    def url(self, name: str) -> str:
        """Where the part is; the first of its replicas."""
        address = self.addresses[name]
        return address if isinstance(address, str) else address[0]

    async def stop(self, name: str, *, kill: bool = False) -> None:
        """The part stays away until it is started; with `kill` it is not asked first."""
        await control.ask(self.layout, "stop", name=name, atOnce=kill)

    async def start(self, name: str) -> None:
        """Returns when the part answers again."""
        await control.ask(self.layout, "start", name=name)

    def kill(self, name: str) -> None:
        """As a crash: SIGKILL now, and the watcher starts it again."""
        os.kill(self.pid(name), signal.SIGKILL)

    async def restart(self, name: str | None = None) -> int:
        """One process of the service (or of all) after the other, each back before the next goes; how many."""
        return await rolling.restart(self.layout, name)

    async def pause(self, name: str) -> None:
        """SIGSTOP: the part keeps its connections and answers nothing until `resume`."""
        await control.ask(self.layout, "pause", name=name)

    async def resume(self, name: str) -> None:
        """SIGCONT."""
        await control.ask(self.layout, "resume", name=name)

    async def wipe(self, name: str) -> None:
        """Kills the part, throws its data away, and starts it; returns when it answers. Redis alone may be wiped."""
        await control.ask(self.layout, "wipe", name=name)

    async def primary(self) -> str:
        """Which of MongoDB's nodes takes the writes now; `StackError` if none does within half a minute."""
        chosen: dict[str, int] = json.loads(self.layout.ports.read_text())
        return await mongo.primary({name: port for name, port in chosen.items() if belongs(name, "mongo")})

    def pid(self, name: str) -> int:
        """The part's process (`tickets-2` where there are replicas)."""
        return int(self.layout.pid(name).read_text())

    async def status(self) -> list[dict[str, Any]]:
        """Every part with its name, state, pid and restarts."""
        parts: list[dict[str, Any]] = (await control.ask(self.layout, "status"))["parts"]
        return parts

    async def environment(self, service: str) -> dict[str, str]:
        """What a command of this service has to be given, as in `python -m orders.commands`."""
        told: dict[str, str] = (await control.ask(self.layout, "environment", name=service))["environment"]
        return inherited() | told


@contextlib.asynccontextmanager
async def running_stack(
    root: Path, env: Mapping[str, str] | None = None, *, only: tuple[str, ...] = ()
) -> AsyncIterator[RunningStack]:
    """`python -m infra.local up` in `root`, on a free port, with these settings; stopped when the block is left."""
    layout = Layout(root)
    words = ["up", "--root", str(root), "--port", str(free_port()), *(("--only", ",".join(only)) if only else ())]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.local", *words),
        cwd=REPOSITORY,
        env=inherited() | dict(env or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said: deque[str] = deque(maxlen=100)
    listening = asyncio.create_task(_listen(process, said))
    try:
        await _until_ready(process, layout, said)
        addresses = (await control.ask(layout, "status"))["addresses"]
        yield RunningStack(layout, addresses)
    finally:
        await _end(process)
        await listening


def free_port() -> int:
    """A port for a gateway: free itself, and 363 above it too."""
    for _ in range(_TRIES):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if ports.is_free(port) and ports.is_free(port + HTTPS_OFFSET):
            return port
    raise StackError("No port is free for a gateway: stop some of the servers on this machine.")


async def _listen(process: asyncio.subprocess.Process, said: deque[str]) -> None:
    if process.stdout is not None:
        async for line in process.stdout:
            said.append(line.decode(errors="replace"))


async def _until_ready(process: asyncio.subprocess.Process, layout: Layout, said: deque[str]) -> None:
    try:
        async with asyncio.timeout(_READY_WITHIN):
            while not _is_ready(layout, process.pid):
                if process.returncode is not None:
                    raise StackError(f"The stack did not start: {''.join(said).strip()}")
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError:
        raise StackError(f"The stack was not ready within {_READY_WITHIN:.0f} s: {''.join(said).strip()}") from None


def _is_ready(layout: Layout, pid: int) -> bool:
    """A file that an earlier, killed stack left there names another process."""
    return layout.ready.exists() and layout.ready.read_text() == str(pid)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_STOPPED_WITHIN):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
