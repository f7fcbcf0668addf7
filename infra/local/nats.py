"""NATS with JetStream: a user for each service who may use nothing but what the design gives it, and the streams."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nats.errors import Error as NatsError

from common.bus.streams import create_streams
from common.events import DEADLETTERS, STREAMS

from .credentials import Credentials
from .errors import StackError
from .layout import Layout
from .part import Part, Step
from .ports import HOST
from .probes import nats_greets
from .programs import nats_server

HEARS: Mapping[str, tuple[str, ...]] = {
    "auth": (),
    "tickets": ("ORDERS",),
    "orders": ("TICKETS", "PAYMENTS", "EXPIRATION"),
    "payments": ("ORDERS",),
    "expiration": ("ORDERS",),
    "client": ("TICKETS", "ORDERS", "PAYMENTS"),
    "emails": ("USERS", "ORDERS"),
}
"""Which streams each service listens to."""
WATCHES: Mapping[str, tuple[str, ...]] = {"client": HEARS["client"]}
"""Which streams each process of a service watches for itself, on a consumer without a name of its own."""
_STREAMS_WITHIN = 15.0


def part(layout: Layout, port: int, credentials: Credentials, stream_max_bytes: int) -> Part:
    """The server."""
    data = layout.data("nats")
    config = data / "nats.conf"
    text = render(port, str(data / "jetstream"), credentials.nats, stream_max_bytes)
    return Part("nats", (nats_server(), "-c", str(config)), ready=nats_greets(port), files={config: text})


def streams_step(port: int, password: str, max_bytes: int) -> Step:
    """Creates every stream of the catalogue, or brings it up to date."""

    async def run() -> None:
        try:
            await create_streams(
                f"nats://{HOST}:{port}", "admin", password, max_bytes=max_bytes, wait_seconds=_STREAMS_WITHIN
            )
        except (NatsError, TimeoutError) as error:
            raise StackError(f"The streams of events could not be made: {error or 'NATS does not answer'}.") from error

    return Step("streams", run, needs=("nats",))


@dataclass(frozen=True, slots=True)
class User:
    """Who may publish these subjects and no other, and hears nothing but an inbox of their own."""

    name: str
    publish: tuple[str, ...]

    @property
    def subscribe(self) -> str:
        return f"_INBOX_{self.name}.>"


def users() -> tuple[User, ...]:
    """All but `admin`, who may do everything."""
    return (*map(_service, HEARS), _operator(), _auditor())


def render(port: int, store: str, passwords: Mapping[str, str], stream_max_bytes: int) -> str:
    """The server's configuration."""
    known: list[dict[str, Any]] = [{"user": "admin", "password": passwords["admin"]}]
    known += [_entry(user, passwords[user.name]) for user in users()]
    return json.dumps(
        {
            "server_name": "nats",
            "listen": f"{HOST}:{port}",
            # The default flushes every two minutes: a power cut would then lose what was acknowledged.
            "jetstream": {
                "store_dir": store,
                "sync_interval": "always",
                "max_mem": 2**26,
                "max_file": room(stream_max_bytes),
            },
            "authorization": {"users": known},
        },
        indent=2,
    )


def room(stream_max_bytes: int) -> int:
    """Bytes for every stream, the dead letters, and as much again as one of them."""
    return (len(STREAMS) + 2) * stream_max_bytes


def render_users() -> str:
    """The users for a server on Kubernetes: each password is a variable of its environment."""
    lines = ["# Who may publish and hear what. Written by `make snapshots` from infra/local/nats.py."]
    lines += ["authorization: {", "  users: [", "    {user: admin, password: $PASSWORD_admin}"]
    for user in users():
        lines += [
            f"    {{user: {user.name}, password: $PASSWORD_{user.name}, permissions: {{",
            "      publish: {allow: [",
        ]
        lines += [f'        "{subject}"' for subject in user.publish]
        lines += ["      ]}", f'      subscribe: {{allow: ["{user.subscribe}"]}}', "    }}"]
    return "\n".join([*lines, "  ]", "}", ""])


def _entry(user: User, password: str) -> dict[str, Any]:
    allowed = {"publish": {"allow": list(user.publish)}, "subscribe": {"allow": [user.subscribe]}}
    return {"user": user.name, "password": password, "permissions": allowed}


def _service(service: str) -> User:
    publish = [*_own_subjects(service), f"deadletter.{service}.>"]
    # How full they are, for the alarm.
    publish += [f"$JS.API.STREAM.INFO.{one.name}" for one in STREAMS.values() if one.publisher == service]
    publish += [f"$JS.API.STREAM.INFO.{DEADLETTERS.name}"]
    for stream in HEARS[service]:
        publish += _consumer_subjects(stream, service)
    publish += [f"$JS.API.CONSUMER.CREATE.{stream}" for stream in WATCHES.get(service, ())]
    return User(service, tuple(publish))


def _operator() -> User:
    """Looks at streams and consumers, handles dead letters, purges what everybody has had; reads no other message."""
    look = ["$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.LIST.*", "$JS.API.CONSUMER.INFO.*.*"]
    letters = [f"$JS.API.STREAM.MSG.{verb}.{DEADLETTERS.name}" for verb in ("GET", "DELETE")]
    purge = [f"$JS.API.STREAM.PURGE.{stream}" for stream in STREAMS]
    again = [one.name for stream in STREAMS.values() for one in stream.types]
    return User("operator", (*look, *letters, *purge, *again))


def _auditor() -> User:
    """Sees how far everybody is, and when a message was stored; changes nothing."""
    return User("auditor", ("$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.INFO.*.*", "$JS.API.STREAM.MSG.GET.*"))


def _own_subjects(service: str) -> Iterator[str]:
    for stream in STREAMS.values():
        if stream.publisher == service:
            yield from (one.name for one in stream.types)


def _consumer_subjects(stream: str, consumer: str) -> list[str]:
    """What making, reading and acknowledging one durable consumer takes."""
    verbs = ("CREATE", "INFO", "MSG.NEXT")
    return [*(f"$JS.API.CONSUMER.{verb}.{stream}.{consumer}" for verb in verbs), f"$JS.ACK.{stream}.{consumer}.>"]
