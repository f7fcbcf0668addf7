"""The service as it runs: a mail goes out as soon as it is due, and HTTP says only how it does."""

import asyncio

import pytest
from httpx import AsyncClient
from pymongo.errors import AutoReconnect

from common.events import ORDER_COMPLETED, USER_CREATED
from common.testing import Kit, serving
from emails.app import create_app
from emails.settings import Settings
from emails.smtp_sender import SmtpSender

from .factories import FakeSender, make_order, make_user


async def test_what_is_heard_is_sent_at_once(kit: Kit, settings: Settings, sender: FakeSender) -> None:
    async with serving(create_app(settings, kit.parts, sender)):
        await asyncio.sleep(0.01)
        await kit.hear(ORDER_COMPLETED, make_order())
        await asyncio.sleep(0.01)
        assert sender.sent == []
        await kit.hear(USER_CREATED, make_user())
        await sent(sender, 1)
        await kit.hear(ORDER_COMPLETED, make_order())
        await sent(sender, 2)


async def test_what_a_dead_process_left_is_found_at_the_start(kit: Kit, settings: Settings, sender: FakeSender) -> None:
    async with serving(create_app(settings, kit.parts, FakeSender())) as _:
        pass
    await kit.hear(USER_CREATED, make_user())
    await kit.hear(ORDER_COMPLETED, make_order())
    again = Kit("emails")
    again.database, again.bus = kit.database, kit.bus
    again.parts.database, again.parts.bus = kit.database, kit.bus
    async with serving(create_app(settings, again.parts, sender)):
        await sent(sender, 1)


async def sent(sender: FakeSender, count: int) -> None:
    async with asyncio.timeout(2):
        while len(sender.sent) < count:
            await asyncio.sleep(0.001)


async def test_how_it_does(kit: Kit, settings: Settings, sender: FakeSender, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(create_app(settings, kit.parts, sender)) as api:
        assert await status(api, "/livez") == 200
        assert await status(api, "/readyz") == 200
        assert "mails_waiting" in (await api.get("/metrics")).text
        assert await status(api, "/api/mails") == 404
        assert (await api.post("/livez")).status_code == 405

        async def down(*_: object) -> None:
            raise AutoReconnect

        monkeypatch.setattr(type(kit.database), "command", down)
        assert (await status(api, "/livez"), await status(api, "/readyz")) == (200, 503)


async def status(api: AsyncClient, path: str) -> int:
    return (await api.get(path)).status_code


async def test_by_default_it_speaks_smtp(kit: Kit, settings: Settings) -> None:
    app = create_app(settings, kit.parts)
    assert isinstance(app.state.service._sender, SmtpSender)
