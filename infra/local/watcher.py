"""Keeps one part running, as Kubernetes would: what dies is started again."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from enum import StrEnum

from . import process
from .errors import StackError
from .explain import explain
from .layout import Layout
from .part import Part

_LOOK_EVERY = 0.1
_STEADY = 20.0
"""Seconds after which a death is no longer counted as a quick one."""
_SPEAK_AFTER = 4
"""Quick deaths in a row before a person is told."""
_GIVE_UP_AFTER = 2
"""Deaths before the part was ever ready that make the start of the stack fail."""


class State(StrEnum):
    """What a part is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    WAITING = "waiting to start again"
    PAUSED = "paused"


def pause_before(deaths: int) -> float:
    """Seconds until the next start after so many quick deaths: 1, doubling, at most 30."""
    return float(min(30, 2 ** min(deaths - 1, 5)))


class Watcher:
    """One part: started, awaited, started again when it dies, stopped for good only by command."""

    def __init__(
        self,
        part: Part,
        layout: Layout,
        environment: Mapping[str, str],
        say: Callable[[str], None] = lambda _: None,
        *,
        pause: Callable[[int], float] = pause_before,
    ) -> None:
        self.part = part
        self.state = State.STOPPED
        self.restarts = 0
        self._layout = layout
        self._environment = environment
        self._say = say
        self._pause = pause
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._fault: StackError | None = None
        self._deaths = 0
        self._before_pause: State | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def exit_code(self) -> int | None:
        """How the last process ended, if it has; negative: by that signal."""
        return self._process.returncode if self._process else None

    def start(self) -> None:
        """Begins to keep the part running; nothing if that is so already."""
        if self._task is None or self._task.done():
            self._deaths, self._fault = 0, None
            self._task = asyncio.create_task(self._keep(), name=self.part.name)

    async def wait_ready(self, within: float | None = None) -> None:
        """Returns when the part answers; `StackError` if it cannot be started or takes longer than its patience."""
        patience = within or self.part.patience
        try:
            async with asyncio.timeout(patience), self._changed:
                await self._changed.wait_for(lambda: self.state is State.READY or self._has_failed())
        except TimeoutError:
            log = self._layout.log(self.part.name)
            raise StackError(f"{self.part.name} was not ready within {patience:.0f} s: {explain(log)}") from None
        if self.state is not State.READY:
            raise self._fault or StackError(
                f"{self.part.name} ended before it was ready: {explain(self._layout.log(self.part.name))}"
            )

    async def stop(self, *, at_once: bool = False) -> None:
        """Ends the part, and leaves it alone until `start`; `at_once` without asking it first."""
        if at_once:
            self.kill()
        else:
            await self.resume()  # what is frozen would not hear that it is asked to end
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        await self._set(State.STOPPED)

    def kill(self) -> None:
        """Ends the process without asking; whether it is started again depends on what comes next."""
        if self._process is not None and self.pid is not None:
            process.kill(self._process)

    async def pause(self) -> None:
        """Freezes the process; a part that does not run now is refused."""
        if self._process is None or self.pid is None:
            raise StackError(f"{self.part.name} does not run now, so it cannot be paused.")
        process.pause(self._process)
        if self._before_pause is None:
            self._before_pause = self.state
        await self._set(State.PAUSED)

    async def resume(self) -> None:
        """Lets a paused process go on; nothing if it is not paused."""
        before, self._before_pause = self._before_pause, None
        if before is not None and self._process is not None:
            process.resume(self._process)
            await self._set(before)

    def make_room(self) -> None:
        """Keeps the part's log small."""
        process.make_room(self._layout.log(self.part.name))

    def _has_failed(self) -> bool:
        return self._fault is not None or self._deaths >= _GIVE_UP_AFTER

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._set(State.STARTING)
            try:
                await self._run_once()
            except StackError as fault:
                self._fault = fault
                self._say(str(fault))
            self._deaths = self._deaths + 1 if loop.time() - began < _STEADY else 1
            self.restarts += 1
            await self._set(State.WAITING)
            self._report()
            await asyncio.sleep(self._pause(self._deaths))

    async def _run_once(self) -> None:
        self._before_pause = None
        self._process = await process.spawn(self.part, self._layout, self._environment)
        looking = asyncio.create_task(self._look_until_ready(self._process.pid))
        try:
            await self._process.wait()
        finally:
            looking.cancel()
            await process.end(self._process, self.part.grace)
            process.forget(self._layout, self.part.name)

    async def _look_until_ready(self, pid: int) -> None:
        while not await self.part.ready(pid):  # noqa: ASYNC110 (a process announces nothing)
            await asyncio.sleep(_LOOK_EVERY)
        if self._before_pause is None:
            await self._set(State.READY)
        else:
            self._before_pause = State.READY

    def _report(self) -> None:
        name, log = self.part.name, self._layout.log(self.part.name)
        if self._deaths == 1:
            self._say(f"{name} has died and is started again.")
        elif self._deaths == _SPEAK_AFTER:
            self._say(f"{name} keeps dying: {explain(log)} It is tried again, every 30 s at most.")

    async def _set(self, state: State) -> None:
        async with self._changed:
            self.state = state
            self._changed.notify_all()
