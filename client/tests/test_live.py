"""Pages that are kept true while somebody looks at them."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from starlette.types import Message

from client import live
from client.app import create_app
from client.errors import Crowded
from client.live import Hub
from client.settings import Settings
from common.mongo import new_id
from common.testing import Kit, serving

from .conftest import words
from .fakes import FakeBackend

Told = list[tuple[str, Any]]


class Stream:
    """One browser's stream, as the server writes it."""

    def __init__(self, app: FastAPI, token: str = "", query: str = "", last: str = "") -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self.ended = False
        self._app, self._gone = app, asyncio.Event()
        headers = [(b"cookie", f"session={token}".encode())] if token else []
        headers += [(b"last-event-id", last.encode())] if last else []
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": "/live",
            "raw_path": b"/live",
            "root_path": "",
            "scheme": "http",
            "server": ("ticketing.test", 80),
            "client": ("127.0.0.1", 1),
            "query_string": query.encode(),
            "headers": headers,
            "http_version": "1.1",
        }

    async def run(self) -> None:
        await self._app(self._scope, self._receive, self._send)

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.text += message["body"].decode()
            self.ended = not message.get("more_body", False)

    def leave(self) -> None:
        """The browser goes."""
        self._gone.set()

    @property
    def told(self) -> Told:
        """Each event with what it says."""
        found: Told = []
        for block in self.text.split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "event" in lines:
                found.append((lines["event"], json.loads(lines["data"])))
        return found

    @property
    def mark(self) -> str:
        """The last that a browser would show when it comes back."""
        return [line[4:] for line in self.text.split("\n") if line.startswith("id: ")][-1]


@asynccontextmanager
async def looking(app: FastAPI, token: str = "", query: str = "", last: str = "") -> AsyncIterator[Stream]:
    stream = Stream(app, token, query, last)
    task = asyncio.create_task(stream.run())
    await until(lambda: bool(stream.text) or task.done())
    try:
        yield stream
    finally:
        stream.leave()
        await asyncio.wait_for(task, 2)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture
def hub(app: FastAPI) -> Hub:
    found: Hub = app.state.front.hub
    return found


@pytest.mark.usefixtures("browser")
async def test_whoever_looks_is_told_which_ticket_was_taken(app: FastAPI, backend: FakeBackend) -> None:
    ticket = await backend.put()
    await asyncio.sleep(2 * live.GATHER_SECONDS)
    async with looking(app) as one, looking(app) as another:
        assert one.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert (one.headers["cache-control"], one.headers["x-accel-buffering"]) == ("no-store", "no")
        await backend.place(ticket, new_id())
        await until(lambda: one.told[-1][0] == another.told[-1][0] == "tickets")
    assert one.told[-1] == ("tickets", {"changed": [ticket.id], "free": []})


@pytest.mark.usefixtures("browser")
async def test_what_appears_and_what_is_let_go_may_be_free(app: FastAPI, backend: FakeBackend) -> None:
    async with looking(app) as stream:
        ticket = await backend.put()
        await until(lambda: stream.told[-1] == ("tickets", {"changed": [ticket.id], "free": [ticket.id]}))
        order = await backend.place(ticket, new_id())
        await until(lambda: stream.told[-1][1]["free"] == [])
        await backend.move(order, status="cancelled", reason="buyer")
        await until(lambda: stream.told[-1][1]["free"] == [ticket.id])


@pytest.mark.usefixtures("browser")
async def test_an_order_is_told_to_whose_it_is_and_nobody_else(app: FastAPI, backend: FakeBackend, kit: Kit) -> None:
    dana, omar = new_id(), new_id()
    ticket = await backend.put()
    async with looking(app, kit.token(dana)) as hers, looking(app, kit.token(omar)) as his, looking(app) as nobodys:
        order = await backend.place(ticket, dana)
        await backend.settle_payment(order, "declined")
        await until(lambda: hers.told.count(("order", {"id": order.id})) == 2)
        await until(lambda: his.told[-1][0] == nobodys.told[-1][0] == "tickets")
        assert "order" not in [kind for kind, _ in (*his.told, *nobodys.told)]


