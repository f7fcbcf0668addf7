"""What every endpoint is given: the world that it acts in, and the one call that it answers."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from weakref import WeakValueDictionary

from common.clock import Clock, now

from .errors import LockTimeout
from .faults import Fault, Faults
from .forms import Form
from .ids import new_id
from .state import Store, Transaction

API_VERSION = "2026-10-28.endive"
PREFIX = "/stand-in/stripe"


@dataclass(frozen=True)
class Options:
    """How the stand-in runs. Times in seconds."""

    webhook_url: str | None = None
    webhook_secret: str = "whsec_local"  # noqa: S105
    data: Path | None = None
    clock: Clock = now
    lock_timeout: float = 3.0
    refund_delay: float = 2.0
    webhook_backoff: float = 0.5


class World:
    """State, locks and faults of one stand-in."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.store = Store(options.data)
        self.faults = Faults()
        self.running: dict[str, str] = {}
        self.committed: Callable[[list[str]], None] = lambda _events: None
        self.rescheduled: Callable[[], None] = lambda: None
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def now(self) -> int:
        """Seconds since the epoch."""
        return int(self.time())

    def time(self) -> float:
        """The same, with its fraction."""
        return self.options.clock().timestamp()

    async def acquire(self, key: str) -> asyncio.Lock:
        """One request at a time for each intent (docs.stripe.com/rate-limits, object lock timeouts)."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self.options.lock_timeout):
                await lock.acquire()
        except TimeoutError as error:
            raise LockTimeout("Another request is working on this object. Try again.") from error
        return lock

    def commit(self, tx: Transaction) -> None:
        """Saves what a call did, then lets the webhooks and the timer know."""
        tx.commit()
        self.committed(tx.events)
        self.rescheduled()


@dataclass
class Call:
    """One request to the API, or one turn of the timer."""

    world: World
    method: str = "POST"
    path: str = ""
    form: Form = field(default_factory=lambda: Form({}))
    publishable: bool = False
    idempotency_key: str | None = None
    request_id: str = field(default_factory=lambda: new_id("req"))
    tx: Transaction = field(init=False)
    held: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __post_init__(self) -> None:
        self.tx = Transaction(self.world.store)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.held.aclose()

    async def lock(self, key: str) -> None:
        """Holds the object until the call has been committed or given up."""
        lock = await self.world.acquire(key)
        self.held.callback(lock.release)

    @property
    def now(self) -> int:
        """Seconds since the epoch."""
        return self.world.now()

    def fault(self, action: str) -> Fault | None:
        """A fault ordered for this call, used up by being taken."""
        return self.world.faults.take(self.method, self.path, action)
