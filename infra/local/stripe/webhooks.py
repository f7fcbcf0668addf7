"""Webhooks: signed, sent again until they are taken, and put out of order on demand (docs.stripe.com/webhooks)."""

import asyncio
import hashlib
import heapq
import hmac
import logging
from contextlib import suppress

import httpx

from .context import World
from .errors import Json
from .faults import Fault
from .state import Transaction, dumps

ATTEMPTS = 12
LONGEST_WAIT = 60.0
TIMEOUT = 10.0
AT_ONCE = 4
LIMIT = 10_000
APART = 0.05
log = logging.getLogger(__name__)


def sign(secret: str, timestamp: int, payload: str) -> str:
    """The `Stripe-Signature` header (docs.stripe.com/webhooks, verify manually)."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class Deliveries:
    """The queue of events on their way to the one endpoint."""

    def __init__(self, world: World, url: str) -> None:
        self._world = world
        self._url = httpx.URL(url)
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)
        self._queue: list[tuple[float, int, str, int]] = []
        self._number = 0
        self._held: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pump: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to send, first what an earlier run has left."""
        left = [event["id"] for event in self._world.store.newest("event") if event["pending_webhooks"]]
        for event_id in reversed(left):
            self._push(event_id)
        self._pump = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stops at once; what is not delivered is sent by the next run."""
        self.forget()
        tasks = [*self._tasks, *([self._pump] if self._pump else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    def forget(self) -> None:
        """Empties the queue."""
        self._queue.clear()
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()

    def send(self, events: list[str]) -> None:
        """Takes new events."""
        for event_id in events:
            event = self._world.store.get("event", event_id)
            if event is not None:
                self._take(event, self._world.faults.take_webhook(event["type"]))

    def _take(self, event: Json, fault: Fault | None) -> None:
        action = fault.action if fault else None
        if fault is None:
            self._push(event["id"])
        elif action == "webhook-delay":
            self._push(event["id"], fault.seconds)
        elif action == "webhook-duplicate":
            for copy in range(fault.copies):
                self._push(event["id"], APART * copy)
        elif action == "webhook-reorder":
            self._hold(event["id"], fault)

    def _hold(self, event_id: str, fault: Fault) -> None:
        self._held.append(event_id)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(fault.seconds, self._release)
        if fault.times == 0:
            self._release()

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for place, event_id in enumerate(reversed(self._held)):
            self._push(event_id, 2 * APART * place)
        self._held.clear()

    def _push(self, event_id: str, wait: float = 0.0, attempt: int = 1) -> None:
        if len(self._queue) >= LIMIT:
            log.warning("webhook queue is full, %s is not sent", event_id)
            return
        self._number += 1
        at = asyncio.get_running_loop().time() + wait
        heapq.heappush(self._queue, (at, self._number, event_id, attempt))
        self._wake.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while self._queue and self._queue[0][0] <= loop.time():
                _, _, event_id, attempt = heapq.heappop(self._queue)
                await self._slots.acquire()
                task = asyncio.create_task(self._deliver(event_id, attempt))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            self._wake.clear()
            wait = self._queue[0][0] - loop.time() if self._queue else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def _deliver(self, event_id: str, attempt: int) -> None:
        try:
            event = self._world.store.get("event", event_id)
            if event is None:
                return
            if await self._post(event):
                tx = Transaction(self._world.store)
                tx.put("event", {**event, "pending_webhooks": 0})
                tx.commit()
            elif attempt >= ATTEMPTS:
                log.warning("webhook %s was not taken in %s attempts", event_id, ATTEMPTS)
            else:
                wait = self._world.options.webhook_backoff * 2 ** (attempt - 1)
                self._push(event_id, min(wait, LONGEST_WAIT), attempt + 1)
        finally:
            self._slots.release()

    async def _post(self, event: Json) -> bool:
        payload = dumps(event)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (stand-in)",
            "Stripe-Signature": sign(self._world.options.webhook_secret, self._world.now(), payload),
        }
        try:
            response = await self._client.post(self._url, content=payload.encode(), headers=headers)
        except httpx.HTTPError as error:
            log.info("webhook %s: %r", event["id"], error)
            return False
        return response.is_success