@pytest.mark.usefixtures("browser")
async def test_what_is_told_can_be_read_at_once(kit: Kit, app: FastAPI, backend: FakeBackend) -> None:
    """Also where another process heard it, and has not saved it yet."""
    ticket = await backend.put()
    kit.bus.leave("nobody")
    for consumer in kit.bus._consumers.values():
        consumer.deliveries.clear()
    async with looking(app) as stream:
        await backend.place(ticket, new_id())
        await until(lambda: stream.told[-1][0] == "tickets")
    document = await kit.database["tickets"].find_one({})
    assert document is not None
    assert document["held"]


@pytest.mark.usefixtures("browser")
async def test_a_browser_that_comes_back_is_told_what_it_missed(app: FastAPI, backend: FakeBackend) -> None:
    async with looking(app) as first:
        await backend.put()
        await until(lambda: first.told[-1][0] == "tickets")
    missed = await backend.put()
    await asyncio.sleep(2 * live.GATHER_SECONDS)
    async with looking(app, last=first.mark, query="since=older-1") as back:
        assert back.told == [("tickets", {"changed": [missed.id], "free": [missed.id]})]
    async with looking(app, last=back.mark) as again:
        assert again.told == [("here", {})]


@pytest.mark.usefixtures("browser")
async def test_a_page_is_told_what_changed_while_it_was_made(
    app: FastAPI, browser: AsyncClient, backend: FakeBackend
) -> None:
    page = await browser.get("/")
    mark = page.text.split('data-live="')[1].split('"')[0]
    ticket = await backend.put()
    await asyncio.sleep(2 * live.GATHER_SECONDS)
    async with looking(app, query=f"since={mark}") as stream:
        assert stream.told == [("tickets", {"changed": [ticket.id], "free": [ticket.id]})]


@pytest.mark.usefixtures("browser")
@pytest.mark.parametrize("mark", ["", "x", "another-3", "{life}-99", "{life}-", "{life}-x", "{life}-٣", "9" * 5000])
async def test_a_mark_that_says_nothing_means_looking_at_everything(app: FastAPI, hub: Hub, mark: str) -> None:
    since = mark.replace("{life}", hub.mark.split("-")[0])
    async with looking(app, last=since) as stream:
        assert stream.told == [("again", {})]


async def test_what_was_told_too_long_ago_means_looking_at_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MOST_NAMES", 1)
    hub = Hub(10)
    mark = hub.mark
    for _ in range(600):
        hub.ticket_changed(new_id(), may_be_free=False)
    assert b"event: again" in hub._missed(mark)


async def test_after_trouble_everybody_looks_at_everything() -> None:
    hub = Hub(10)
    reader = hub.join(None, hub.mark)
    before = hub.mark
    hub.again()
    said = b"".join([await reader.next(1) or b"" for _ in range(3)])
    assert said.count(b"event: again") == 1
    assert hub.mark.split("-")[0] != before.split("-")[0]


async def test_changes_are_told_together() -> None:
    hub = Hub(10)
    reader = hub.join(None, hub.mark)
    names = [new_id() for _ in range(5)]
    for name in (*names, *names):
        hub.ticket_changed(name, may_be_free=False)
    said = [await reader.next(1) for _ in range(3)]
    assert json.loads((said[2] or b"").split(b"data: ")[1])["changed"] == names
    hub.close()


async def test_a_reader_who_does_not_read_is_dropped() -> None:
    hub = Hub(10)
    reader = hub.join(new_id(), hub.mark)
    for _ in range(100):
        reader.put(b"x")
    assert await reader.next(1) is None


async def test_a_browser_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SEND_SECONDS", 0.02)
    hub = Hub(10)
    stream = live.LiveStream(hub, None, hub.mark)

    async def never(*_: object) -> Any:
        await asyncio.Event().wait()

    async def stuck(message: Message) -> None:
        if message["type"] == "http.response.body":
            await never()

    with pytest.raises(TimeoutError):
        await stream({}, never, stuck)
    assert not hub._readers


async def test_a_sign_of_life_comes_while_nothing_happens(
    app: FastAPI, browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert browser
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.02)
    async with looking(app) as stream:
        await until(lambda: stream.text.endswith(":\n\n:\n\n"))


