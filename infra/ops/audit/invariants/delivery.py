"""I5: outboxes, consumers, and the mails that events have made due."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from infra.ops.audit.finding import Finding, Result, When
from infra.ops.audit.look import Look
from infra.ops.audit.things import EXCUSED

UNPUBLISHED = timedelta(seconds=60)
OWNED = (
    ("auth", "user", "USERS"),
    ("tickets", "ticket", "TICKETS"),
    ("orders", "order", "ORDERS"),
    ("payments", "payment", "PAYMENTS"),
    ("expiration", "deadline", "EXPIRATION"),
)
"""Who owns what, and where it is told."""
_MAILS = {"expired": "order_expired", "failed": "order_cancelled", "rejected": "order_cancelled"}


def nothing_is_stuck(look: Look) -> Result:
    """I5, once quiet."""
    found = [*_unpublished(look), *_unapplied(look), *_unwritten(look)]
    return Result.of("I5", sum(look.last().values()) + len(look.consumers), found)


def _unpublished(look: Look) -> Iterator[Finding]:
    """For ten minutes a stream that grows excuses it: its relay is at work. (So its end is part of what is told.)"""
    ends = look.last()
    for service, kind, stream in OWNED:
        moment = look.at(service)
        for line in look.owned(service, kind):
            if line["outbox"] and moment - datetime.fromisoformat(line["outboxSince"]) > UNPUBLISHED:
                told = f"{line['outbox']} events wait in its outbox since {line['outboxSince']}"
                if look.motion(service, line).unsaid:
                    told += f", while {stream} ends at {ends.get(stream, 0)}"
                yield Finding("I5", (f"{kind} {line['id']} v{line['version']}",), told)


def _unapplied(look: Look) -> Iterator[Finding]:
    """A message that fails is tried for some minutes, and is dead-lettered then."""
    moment = max(look.at(service) for service, _, _ in OWNED)
    for (service, stream), consumer in look.consumers.items():
        name = (f"consumer {service} of {stream}",)
        if not consumer.exists:
            yield Finding("I5", name, "there is no such consumer: nothing is heard")
        elif consumer.behind and consumer.oldest and moment - datetime.fromisoformat(consumer.oldest) > EXCUSED:
            told = f"nothing after {consumer.floor} is applied, since {consumer.oldest}"
            yield Finding("I5", name, told)


def _unwritten(look: Look) -> Iterator[Finding]:
    """An order's end that emails was told of has a mail, sent or not."""
    written = {(line["private"]["order"], line["private"]["about"]) for line in look.owned("emails", "mail")}
    for line in look.owned("orders", "order"):
        for about in _mails(line["state"]):
            if (line["id"], about) not in written:
                moving = look.motion("orders", line).unsaid
                document = (f"order {line['id']} v{line['version']}",)
                told = f"emails has no {about} for it"
                yield Finding("I5", document, told, When.QUIET, (("emails", "ORDERS"),), moving)


def _mails(order: dict[str, object]) -> Iterator[str]:
    if order["status"] == "complete":
        yield "order_completed"
    if order["status"] == "cancelled" and order["reason"] in _MAILS:
        yield _MAILS[str(order["reason"])]
    if order["refunded"]:
        yield "order_refunded"
