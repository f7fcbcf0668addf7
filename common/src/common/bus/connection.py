"""One process's connection to NATS: tried for ever in the background, each time with a new client.

The client's own way of reconnecting is left unused: it buffers what is published meanwhile, it never comes back after
a refused password, and it waits the same time after every failure.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoServersError
from nats.js import JetStreamContext
from prometheus_client import Gauge

from .protocol import BusUnavailable
from .publisher import Publisher

FIRST_WAIT = 0.1
LONGEST_WAIT = 2.0
_CONNECT_SECONDS = 10.0
_FLUSH_SECONDS = 2
_FULL_BUFFER_SECONDS = 1.0
_PING_SECONDS = 10

_log = logging.getLogger(__name__)
_connected = Gauge("bus_connected", "Whether this process is connected to the bus")


def wait_after(failures: int) -> float:
    """Seconds before the next try: doubling, capped."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures, 10))


class Trouble:
    """Logs what goes wrong once, not with every try, until it is over or something else goes wrong."""

    def __init__(self, what: str, **extra: str) -> None:
        self._what = what
        self._extra = extra
        self._said = ""

    def say(self, error: Exception, *, trace: bool = False) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._said:
            self._said = text
            _log.warning(self._what, extra=self._extra | {"error": text}, exc_info=error if trace else None)

    def over(self) -> None:
        self._said = ""


def addresses(url: str) -> list[str]:
    """The servers in a setting that separates them by commas; `ValueError` if one is not an address."""
    servers = [one.strip() for one in url.split(",")]
    for server in servers:
        if not _is_address(server):
            raise ValueError(f"{server!r} is not the address of a NATS server, such as nats://127.0.0.1:4222")
    return servers


def _is_address(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return parts.scheme in ("nats", "tls") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


@dataclass(slots=True, eq=False)
class Link:
    """One connection while it lasts. When it is lost, `closed` is set and what is in `on_lost` is called."""

    client: Client = field(default_factory=Client)
    closed: bool = False
    on_lost: list[Callable[[], None]] = field(default_factory=list)
    jetstream: JetStreamContext = field(init=False)
    publisher: Publisher = field(init=False)

    def __post_init__(self) -> None:
        self.jetstream = self.client.jetstream()
        self.publisher = Publisher(self.client)
        self.on_lost.append(self.publisher.give_up)

    def lose(self) -> None:
        """It is lost: tells all who rely on it, once."""
        if not self.closed:
            self.closed = True
            for tell in self.on_lost:
                tell()

    async def close(self) -> None:
        """Ends it; what is written but not sent goes out first if the server takes it in time."""
        try:
            with suppress(NatsError, OSError, AssertionError):  # it asserts that it has come as far as dialling
                async with asyncio.timeout(_FLUSH_SECONDS):
                    await self.client.close()
        finally:
            self.lose()


class Connection:
    """Comes up in the background and comes back whenever it is lost."""

    def __init__(self, url: str, *, service: str, user: str, password: str) -> None:
        self._servers = addresses(url)
        self._service = service
        self._user = user or None
        self._password = password or None
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._trouble = Trouble("bus out of reach")

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._link is not None

    def now(self) -> Link:
        """The connection, or `BusUnavailable`."""
        if self._link is None:
            raise BusUnavailable
        return self._link

    async def wait(self) -> Link:
        """The connection, as soon as there is one."""
        while self._link is None:
            await self._up.wait()
        return self._link

    def open(self) -> None:
        """Begins; does not wait for the server."""
        self._task = asyncio.create_task(self._stay_connected(), name="bus connection")

    async def close(self) -> None:
        """Sends what is written, and ends."""
        self._closing = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task], timeout=_CONNECT_SECONDS)
        if (link := self._link) is not None:
            with suppress(NatsError, OSError):
                await link.client.flush(_FLUSH_SECONDS)
            await link.close()

    async def _stay_connected(self) -> None:
        """The flag is asked too: before Python 3.12 `wait_for`, which the client uses, can swallow a cancellation."""
        failures = 0
        while not self._closing:
            if await self._connect():
                failures = 0
                if not self._closing:
                    await self._down.wait()
            failures += 1
            await asyncio.sleep(0 if self._closing else wait_after(failures))

    async def _connect(self) -> bool:
        link = Link()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._dial(link)
                await link.publisher.open()
            if link.client.is_connected:
                self._gained(link)
        except NoServersError:
            pass  # each server's own refusal has been said
        except Exception as error:  # noqa: BLE001 (whatever it was, it is said, and tried again)
            self._trouble.say(error)
        finally:
            if self._link is not link:
                await link.close()
        return self._link is link

    async def _dial(self, link: Link) -> None:
        async def lost() -> None:
            link.lose()

        async def failed(error: Exception) -> None:
            self._trouble.say(error)

        await link.client.connect(
            servers=self._servers,
            name=self._service,
            user=self._user,
            password=self._password,
            inbox_prefix=f"_INBOX_{self._service}",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            ping_interval=_PING_SECONDS,
            max_outstanding_pings=2,
            flush_timeout=_FULL_BUFFER_SECONDS,
            error_cb=failed,
            closed_cb=lost,
        )

    def _gained(self, link: Link) -> None:
        _log.info("bus connected")
        self._trouble.over()
        self._link = link
        link.on_lost.append(self._lost)
        self._down.clear()
        self._up.set()
        _connected.set(1)

    def _lost(self) -> None:
        _log.info("bus disconnected")
        self._link = None
        self._up.clear()
        self._down.set()
        _connected.set(0)