async def test_a_stream_does_not_last_for_ever(
    app: FastAPI, browser: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert browser
    monkeypatch.setattr(live, "LONGEST_SECONDS", 0.02)
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.02)
    async with looking(app) as stream:
        await until(lambda: stream.ended)


async def test_there_is_a_limit_and_it_says_so(settings: Settings, kit: Kit, backend: FakeBackend) -> None:
    app = create_app(settings.model_copy(update={"live_streams": 1}), kit.parts, backend, 0.1)
    async with serving(app) as browser:
        async with looking(app):
            refused = await browser.get("/live")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
            assert "Too many people are looking just now" in words(refused)
            assert (await browser.get("/")).status_code == 200
        async with looking(app) as stream:
            assert stream.status == 200


async def test_streams_end_with_the_process(settings: Settings, kit: Kit) -> None:
    stopped: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    app = create_app(settings.model_copy(update={"drain_seconds": 0.1}), kit.parts, FakeBackend(kit), 0.1)
    try:
        async with serving(app), looking(app) as stream:
            signal.raise_signal(signal.SIGTERM)
            await until(lambda: stream.ended)
            assert stopped == [signal.SIGINT]
            with pytest.raises(Crowded):
                app.state.front.hub.join(None, "")
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_rows_are_given_as_they_are_now(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    free, sold, mine, removed = [await backend.put(title) for title in ("Free", "Gone", "Mine", "Away")]
    await backend.place(sold, new_id(), "complete")
    await backend.place(mine, dana)
    await backend._store(removed.model_copy(update={"deleted": True, "version": 5}))
    ids = [one.id for one in (free, sold, mine, removed)]
    page = await browser.get("/live/rows", params={"id": [*ids, new_id()]})
    assert page.status_code == 200
    assert page.text.count("<li") == 4
    for sentence in ("Just sold: Gone.", "Held for you: Mine.", "Taken down: Away.", "Available again: Free."):
        assert f'data-news="{sentence}"' in page.text
    assert "Just sold</span>" in page.text


@pytest.mark.parametrize("query", ["", "id=x", "&".join(["id=" + "5f" * 12] * 101)])
@pytest.mark.parametrize("path", ["/live/rows", "/live/new"])
async def test_rows_of_nothing_are_refused(browser: AsyncClient, path: str, query: str) -> None:
    assert (await browser.get(f"{path}?{query}")).status_code == 400


async def test_new_tickets_are_counted_as_far_as_they_are_looked_for(
    browser: AsyncClient, backend: FakeBackend
) -> None:
    found, dear, other = await backend.put("Opera", 5000), await backend.put("Opera", 90000), await backend.put("Rock")
    taken = await backend.put("Opera", 5000)
    await backend.place(taken, new_id())
    ids = [one.id for one in (found, dear, other, taken)]
    page = await browser.get("/live/new", params={"id": ids, "q": "opera", "to": "60", "sort": "price"})
    assert "1 more ticket is on sale." in page.text
    assert 'href="/?q=opera&amp;to=60&amp;sort=price">Show it</a>' in page.text
    assert "3 more tickets are on sale." in (await browser.get("/live/new", params={"id": ids})).text
    assert (await browser.get("/live/new", params={"id": ids, "q": "jazz"})).status_code == 204


async def test_who_comes_too_late_is_offered_others(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put("Bach Collegium, gallery")
    alike = await backend.put("Bach Collegium, stalls")
    for number in range(6):
        await backend.put(f"Something else {number}")
    await backend.place(ticket, new_id(), "complete")
    page = await browser.get(f"/tickets/{ticket.id}")
    assert "On sale now" in words(page)
    assert page.text.count('class="ticket"') == 4
    assert page.text.index(alike.id) < page.text.index("Something else 5")


async def test_who_can_have_it_is_offered_nothing_else(browser: AsyncClient, backend: FakeBackend) -> None:
    ticket = await backend.put("Bach Collegium, gallery")
    await backend.put("Bach Collegium, stalls")
    assert "On sale now" not in words(await browser.get(f"/tickets/{ticket.id}"))
