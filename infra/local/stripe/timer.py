"""What happens by itself after a while: a payment in `processing`, a refund that is settled late."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from .context import Call, World
from .deciding import finish_processing
from .errors import Json, LockTimeout, StripeError
from .refunds import finish_refund

log = logging.getLogger(__name__)
ACTIONS: dict[str, Callable[[Call, str], Awaitable[None]]] = {"payment": finish_processing, "refund": finish_refund}


class Timer:
    """Does what is due, in the order of time; what is due is saved, so a restart forgets nothing."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to wait."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stops; the next run goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def wake(self) -> None:
        """Something may be due earlier than was known."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            due = sorted(self._world.store.newest("due"), key=lambda one: float(one["at"]))
            wait = due[0]["at"] - self._world.time() if due else None
            if wait is not None and wait <= 0:
                await self._do(due[0])
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def _do(self, due: Json) -> None:
        async with Call(self._world, "TIMER", f"/timer/{due['what']}") as call:
            try:
                await ACTIONS[due["what"]](call, due["object"])
            except LockTimeout:
                return
            except StripeError as error:
                log.warning("%s of %s cannot be done: %s", due["what"], due["object"], error)
            call.tx.delete("due", due["id"])
            self._world.commit(call.tx)
