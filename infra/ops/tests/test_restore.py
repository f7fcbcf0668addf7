"""A database is set back while everybody else has gone on: afterwards all agree, and whoever paid has their ticket."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from httpx import AsyncClient

from infra.local.layout import REPOSITORY
from infra.local.testing import RunningStack, running_stack
from infra.ops.audit import audit
from infra.ops.audit.local import reader
from infra.ops.rebuild import main as rebuild

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]
Json = dict[str, Any]
SETTINGS = {"SWEEP_INTERVAL_SECONDS": "1", "REPEAT_AFTER_SECONDS": "2", "REPEAT_LIMIT_SECONDS": "5"}
VISA = "pm_card_visa"


class Place:
    """The stack, and somebody who sells to themselves."""

    def __init__(self, stack: RunningStack, api: AsyncClient, backups: Path) -> None:
        self.stack = stack
        self.api = api
        self.backups = backups

    async def list_ticket(self, title: str) -> str:
        ticket: Json = (await self.api.post("/api/tickets", json={"title": title, "price": 75})).json()
        return str(ticket["id"])

    async def reserve(self, ticket_id: str) -> str:
        """The order, once tickets has locked its ticket."""
        order: Json = (await self.api.post("/api/orders", json={"ticketId": ticket_id})).json()
        await self.until(f"/api/tickets/{ticket_id}", "orderId", order["id"])
        return str(order["id"])

    async def pay(self, order_id: str) -> None:
        answer = await self.api.post("/api/payments", json={"orderId": order_id, "token": VISA})
        assert answer.status_code == 201, answer.text
        await self.until(f"/api/orders/{order_id}", "status", "complete")

    async def until(self, path: str, field: str, value: str | None) -> None:
        async with asyncio.timeout(60):
            while (await self.api.get(path)).json().get(field, "") != value:
                await asyncio.sleep(0.1)

    async def command(self, service: str, *words: str) -> tuple[int, str]:
        """Its exit code, and all it said."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"{service}.commands", *words),
            cwd=REPOSITORY,
            env=await self.stack.environment(service),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    async def refund(self, order_id: str) -> None:
        """Until it is made: the service that runs may be at it already, and then goes on with it."""
        async with asyncio.timeout(60):
            while "already" not in (await self.command("payments", "refund", order_id))[1]:
                await asyncio.sleep(0.5)

    async def backup(self, service: str) -> Path:
        """While the service runs."""
        code, said = await self.command(service, "backup", str(self.backups), "1")
        assert code == 0, said
        (path,) = self.backups.glob(f"{service}-*.backup")
        assert said.startswith(f"backup: {path.name}, ")
        return path

    async def restore(self, service: str, path: Path) -> None:
        """As an operator does, with all that follows."""
        await self.stack.stop(service)
        code, said = await self.command(service, "restore", str(path), "replace")
        assert code == 0, said
        await self.stack.start(service)
        words = ["all", "--root", str(self.stack.layout.root)]
        assert await asyncio.to_thread(rebuild, words) == 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with (
        running_stack(tmp_path_factory.mktemp("restored"), SETTINGS) as stack,
        AsyncClient(base_url=stack.url("gateway"), timeout=60) as api,
    ):
        who = {"email": f"{secrets.token_hex(6)}@example.com", "password": "correct horse battery"}
        assert (await api.post("/api/users/signup", json=who)).status_code == 201
        yield Place(stack, api, tmp_path_factory.mktemp("backups"))


async def test_a_database_that_is_in_use_or_holds_something_is_left_alone(place: Place) -> None:
    path = await place.backup("emails")
    code, said = await place.command("emails", "restore", str(path), "replace")
    assert (code, "The database is in use, and nothing was done" in said) == (1, True), said
    await place.stack.stop("emails")
    code, said = await place.command("emails", "restore", str(path))
    assert (code, "The database is not empty, and nothing was done" in said) == (1, True), said
    await place.stack.start("emails")


async def test_all_agree_after_orders_and_payments_were_set_back(place: Place) -> None:
    await _orders(place)
    await _payments(place)
    report = await audit(reader(place.stack.layout), quiet_within=300)
    assert (report.violations, report.unquiet) == ((), ())
    assert "refunded, and the order is cancelled" in [one.told for one in report.leftovers]
    assert all(report.checked[invariant] > 0 for invariant in ("I1", "I2", "I4", "I5", "I6"))


async def _orders(place: Place) -> None:
    """One was being reserved and is paid since. Two were made since: their tickets are free, one is refunded."""
    sold, free, bought = [await place.list_ticket(title) for title in ("sold", "free", "bought")]
    paid = await place.reserve(sold)
    path = await place.backup("orders")
    await place.pay(paid)
    lost, bought_by_lost = await place.reserve(free), await place.reserve(bought)
    await place.pay(bought_by_lost)
    await place.restore("orders", path)
    await place.until(f"/api/orders/{paid}", "status", "complete")
    for ticket in (free, bought):
        await place.until(f"/api/tickets/{ticket}", "orderId", None)
    await place.refund(bought_by_lost)
    assert (await place.api.get(f"/api/orders/{lost}")).status_code == 401
    await place.pay(await place.reserve(free))


async def _payments(place: Place) -> None:
    """Authorised, captured and returned since; Stripe says so."""
    paid, returned = [await place.reserve(await place.list_ticket(title)) for title in ("paid", "returned")]
    path = await place.backup("payments")
    await place.pay(paid)
    await place.pay(returned)
    await place.refund(returned)
    await place.restore("payments", path)
    async with asyncio.timeout(60):
        while (await place.command("payments", "refund", paid))[0]:
            await asyncio.sleep(1)
