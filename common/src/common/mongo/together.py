"""Many askers, one command."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from pymongo.errors import AutoReconnect

_MOST = 100
"""Askers that share one command."""
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """Whoever asks while a command is under way shares the next one.

    A command costs several hundred microseconds whether it is about one document or sixteen.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer | Exception]]]) -> None:
        """`work` answers each of those it is given, or fails for all."""
        self._work = work
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._working: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """The answer of a command that begins after this call; raises what `work` gives or raises."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_looked_at)
        self._waiting.append((asked, future))
        if self._working is None:
            self._working = asyncio.create_task(self._run())
        return await asyncio.shield(future)  # one who leaves must not take the others' answers along

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._answer(batch)
        finally:
            self._working = None

    async def _answer(self, batch: list[tuple[Asked, "asyncio.Future[Answer]"]]) -> None:
        answers: Sequence[Answer | Exception] = [AutoReconnect("closing")] * len(batch)
        try:
            answers = await self._work([asked for asked, _ in batch])
        except Exception as error:  # noqa: BLE001 (it is raised by each who waits)
            answers = [error] * len(batch)
        finally:  # also when cancelled: those who wait have to hear of it
            for (_, future), answer in zip(batch, answers, strict=True):
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)


def _looked_at(future: "asyncio.Future[Any]") -> None:
    """Where everybody who asked has left, nobody complains of an error that nobody saw."""
    if not future.cancelled():
        future.exception()
