"""The servers as the stack configures them: what a service may do there, and what it may not."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats
import psutil
import pytest
import pytest_asyncio
from nats.aio.client import Client as NatsClient
from nats.js.api import ConsumerConfig
from nats.js.client import JetStreamContext
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from infra.local import mongo
from infra.local.credentials import Credentials
from infra.local.ports import HOST
from infra.local.testing import RunningStack, running_stack

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

SERVERS = ("mongo", "nats", "redis")
UNAUTHORIZED = 13


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningStack]:
    async with running_stack(tmp_path_factory.mktemp("real") / "stack", only=SERVERS) as stack:
        yield stack


def secrets_of(stack: RunningStack) -> Credentials:
    return Credentials(**json.loads(stack.layout.credentials.read_text()))


def database(stack: RunningStack, service: str) -> AsyncMongoClient[dict[str, Any]]:
    port = json.loads(stack.layout.ports.read_text())["mongo"]
    return AsyncMongoClient(mongo.url({"mongo": port}, service, secrets_of(stack).mongo[service]))


class Bus:
    """A service's connection to NATS and what the server forbade it."""

    def __init__(self, client: NatsClient, forbidden: list[str]) -> None:
        self.client = client
        self.forbidden = forbidden

    @classmethod
    async def of(cls, stack: RunningStack, service: str) -> "Bus":
        forbidden: list[str] = []

        async def note(error: Exception) -> None:
            forbidden.append(str(error))

        password = secrets_of(stack).nats[service]
        inbox = f"_INBOX_{service}"
        url = stack.url("nats")
        return cls(
            await nats.connect(url, user=service, password=password, inbox_prefix=inbox, error_cb=note), forbidden
        )

    @property
    def jetstream(self) -> JetStreamContext:
        return self.client.jetstream(timeout=0.3)

    async def is_forbidden(self, subject: str, *, to_hear: bool = False) -> bool:
        """Whether the server refuses a message to this subject, or a subscription to it; its word may take a moment."""
        if to_hear:
            await self.client.subscribe(subject)
        else:
            await self.client.publish(subject, b"{}")
        await self.client.flush()
        for _ in range(20):
            if any(f'"{subject.lower()}"' in one.lower() for one in self.forbidden):
                return True
            await asyncio.sleep(0.02)
        return False


async def test_a_service_uses_its_own_database_and_no_other(servers: RunningStack) -> None:
    async with database(servers, "tickets") as client:
        await client["tickets"]["tickets"].insert_one({"title": "Concert"})
        await client["tickets"]["tickets"].create_index("title")
        for stranger in ("orders", "admin"):
            with pytest.raises(OperationFailure) as refusal:
                await client[stranger]["tickets"].find_one()
            assert refusal.value.code == UNAUTHORIZED


async def test_a_service_publishes_its_own_events_and_dead_letters_only(servers: RunningStack) -> None:
    bus = await Bus.of(servers, "tickets")
    try:
        for subject in ("ticket.created.v1", "reservation.rejected.v1", "deadletter.tickets.order.created.v1"):
            assert (await bus.jetstream.publish(subject, b"{}")).seq
        for subject in (
            "order.created.v1",
            "ticket.invented.v1",
            "deadletter.orders.x",
            "$JS.API.STREAM.DELETE.ORDERS",
        ):
            assert await bus.is_forbidden(subject)
    finally:
        await bus.client.close()


async def test_a_service_hears_its_streams_through_its_own_consumer_only(servers: RunningStack) -> None:
    orders, tickets = await Bus.of(servers, "orders"), await Bus.of(servers, "tickets")
    try:
        await orders.jetstream.publish("order.created.v1", b"{}")
        mine = ConsumerConfig(name="tickets", durable_name="tickets", filter_subjects=["order.created.v1"])
        await tickets.jetstream.add_consumer("ORDERS", mine)
        inbox = await tickets.client.subscribe("_INBOX_tickets.here")
        request = json.dumps({"batch": 1, "expires": 10**9}).encode()
        await tickets.client.publish("$JS.API.CONSUMER.MSG.NEXT.ORDERS.tickets", request, reply="_INBOX_tickets.here")
        message = await inbox.next_msg(timeout=2)
        await message.ack_sync(timeout=2)
        assert await tickets.is_forbidden("$JS.API.CONSUMER.CREATE.ORDERS.payments")
        assert await tickets.is_forbidden("$JS.API.CONSUMER.CREATE.PAYMENTS.tickets")
        assert await tickets.is_forbidden("$JS.API.CONSUMER.MSG.NEXT.ORDERS.payments")
        assert await tickets.is_forbidden("order.>", to_hear=True)
        assert not await tickets.is_forbidden("_INBOX_tickets.>", to_hear=True)
    finally:
        await orders.client.close()
        await tickets.client.close()


async def test_nothing_listens_to_anybody_but_this_machine(servers: RunningStack) -> None:
    heard = [
        connection.laddr.ip
        for part in await servers.status()
        for connection in psutil.Process(part["pid"]).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert set(heard) == {HOST}
    assert len(heard) >= len(SERVERS)


async def test_data_survive_a_restart_on_other_ports(tmp_path: Path) -> None:
    root = tmp_path / "stack"
    async with running_stack(root, only=("mongo",)) as stack, database(stack, "tickets") as client:
        await client["tickets"]["tickets"].insert_one({"title": "Concert"})
        port = json.loads(stack.layout.ports.read_text())["mongo"]

    async def turn_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001
        writer.close()

    other = await asyncio.start_server(turn_away, HOST, port)
    async with other, running_stack(root, only=("mongo",)) as stack, database(stack, "tickets") as client:
        found = await client["tickets"]["tickets"].find_one()
        assert found is not None
        assert found["title"] == "Concert"
        assert not stack.url("mongo").endswith(f":{port}")
