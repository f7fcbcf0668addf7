"""On a whole stack: what happens there is clean, what is planted is found, and what is thrown away comes back."""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator
from typing import Any

import nats
import pytest
import pytest_asyncio
from bson import ObjectId
from httpx import AsyncClient
from pymongo import MongoClient

from infra.local import credentials
from infra.local.layout import REPOSITORY
from infra.local.services import SERVICES
from infra.local.settings import inherited
from infra.local.testing import RunningStack, running_stack
from infra.ops.audit import audit
from infra.ops.audit.local import reader

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]
Json = dict[str, Any]
SETTINGS = {"EXPIRATION_WINDOW_SECONDS": "30", "SWEEP_INTERVAL_SECONDS": "1"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    """With one order paid, one given up, one whose card was declined, and a ticket on sale."""
    async with running_stack(tmp_path_factory.mktemp("audited"), SETTINGS) as running:
        async with AsyncClient(base_url=running.url("gateway"), timeout=60) as api:
            await _trade(api)
        yield running


@pytest.fixture(scope="module")
def order(stack: RunningStack) -> str:
    """The id of the order that was paid."""
    with _database(stack, "orders") as client:
        found = client["orders"]["orders"].find_one({"status": {"$in": ["awaiting:payment", "complete"]}})
    assert found is not None
    return str(found["_id"])


async def _trade(api: AsyncClient) -> None:
    who = {"email": f"{secrets.token_hex(6)}@example.com", "password": "correct horse battery"}
    assert (await api.post("/api/users/signup", json=who)).status_code == 201
    for title, card in (("paid", "pm_card_visa"), ("declined", "pm_card_visa_chargeDeclined"), ("given up", "")):
        ticket = (await api.post("/api/tickets", json={"title": title, "price": 75})).json()
        made = (await api.post("/api/orders", json={"ticketId": ticket["id"]})).json()
        if card:
            await api.post("/api/payments", json={"orderId": made["id"], "token": card})
        else:
            assert (await api.delete(f"/api/orders/{made['id']}")).status_code == 204
    await api.post("/api/tickets", json={"title": "on sale", "price": 75})


def _database(stack: RunningStack, service: str) -> "MongoClient[Json]":
    password = credentials.load(stack.layout.credentials, SERVICES).mongo[service]
    address = stack.url("mongo").partition("//")[2].partition("/")[0]
    return MongoClient(f"mongodb://{service}:{password}@{address}/{service}?directConnection=true&authSource={service}")


async def _command(stack: RunningStack, module: str, *words: str) -> tuple[int, str]:
    """Its exit code, and all it said."""
    command = (sys.executable, "-m", module, *words, "--root", str(stack.layout.root))
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    process = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY, env=inherited(), **pipes)
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def _mails(stack: RunningStack) -> list[Json]:
    async with AsyncClient(base_url=stack.url("mail"), timeout=20) as sink:
        found: list[Json] = (await sink.get("/messages")).json()
        return found


async def test_what_people_do_is_clean(stack: RunningStack) -> None:
    report = await audit(reader(stack.layout), quiet_within=300)
    assert (report.violations, report.unquiet) == ((), ())
    assert all(report.checked[invariant] > 0 for invariant in ("I1", "I2", "I4", "I5", "I6", "I8"))


async def test_replicas_come_back_and_no_mail_is_sent_twice(stack: RunningStack) -> None:
    before = await _mails(stack)
    with _database(stack, "client") as client:
        client["client"]["tickets"].update_many({"free": True}, {"$set": {"price_cents": 1}})
    code, said = await _command(stack, "infra.ops.rebuild", "all")
    assert code == 0, said
    assert "client: forget: 0 tickets and reservations dropped" in said
    report = await audit(reader(stack.layout), quiet_within=300)
    assert (report.violations, report.unquiet) == ((), ())
    assert await _mails(stack) == before


async def test_a_consumer_that_was_deleted_hears_everything_and_no_mail_is_sent_twice(stack: RunningStack) -> None:
    before = await _mails(stack)
    password = credentials.load(stack.layout.credentials, SERVICES).nats["admin"]
    client = await nats.connect(stack.url("nats"), user="admin", password=password)
    try:
        for service, stream in (("emails", "ORDERS"), ("expiration", "ORDERS"), ("payments", "ORDERS")):
            assert await client.jetstream().delete_consumer(stream, service)
    finally:
        await client.close()
    report = await audit(reader(stack.layout), quiet_within=300)
    assert (report.violations, report.unquiet) == ((), ())
    assert await _mails(stack) == before


async def test_an_order_set_back_is_found_and_named(stack: RunningStack, order: str) -> None:
    back = {"status": "cancelled", "reason": "buyer", "holds": False, "repeat": None}
    with _database(stack, "orders") as client:
        client["orders"]["orders"].update_one({"_id": ObjectId(order)}, {"$set": back})
    code, said = await _command(stack, "infra.ops.audit", "--json")
    assert code == 1, said
    found = {one["invariant"] for one in json.loads(said)["violations"] if order in " ".join(one["documents"])}
    assert {"I2", "I4", "I6"} <= found


async def test_without_a_part_it_cannot_look(stack: RunningStack) -> None:
    await stack.stop("stripe")
    code, said = await _command(stack, "infra.ops.audit")
    assert code == 2, said
    assert "Stripe does not answer" in said


async def test_a_stopped_service_can_be_asked(stack: RunningStack) -> None:
    await stack.stop("orders")
    lines = [line async for line in reader(stack.layout)("orders")]
    assert b'"ends":"orders"' in lines[-1]
