"""What can be broken: a deck of cards that is dealt again and again, so that every kind comes in every storm."""

import random  # noqa: TID251 (given, with its seed)
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SERVICES = ("auth", "tickets", "orders", "payments", "expiration", "client", "emails")
REPLICAS = tuple(f"{service}-{number}" for service in SERVICES for number in (1, 2))
PRIMARY = "mongo primary"
"""Whichever of the three nodes it is at that moment."""
OTHERS = ("expiration-worker", "nats", PRIMARY, "redis", "stripe")
KILLS = frozenset({"kill", "away", "wipe"})
"""Kinds in which a process ends by `kill -9`."""
_SHORT, _LONG = (1.0, 7.0), (4.0, 9.0)


@dataclass(frozen=True, slots=True)
class Card:
    """`kind`: kill, pause, restart (in order), away (killed, and not started for a while), wipe, stripe, webhooks."""

    kind: str
    part: str
    seconds: tuple[float, float] = (0.0, 0.0)
    order: Mapping[str, object] = field(default_factory=dict)


def _stripe(kind: str, action: str, **order: object) -> Card:
    return Card(kind, "stripe", (2.0, 6.0), {"action": action, **order})


STRIPE = (
    _stripe("answer lost", "drop", when="after", path="/v1/payment_intents", times=2),
    _stripe("answer lost", "drop", when="after", path="/v1/payment_intents/*/confirm", times=3),
    _stripe("answer lost", "drop", when="after", path="/v1/payment_intents/*/capture", times=3),
    _stripe("answer lost", "drop", when="after", path="/v1/payment_intents/*/cancel", times=3),
    _stripe("500", "error", when="before", path="/v1/*", times=6),
    _stripe("500", "error", when="after", path="/v1/payment_intents*", times=6),
    _stripe("slow", "hang", when="before", path="/v1/*", times=6, seconds=4.0),
    _stripe("slow", "hang", when="after", path="/v1/*", times=6, seconds=6.0),
    _stripe("slow", "slow", times=4, seconds=3.0),
    _stripe("bank refuses", "decline", path="/v1/payment_intents/*/capture", times=2),
    _stripe("bank refuses", "expire", path="/v1/payment_intents/*/capture", times=2),
    _stripe("webhooks", "webhook-lose", times=20),
    _stripe("webhooks", "webhook-duplicate", times=20, copies=3),
    _stripe("webhooks", "webhook-reorder", times=8, seconds=4.0),
    _stripe("webhooks", "webhook-delay", times=20, seconds=6.0),
)
FIRST = (
    Card("kill", PRIMARY),
    Card("kill", "orders-1"),
    Card("wipe", "redis"),
    Card("pause", "tickets-2", _SHORT),
    Card("kill", "nats"),
    Card("kill", "expiration-worker"),
    STRIPE[1],
    Card("restart", "payments-1"),
    Card("away", "orders", _LONG),
    Card("kill", "stripe"),
    STRIPE[4],
    Card("kill", "tickets-1"),
    STRIPE[6],
    Card("kill", "payments-2"),
    STRIPE[9],
    STRIPE[11],
)
"""What a storm that ends soon chooses from: one of each kind, and then these kills."""
DECK = (
    *(Card("kill", part) for part in (*REPLICAS, *OTHERS, *OTHERS, PRIMARY)),
    *(Card("kill", service) for service in ("tickets", "orders", "payments", "expiration")),
    *(Card("pause", f"{service}-1", _SHORT) for service in SERVICES),
    *(Card("pause", part, _SHORT) for part in OTHERS),
    *(Card("restart", f"{service}-2") for service in SERVICES),
    Card("restart", "nats"),
    Card("wipe", "redis"),
    Card("wipe", "redis"),
    *(Card("away", part, _LONG) for part in ("nats", "redis", "stripe", "orders", "payments")),
    *STRIPE,
)


def deal(chance: random.Random) -> Iterator[Card]:
    """Cards without end: one of each kind first, then the whole deck in another order each time."""
    once = {card.kind: card for card in chance.sample(FIRST, len(FIRST))}
    yield from chance.sample(list(once.values()), len(once))
    yield from (card for card in FIRST if card.kind == "kill" and card is not once["kill"])
    while True:
        yield from chance.sample(DECK, len(DECK))


def kinds() -> set[str]:
    """Every kind of fault."""
    return {card.kind for card in (*FIRST, *DECK)}
