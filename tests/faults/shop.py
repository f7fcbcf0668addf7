"""The running product as a test sees it: people with sessions, requests at the gateway, and a look behind it."""

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psutil
from bson import ObjectId
from httpx import AsyncClient, HTTPError, Response
from pymongo import AsyncMongoClient

from common.clock import now
from common.events import STREAMS
from common.identity import Signer
from infra.local.testing import RunningStack
from infra.ops.operator import OperatorSettings, operating

Json = dict[str, Any]
Figures = list[str]
CARD = "pm_card_visa"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in. Auth is not asked: five hundred passwords would take longer than the test."""

    id: str
    http: AsyncClient
    headers: dict[str, str]

    async def ask(self, method: str, path: str, body: Json | None = None) -> Response:
        """One request at the gateway."""
        return await self.http.request(method, path, json=body, headers=self.headers)

    async def sell(self, title: str = "Hozier, Red Rocks") -> Json:
        """A ticket of theirs, or the answer that says why not."""
        return made(await self.ask("POST", "/api/tickets", {"title": title, "price": 75}))

    async def reserve(self, ticket: Json) -> Json:
        """An order of theirs."""
        return made(await self.ask("POST", "/api/orders", {"ticketId": ticket["id"]}))

    async def pay(self, order: Json) -> Response:
        """Whatever comes of it."""
        return await self.ask("POST", "/api/payments", {"orderId": order["id"], "token": CARD})


def made(answer: Response) -> Json:
    """What a request made."""
    assert answer.status_code == 201, f"{answer.request.method} {answer.request.url}: {answer.text}"
    body: Json = answer.json()
    return body


@dataclass(frozen=True, slots=True)
class Shop:
    """The stack, its gateway, and what an operator may see of it."""

    stack: RunningStack
    http: AsyncClient
    signer: Signer
    mongo: AsyncMongoClient[Json]
    figures: Figures

    def person(self) -> Person:
        """Somebody new."""
        identity = str(ObjectId())
        token = self.signer.sign(identity, f"{secrets.token_hex(6)}@example.com", now())
        return Person(identity, self.http, {"Authorization": f"Bearer {token}"})

    def reports(self, figure: str) -> None:
        """For the report of the run."""
        self.figures.append(figure)

    async def cpu_seconds(self) -> float:
        """What all parts have used of the processor: on a busy machine it tells more than the time that passed."""
        used = 0.0
        for part in await self.stack.status():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = psutil.Process(part["pid"]).cpu_times() if part["pid"] else None
                used += times.user + times.system if times else 0.0
        return used

    async def intents(self) -> dict[str, list[Json]]:
        """What the payment provider knows, by order."""
        async with AsyncClient(base_url=self.stack.url("stripe"), timeout=20) as stripe:
            found: dict[str, list[Json]] = {}
            for intent in (await stripe.get("/stand-in/stripe/intents")).json()["intents"]:
                found.setdefault(intent["metadata"].get("orderId", ""), []).append(intent)
            return found

    async def waiting(self) -> dict[str, int]:
        """What is on its way: events in outboxes, and messages that a service has not answered for; {} if nothing."""
        found = {}
        for database, collection in (
            *(("auth", "users"), ("tickets", "tickets"), ("orders", "orders")),
            *(("payments", "payments"), ("expiration", "deadlines")),
        ):
            count = await self.mongo[database][collection].count_documents({"outbox.0": {"$exists": True}})
            found[f"outbox of {database}"] = count
        password = json.loads(self.stack.layout.credentials.read_text())["nats"]["operator"]
        settings = OperatorSettings(nats_url=self.stack.url("nats"), nats_password=password)
        async with operating(settings) as jetstream:
            for stream in STREAMS:
                for one in await jetstream.consumers_info(stream):
                    found[f"{stream} for {one.name}"] = (one.num_pending or 0) + (one.num_ack_pending or 0)
        return {name: count for name, count in found.items() if count}

    async def arrives(self, within: float) -> float:
        """Seconds until nothing is on its way any more."""
        return await seconds_until(self.waiting, lambda waiting: not waiting, within)


async def seconds_until(
    look: Callable[[], Awaitable[Any]], good: Callable[[Any], object], within: float, every: float = 0.1
) -> float:
    """How long it takes until what `look` finds is good; fails with what was found last."""
    began = time.monotonic()
    while not good(found := await look()):
        assert time.monotonic() - began < within, f"not within {within:g} s, at last: {found}"
        await asyncio.sleep(every)
    return time.monotonic() - began


@dataclass(slots=True)
class Load:
    """The same kinds of request again and again, with what went wrong."""

    done: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    slowest: float = 0.0

    async def ask(
        self, person: Person, method: str, path: str, body: Json | None = None, *, good: Sequence[int], what: str = ""
    ) -> Response | None:
        """One request, counted; None where nobody answered."""
        began, name = time.monotonic(), what or f"{method} {path}"
        try:
            answer = await person.ask(method, path, body)
        except HTTPError as error:
            self.failed.append(f"{name}: {error!r}")
            return None
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.done[name] = self.done.get(name, 0) + 1
        if answer.status_code >= 400:
            self.refusals[name] = self.refusals.get(name, 0) + 1
        if answer.status_code not in good:
            self.failed.append(f"{name}: {answer.status_code} {answer.text[:300]}")
        return answer

    def refused(self, name: str) -> int:
        """How many of these were answered with a refusal."""
        return self.refusals.get(name, 0)

    @property
    def total(self) -> int:
        """Requests that were answered."""
        return sum(self.done.values())


LIFETIME = timedelta(days=1)
