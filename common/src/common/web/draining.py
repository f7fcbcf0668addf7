"""Leaving so that nobody notices: asked to end, a process serves on for a while and says that no more should come.

Whoever shares out requests (the gateway, Kubernetes) needs that while to take it out: a request on its way to a process
that has just closed its connections would be lost, and one that changes something cannot be sent again.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_log = logging.getLogger(__name__)


class Draining:
    """Between the signal to end and the end."""

    def __init__(self, seconds: float) -> None:
        self.active = False
        """Whether the process has been asked to end."""
        self.at_the_end: list[Callable[[], None]] = []
        """Called just before the end, for what would otherwise never end, as a stream to a browser."""
        self._seconds = seconds

    @contextmanager
    def on_signal(self) -> Iterator[None]:
        """While the block runs SIGTERM begins it, and a second one ends it, where a server waits for that signal."""
        before = signal.getsignal(signal.SIGTERM)
        if not callable(before) or threading.current_thread() is not threading.main_thread():
            yield
            return
        server = before

        def end() -> None:
            for call in self.at_the_end:
                call()
            # As Ctrl-C: after SIGTERM uvicorn would kill itself by that signal, and the end would look like a crash.
            server(signal.SIGINT, None)

        loop = asyncio.get_running_loop()

        def begin(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._begin, end)

        signal.signal(signal.SIGTERM, begin)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def _begin(self, end: Callable[[], None]) -> None:
        if self.active:
            end()
            return
        self.active = True
        _log.info("leaving", extra={"seconds": self._seconds})
        asyncio.get_running_loop().call_later(self._seconds, end)
