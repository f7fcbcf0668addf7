"""What each service's user may not do at NATS and at MongoDB: everything that is another's."""

from collections.abc import Iterator

from common.events import DEADLETTERS, STREAMS
from infra.local.nats import HEARS

Tries = list[tuple[str, str, str, dict[str, object]]]
"""What it is called, a url (none: the service's own), a database, a command."""
MEANT_FOR_ALL = f"$JS.API.STREAM.INFO.{DEADLETTERS.name}"
UNAUTHORIZED, NO_SUCH_USER = "13", "18"
"""MongoDB's codes."""


def publishing(service: str) -> list[str]:
    """Subjects to which it may not publish: others' events and letters, and whatever changes or reads a stream."""
    others = [one for one in HEARS if one != service]
    events = [kind.name for stream in STREAMS.values() if stream.publisher != service for kind in stream.types]
    letters = [f"deadletter.{other}.{other.upper()}" for other in others]
    return [*events, *letters, *_on_streams(service, others)]


def _on_streams(service: str, others: list[str]) -> Iterator[str]:
    for stream in (*STREAMS, DEADLETTERS.name):
        yield from (f"$JS.API.STREAM.{verb}.{stream}" for verb in ("UPDATE", "PURGE", "MSG.GET", "MSG.DELETE"))
        yield f"$JS.API.CONSUMER.DELETE.{stream}.{service}"
        strangers = others if stream in HEARS[service] else [service, *others]
        for other in strangers:
            yield from (f"$JS.API.CONSUMER.{verb}.{stream}.{other}" for verb in ("CREATE", "MSG.NEXT"))
            yield f"$JS.ACK.{stream}.{other}.1.1.1.1.1"


def subscribing(service: str) -> list[str]:
    """Subjects to which it may not listen: whatever is not an answer to itself."""
    events = [kind.name for stream in STREAMS.values() for kind in stream.types]
    inboxes = [f"_INBOX_{other}.>" for other in HEARS if other != service]
    return [">", "$JS.>", "_INBOX.>", *events, *inboxes]


def at_its_own_server(service: str, other: str) -> tuple[Tries, dict[str, str]]:
    """What it tries on the mongod that it has to itself, and what has to come of it."""
    server = f"mongodb://{service}-mongo:27017/?replicaSet=rs0"
    tries: Tries = [
        ("reads its own database", "", service, {"find": "anything", "limit": 1}),
        ("reads another's", "", other, {"find": "orders", "limit": 1}),
        ("writes into another's", "", other, {"insert": "orders", "documents": [{"a": 1}]}),
        ("drops another's", "", other, {"dropDatabase": 1}),
        ("reads the users", "", "admin", {"usersInfo": 1}),
        ("makes a user", "", "admin", {"createUser": "eve", "pwd": "eve", "roles": []}),
        ("reads the log of all writes", "", "local", {"find": "oplog.rs", "limit": 1}),
        ("ends the server", "", "admin", {"shutdown": 1}),
        ("reads its own database without a password", server, service, {"find": "anything", "limit": 1}),
    ]
    return tries, {name: "ok" if number == 0 else UNAUTHORIZED for number, (name, *_) in enumerate(tries)}


def at_a_strangers(service: str, password: str, other: str) -> tuple[Tries, dict[str, str]]:
    """The same user at another's mongod, tried from a pod that does reach it."""
    url = f"mongodb://{service}:{password}@{other}-mongo:27017/{service}?replicaSet=rs0&authSource={service}"
    what = f"{service} at the server of {other}"
    return [(what, url, service, {"find": "anything", "limit": 1})], {what: NO_SUCH_USER}
