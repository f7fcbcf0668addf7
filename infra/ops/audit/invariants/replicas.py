"""I6: what services keep of what others own."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.ops.audit.finding import Finding, Result, When
from infra.ops.audit.look import Look
from infra.ops.audit.routes import Route

_SAID = frozenset({"authorized", "declined", "captured", "failed", "refunded"})
"""Statuses of a payment that others are told of."""
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of replica: `service` keeps `kind`, of what `owner` owns. `key` and `fields` read the owner's state.

    `lasting`: a rebuild does not drop what the owner no longer names.
    """

    service: str
    kind: str
    owner: str
    owns: str
    stream: str
    fields: Callable[[Fields], Fields]
    key: str = "id"
    lasting: bool = False

    @property
    def route(self) -> Route:
        return (self.service, self.stream)


def _whole(state: Fields) -> Fields:
    return {name: value for name, value in state.items() if name not in {"id", "version"}}


def _known_order(state: Fields) -> Fields:
    same = {name: state[name] for name in ("status", "reason", "userId", "expiresAt", "payment")}
    return same | {"amountCents": state["ticket"]["priceCents"], "currency": state["ticket"]["currency"]}


def _hold(state: Fields) -> Fields:
    return {name: state[name] for name in ("number", "status", "userId", "expiresAt")} | {"orderId": state["id"]}


def _status(state: Fields) -> Fields:
    return {"status": state["status"]}


KEPT = (
    Kept("orders", "ticket", "tickets", "ticket", "TICKETS", _whole),
    Kept("client", "ticket", "tickets", "ticket", "TICKETS", _whole),
    Kept("payments", "order", "orders", "order", "ORDERS", _known_order, lasting=True),
    Kept("client", "hold", "orders", "order", "ORDERS", _hold, key="ticket"),
    Kept("client", "payment", "payments", "payment", "PAYMENTS", _status, key="orderId", lasting=True),
    Kept("emails", "user", "auth", "user", "USERS", _whole),
)


@dataclass(frozen=True, slots=True)
class _Source:
    """What a replica should be. `silent`: its present state is told to nobody, so an earlier one is right."""

    id: str
    version: int
    fields: bytes
    unsaid: bool
    silent: bool
    number: int


def agree_with_their_source(look: Look) -> Result:
    """I6, once quiet."""
    checked, found = 0, list(_deadlines(look))
    for kept in KEPT:
        sources = _sources(look, kept)
        checked += len(sources)
        found += _compared(look, kept, sources)
    return Result.of("I6", checked + len(look.orders), found)


def _sources(look: Look, kept: Kept) -> dict[str, _Source]:
    sources: dict[str, _Source] = {}
    for line in look.owned(kept.owner, kept.owns):
        state = line["state"]
        key = state["ticket"]["id"] if kept.key == "ticket" else state[kept.key]
        number = state["number"] if kept.key == "ticket" else 0
        if key not in sources or number > sources[key].number:
            fields = json.dumps(kept.fields(state)).encode()
            silent = kept.owns == "payment" and state["status"] not in _SAID
            unsaid = look.motion(kept.owner, line).unsaid
            sources[key] = _Source(line["id"], line["version"], fields, unsaid, silent, number)
    return sources


def _compared(look: Look, kept: Kept, sources: dict[str, _Source]) -> Iterator[Finding]:
    """Takes out of `sources` what it finds."""
    for line in look.heard(kept.service, kept.kind):
        source = sources.pop(line["id"], None)
        name = f"{kept.service}'s {kept.kind} {line['id']} v{line['version']}"
        if source is None:
            told = f"{kept.owner} has no such {kept.owns}"
            leftover = kept.lasting and look.restored(kept.owner)
            yield Finding("I6", (name,), told, When.QUIET, (kept.route,), leftover=leftover)
            continue
        if told := _difference(line, source):
            owned = f"{kept.owns} {source.id} v{source.version}"
            yield Finding("I6", (name, owned), told, When.QUIET, (kept.route,), source.unsaid)
    for key, source in sources.items():
        if not source.silent:
            owned = f"{kept.owns} {source.id} v{source.version}"
            told = f"{kept.service} has never heard of it" + ("" if key == source.id else f" (as {kept.kind} {key})")
            yield Finding("I6", (owned,), told, When.QUIET, (kept.route,), source.unsaid)


def _difference(line: Fields, source: _Source) -> str:
    if line["version"] > source.version:
        return "it is ahead of its source"
    if source.silent:
        return ""
    right = json.loads(source.fields)
    wrong = sorted(name for name, value in right.items() if line["state"].get(name) != value)
    return f"disagrees in {', '.join(wrong)}" if wrong else ""


def _deadlines(look: Look) -> Iterator[Finding]:
    """Expiration's half: an unpaid order has a deadline, and any other a deadline that has ended."""
    route: tuple[Route, ...] = (("expiration", "ORDERS"),)
    left = set(look.orders)
    for line in look.owned("expiration", "deadline"):
        left.discard(line["id"])
        order = look.orders.get(line["id"])
        name, stands = f"deadline {line['id']} v{line['version']}", line["private"]["stands"]
        documents = tuple(str(one) for one in (name, order) if one is not None)
        told = ""
        if order is None:
            told = "orders has no such order"
        elif (order.status == "created") == (stands == "ended"):
            told = f"{stands}, and its order is {order.status}"
        elif stands != "ended" and line["state"]["expiresAt"] != order.expires_at:
            told = f"for {line['state']['expiresAt']}, and its order ends at {order.expires_at}"
        if told:
            moving = order is not None and order.motion.unsaid
            leftover = order is None and look.restored("orders")
            yield Finding("I6", documents, told, When.QUIET, route, moving, leftover)
    for order_id in left:
        order = look.orders[order_id]
        yield Finding("I6", (str(order),), "expiration has never heard of it", When.QUIET, route, order.motion.unsaid)
