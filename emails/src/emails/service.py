"""The use cases of emails."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from prometheus_client import Counter, Gauge

from common.clock import Clock
from common.events import EventData, UserState
from common.mongo import OUTAGES

from .domain import Mail, mails_due
from .errors import MailDeferred, MailRefused
from .letters import Letters
from .sender import Sender
from .store import MailStore

BATCH = 50
CONNECTIONS = 4
LEASE = timedelta(minutes=2)
"""For how long a mail is its sender's: longer than sending may take and clocks may differ."""
LEAVING_SECONDS = 10.0

_log = logging.getLogger(__name__)
_sent = Counter("mails_sent", "Mails that the server has taken", ["kind"])
_put_off = Counter("mails_put_off", "Tries that failed and are made again", ["kind"])
_failed = Counter("mails_failed", "Mails given up", ["kind"])
_waiting = Gauge("mails_waiting", "Mails that wait for somebody's address to be heard of")


class Emails:
    """Events make mails due; each is sent once."""

    def __init__(self, store: MailStore, letters: Letters, sender: Sender, clock: Clock) -> None:
        self._store = store
        self._letters = letters
        self._sender = sender
        self._clock = clock
        self._connections = asyncio.Semaphore(CONNECTIONS)
        self._taken: dict[str, datetime] = {}
        self._leaving = False
        self._tell: Callable[[], None] = lambda: None

    def on_due(self, tell: Callable[[], None]) -> None:
        """Calls this whenever there is something to send."""
        self._tell = tell

    async def hear_user(self, user: UserState) -> None:
        """Keeps the address; what waited for it is due."""
        await self._store.learn(user)
        await self._store.release(user.id, self._clock())
        self._tell()

    async def hear(self, state: EventData, said: datetime) -> None:
        """Saves the mails that follow from a state, said at that time; each is due as soon as its address is known."""
        for mail in mails_due(state, said):
            await self._store.save(mail, self._clock())
            await self._store.release(mail.facts.user_id, self._clock())
            self._tell()

    async def send_due(self) -> None:
        """Sends a batch of what is due, some at a time; one mail's failure is nobody else's."""
        await self._mark_taken()
        _waiting.set(await self._store.count_waiting())
        batch = await self._store.due(self._clock(), BATCH)
        sending = asyncio.gather(*(self._deliver(mail_id) for mail_id in batch), return_exceptions=True)
        try:
            results = await asyncio.shield(sending)
        except asyncio.CancelledError:
            self._leaving = True  # what is half said is said to the end, or the next process would say it again
            await asyncio.wait([sending], timeout=LEAVING_SECONDS)
            sending.cancel()
            raise
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if len(batch) == BATCH:
            self._tell()

    async def retry(self) -> int:
        """Makes every mail that was given up due again; how many."""
        return await self._store.retry(self._clock())

    async def _deliver(self, mail_id: str) -> None:
        async with self._connections:
            claim = self._clock() + LEASE
            mail = None if self._leaving else await self._store.claim(mail_id, self._clock(), claim)
            if mail is None:
                return
            try:
                address = await self._store.address(mail.facts.user_id)
                await self._sender.send(self._letters.write(mail, address))
            except OUTAGES:
                raise  # ours, not the mail's
            except MailRefused as error:
                await self._give_up(mail, claim, error)
            except Exception as error:  # noqa: BLE001 (whatever it was, it may not keep the others from being sent)
                await self._try_again(mail, claim, error)
            else:
                self._taken[mail.id] = self._clock()
                _sent.labels(mail.kind).inc()
                await self._mark_taken()

    async def _mark_taken(self) -> None:
        """Marks what the server has taken, which a failing database may have prevented; before anything is sent."""
        for mail_id, moment in list(self._taken.items()):
            await self._store.sent(mail_id, moment)
            self._taken.pop(mail_id, None)

    async def _try_again(self, mail: Mail, claim: datetime, error: Exception) -> None:
        due_at = mail.next_try(self._clock())
        if due_at is None:
            await self._give_up(mail, claim, error)
            return
        extra = {"mail": mail.id, "order": mail.facts.order_id, "tries": mail.tries + 1, "error": str(error)}
        _log.warning("mail put off", extra=extra, exc_info=None if isinstance(error, MailDeferred) else error)
        _put_off.labels(mail.kind).inc()
        await self._store.put_off(mail.id, claim, due_at, str(error))

    async def _give_up(self, mail: Mail, claim: datetime, error: Exception) -> None:
        extra = {"mail": mail.id, "order": mail.facts.order_id, "kind": mail.kind, "error": str(error)}
        _log.error("mail given up: `python -m emails.commands retry` makes it due again", extra=extra)
        _failed.labels(mail.kind).inc()
        await self._store.failed(mail.id, claim, str(error))
