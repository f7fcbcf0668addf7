"""What is not quiet: outboxes, consumers, tasks, and whoever waits for another's answer or for a person."""

from collections import Counter
from collections.abc import Iterator

from .look import Look
from .routes import BUS_BEFORE

_OWNED = (
    ("auth", "user"),
    ("tickets", "ticket"),
    ("orders", "order"),
    ("payments", "payment"),
    ("payments", "webhook"),
    ("expiration", "deadline"),
    ("emails", "mail"),
)
_HEARD = (
    ("orders", "ticket"),
    ("payments", "order"),
    ("client", "ticket"),
    ("client", "hold"),
    ("client", "payment"),
    ("emails", "user"),
)


def unquiet(look: Look) -> list[str]:
    """A sentence for each thing that is under way; none when all is quiet."""
    return [*_on_the_bus(look), *_owned(look), *_stale(look)]


def _on_the_bus(look: Look) -> Iterator[str]:
    before, after = look.last(BUS_BEFORE), look.last()
    for stream, last in after.items():
        if last > before.get(stream, 0):
            yield f"{stream} has grown by {last - before.get(stream, 0)} events meanwhile"
    for (service, stream), consumer in look.consumers.items():
        if consumer.behind:
            yield f"{service} is {consumer.behind} events behind in {stream}"


def _owned(look: Look) -> Iterator[str]:
    for service, kind in _OWNED:
        waits: Counter[str] = Counter()
        examples: dict[str, str] = {}
        for line in look.owned(service, kind):
            for what in [*line["waiting"], *(["the bus"] if line["outbox"] else [])]:
                waits[what] += 1
                examples.setdefault(what, line["id"])
        for what, count in sorted(waits.items()):
            yield f"{count} of {service}'s {kind}s wait for {what}, as {examples[what]}"


def _stale(look: Look) -> Iterator[str]:
    for service, kind in _HEARD:
        if count := sum("stale" in line for line in look.heard(service, kind)):
            yield f"{count} of {service}'s {kind}s are being rebuilt"
