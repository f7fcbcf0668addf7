"""The whole stack as one asynchronous context manager: everything runs inside the block, nothing is left after it."""

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self

from . import control, ports, process
from .errors import StackError
from .layout import Layout, write_private
from .lock import Lock
from .part import Plan, belongs
from .plan import make
from .programs import require_platform
from .settings import StackSettings, inherited
from .watcher import Watcher

_LOGS_LOOKED_AT_EVERY = 60.0


class Stack:
    """Starts every part in order when entered, keeps it running, stops all in reverse order when left."""

    def __init__(
        self,
        settings: StackSettings,
        say: Callable[[str], None] = lambda _: None,
        plan: Callable[[StackSettings, Layout, Mapping[str, str]], Plan] = make,
    ) -> None:
        self.settings = settings
        self.layout = Layout(settings.root)
        self.leaving = asyncio.Event()
        """Set when somebody asked for the end by command."""
        self._say = say
        self._make_plan = plan
        self._plan = Plan((), (), {})
        self._watchers: dict[str, Watcher] = {}
        self._open = contextlib.AsyncExitStack()

    @property
    def addresses(self) -> Mapping[str, str | list[str]]:
        """Each name's URL, or its URLs where there are replicas."""
        return self._plan.addresses

    async def __aenter__(self) -> Self:
        try:
            await self._prepare()
            await self._bring_up()
        except BaseException:
            await self._open.aclose()
            raise
        write_private(self.layout.addresses, json.dumps(dict(self.addresses), indent=2))
        write_private(self.layout.ready, str(os.getpid()))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def stop(self, name: str, *, at_once: bool = False) -> None:
        """Stops a part (with all its replicas, if they are meant) until it is started by name."""
        await asyncio.gather(*(watcher.stop(at_once=at_once) for watcher in self._named(name)))

    async def start(self, name: str) -> None:
        """Starts a stopped part and waits until it answers."""
        watchers = self._named(name)
        for watcher in watchers:
            watcher.start()
        await asyncio.gather(*(watcher.wait_ready() for watcher in watchers))

    async def kill(self, name: str) -> None:
        """As a crash: SIGKILL now, and it is started again like whatever dies."""
        for watcher in self._named(name):
            watcher.kill()

    async def pause(self, name: str) -> None:
        """Freezes a part (with all its replicas, if they are meant) until it is resumed."""
        for watcher in self._named(name):
            await watcher.pause()

    async def resume(self, name: str) -> None:
        """Lets a paused part go on."""
        for watcher in self._named(name):
            await watcher.resume()

    async def wipe(self, name: str) -> None:
        """Kills a part, throws its data away, and starts it with none; only where the truth is elsewhere."""
        watchers = self._named(name)
        if kept := [watcher.part.name for watcher in watchers if not watcher.part.wipeable]:
            raise StackError(f"What {kept[0]} keeps is nowhere else, so it cannot be wiped alone: `make reset`.")
        for watcher in watchers:
            await watcher.stop(at_once=True)
            await asyncio.to_thread(self.layout.wipe_data, watcher.part.name)
        await self.start(name)

    def kill_all(self) -> None:
        """For somebody who cannot wait: everything ends now."""
        for watcher in self._watchers.values():
            watcher.kill()

    def status(self) -> list[dict[str, Any]]:
        """Every part with its state, process id, how often it was started again, and how its last process ended."""
        return [
            {
                "name": name,
                "state": watcher.state,
                "pid": watcher.pid,
                "restarts": watcher.restarts,
                "exit": watcher.exit_code,
            }
            for name, watcher in self._watchers.items()
        ]

    async def _prepare(self) -> None:
        require_platform()
        self.layout.claim()
        self._open.enter_context(Lock(self.layout))
        for name in await asyncio.to_thread(process.end_leftovers, self.layout):
            self._say(f"{name} was left behind by a stack that was killed; it has been ended.")
        self._forget()
        self._open.callback(self._forget)
        environment = inherited()
        self._plan = self._make_plan(self.settings, self.layout, environment)
        if any(part.name == "gateway" for part in self._plan.parts):
            ports.require_free(self.settings.port, "choose another with PORT=9000 make run")
            ports.require_free(self.settings.https_port, "choose other ports with PORT=9000 make run")
        for part in self._plan.parts:
            self._watchers[part.name] = Watcher(part, self.layout, environment, self._say)

    async def _bring_up(self) -> None:
        await self._open.enter_async_context(control.serving(self.layout, self._command))
        self._open.push_async_callback(self._stop_all)
        names = [part.name for part in self._plan.parts] + [step.name for step in self._plan.steps]
        done = {name: asyncio.Event() for name in names}
        try:
            async with asyncio.TaskGroup() as group:
                for part in self._plan.parts:
                    group.create_task(_after(part.needs, done, part.name, partial(self._begin, part.name)))
                for step in self._plan.steps:
                    group.create_task(_after(step.needs, done, step.name, step.run))
        except ExceptionGroup as failures:
            raise _first(failures) from None
        housekeeping = asyncio.create_task(self._keep_logs_small())
        self._open.callback(housekeeping.cancel)

    async def _begin(self, name: str) -> None:
        self._watchers[name].start()
        await self._watchers[name].wait_ready()

    async def _stop_all(self) -> None:
        """In reverse order: what needs a part stops before it."""
        self.layout.ready.unlink(missing_ok=True)
        waiting = {part.name: set(part.needs) & set(self._watchers) for part in self._plan.parts}
        while waiting:
            needed = set().union(*waiting.values())
            last = [name for name in waiting if name not in needed] or list(waiting)
            await asyncio.gather(*(self._watchers[name].stop() for name in last))
            for name in last:
                del waiting[name]

    async def _keep_logs_small(self) -> None:
        while True:
            await asyncio.sleep(_LOGS_LOOKED_AT_EVERY)
            for watcher in self._watchers.values():
                watcher.make_room()

    async def _command(self, request: dict[str, Any]) -> dict[str, Any]:
        match request:
            case {"command": "status"}:
                return {"parts": self.status(), "addresses": dict(self.addresses)}
            case {"command": "down"}:
                self.leaving.set()
            case {"command": "stop", "name": str(name), "atOnce": bool(at_once)}:
                await self.stop(name, at_once=at_once)
            case {"command": "start" | "kill" | "pause" | "resume" | "wipe" as verb, "name": str(name)}:
                await getattr(self, verb)(name)
            case {"command": "environment", "name": str(name)}:
                return {"environment": dict(self._named(name)[0].part.env)}
            case _:
                raise StackError("The stack does not know that command.")
        return {}

    def _named(self, name: str) -> list[Watcher]:
        found = [watcher for part, watcher in self._watchers.items() if belongs(part, name)]
        if not found:
            raise StackError(f"There is no part called {name}; there are: {', '.join(self._watchers)}.")
        return found

    def _forget(self) -> None:
        self.layout.ready.unlink(missing_ok=True)
        self.layout.addresses.unlink(missing_ok=True)


async def _after(
    needs: tuple[str, ...], done: Mapping[str, asyncio.Event], name: str, work: Callable[[], Awaitable[None]]
) -> None:
    """Works when everything it needs is done; what is not part of this stack is not waited for."""
    for need in needs:
        if need in done:
            await done[need].wait()
    await work()
    done[name].set()


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    """The one to tell: what we can explain before what we cannot."""
    explained = failures.subgroup(StackError)
    found = (explained or failures).exceptions[0]
    return _first(found) if isinstance(found, ExceptionGroup) else found
