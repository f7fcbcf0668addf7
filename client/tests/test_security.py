"""What protects a visitor from other sites, and from us."""

import re

import pytest
from fastapi import FastAPI
from httpx import AsyncClient
from pydantic import ValidationError
from pymongo.errors import AutoReconnect

from client.app import create_app
from client.domain import Order
from client.pages import ROUTERS
from client.settings import Settings
from common.testing import Kit, serving

from .conftest import heading, words
from .fakes import FakeBackend

FORMS = sorted(
    route.path.replace("{id}", "5f" * 12)  # type: ignore[attr-defined]
    for router in ROUTERS
    for route in router.routes
    if "POST" in route.methods  # type: ignore[attr-defined]
)
OTHERS = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://ticketing.test"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://ticketing.test"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://ticketing.test.evil.example"},
    {"Origin": "http://ticketing.test:8081"},
]
OURS = [
    {},
    {"Origin": "http://ticketing.test"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
]


def test_there_are_forms() -> None:
    assert len(FORMS) == 14


@pytest.mark.parametrize("headers", OTHERS)
@pytest.mark.usefixtures("dana")
async def test_no_form_is_taken_from_another_site(
    browser: AsyncClient, backend: FakeBackend, headers: dict[str, str]
) -> None:
    for path in FORMS:
        page = await browser.post(path, headers=headers, data={"theme": "dark", "title": "x", "price": "1"})
        assert (path, page.status_code) == (path, 403)
        assert heading(page) == "This form was sent from another site"
        assert "set-cookie" not in page.headers
    assert backend.calls == []


async def test_our_own_forms_are_taken(browser: AsyncClient) -> None:
    for headers in OURS:
        assert (await browser.post("/theme", headers=headers, data={"theme": "dark"})).status_code == 303


async def test_links_from_other_sites_work(browser: AsyncClient) -> None:
    assert (await browser.get("/", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 200


@pytest.mark.parametrize("path", ["/", "/nowhere", "/sell", "/livez", "/api/nothing", "/signin"])
async def test_every_answer_says_what_may_be_done_with_it(browser: AsyncClient, path: str) -> None:
    headers = (await browser.get(path)).headers
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    if headers.get("content-type", "").startswith("text/html"):
        assert re.fullmatch(r"'nonce-[A-Za-z0-9_-]{22}'", rules.pop("script-src"))
        assert rules.pop("worker-src") == "'self'"
    assert rules == {
        "default-src": "'self'",
        "base-uri": "'none'",
        "object-src": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"


async def test_nothing_is_inline(browser: AsyncClient, backend: FakeBackend, dana: str) -> None:
    order = await backend.place(await backend.put(), dana)
    for path in ("/", "/sell", "/orders", f"/orders/{order.id}", "/nowhere"):
        page = (await browser.get(path)).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert all(script.startswith(' src="/') for script in re.findall(r"<script([^>]*)>", page))


async def test_a_script_runs_by_this_answer_s_nonce_or_not_at_all(
    browser: AsyncClient, backend: FakeBackend, dana: str
) -> None:
    order = await backend.place(await backend.put(), dana)
    seen: set[str] = set()
    for path in ("/", "/", "/sell", "/orders", f"/orders/{order.id}", "/nowhere"):
        page = await browser.get(path)
        policy = re.search(r"script-src 'nonce-([^']+)'", page.headers["content-security-policy"])
        assert policy is not None
        assert "script-src 'self'" not in page.headers["content-security-policy"]
        scripts = re.findall(r"<script([^>]*)>", page.text)
        assert scripts
        assert all(f'nonce="{policy[1]}"' in script for script in scripts), path
        assert policy[1] not in seen
        seen.add(policy[1])


async def test_stripe_runs_on_the_page_with_the_card_and_nowhere_else(
    settings: Settings, kit: Kit, backend: FakeBackend
) -> None:
    user = await backend.sign_up("dana@example.com", "correct horse")
    real = settings.model_copy(update={"stripe_js_url": "https://js.stripe.com/v3/"})
    async with serving(create_app(real, kit.parts, backend, 0.1)) as browser:
        browser.cookies.set("session", user.token, "ticketing.test")
        order = await backend.place(await backend.put(), backend.people["dana@example.com"][0])
        page = await browser.get(f"/orders/{order.id}")
        policy = page.headers["content-security-policy"]
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        nonce, *hosts = rules["script-src"].split()
        assert nonce.startswith("'nonce-")
        assert hosts == ["https://js.stripe.com", "https://*.js.stripe.com"]
        assert rules["frame-src"] == "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com"
        assert rules["connect-src"] == "'self' https://api.stripe.com"
        assert rules["frame-ancestors"] == "'none'"
        assert rules["default-src"] == "'self'"
        assert '<script src="https://js.stripe.com/v3/" ' in page.text
        for path in ("/", "/orders", "/sell"):
            page = await browser.get(path)
            assert "stripe" not in page.headers["content-security-policy"] + page.text


async def test_files_are_named_by_their_content_and_kept_for_good(browser: AsyncClient) -> None:
    page = (await browser.get("/")).text
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(found) == 5
    for path in found:
        answer = await browser.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        kinds = {"text/css", "text/javascript", "image/svg+xml", "image/png"}
        assert answer.headers["content-type"].split(";")[0] in kinds


async def test_a_page_of_another_version_gets_the_file_there_is_and_does_not_keep_it(browser: AsyncClient) -> None:
    answer = await browser.get("/static/shop.000000000000.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize("name", ["shop.css", "nothing.000000000000.css", "..%2Fapp.py", "shop.000000000000.py"])
async def test_nothing_else_is_served(browser: AsyncClient, name: str) -> None:
    assert (await browser.get(f"/static/{name}")).status_code == 404


async def test_colours_are_remembered(browser: AsyncClient) -> None:
    assert 'class="theme-' not in (await browser.get("/")).text
    answer = await browser.post("/theme", data={"theme": "dark", "back": "/?q=a"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/?q=a")
    assert 'class="theme-dark">' in (await browser.get("/")).text
    await browser.post("/theme", data={"theme": "light", "back": "https://evil.example"})
    assert 'class="theme-light">' in (await browser.get("/")).text
    assert (await browser.post("/theme", data={"theme": '"><script>'})).status_code == 400
    browser.cookies.set("theme", '"><script>', "ticketing.test")
    assert 'class="theme-' not in (await browser.get("/")).text


async def test_a_flash_that_is_none_of_ours_says_nothing(browser: AsyncClient) -> None:
    browser.cookies.set("flash", "<b>free tickets</b>", "ticketing.test")
    page = await browser.get("/")
    assert page.status_code == 200
    assert "free tickets" not in page.text


async def test_below_api_a_program_gets_the_one_error_shape(browser: AsyncClient) -> None:
    answer = await browser.get("/api/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == [{"message": "There is nothing here."}]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("POST", "/", 405), ("GET", "/signout", 405), ("PUT", "/sell", 405)],
)
async def test_what_is_not_there_is_said_on_a_page(browser: AsyncClient, method: str, path: str, status: int) -> None:
    page = await browser.request(method, path)
    assert page.status_code == status
    assert "<h1>" in page.text
    assert status != 405 or page.headers["allow"]


@pytest.mark.parametrize("sort", ["files", "fields", "large"])
@pytest.mark.usefixtures("dana")
async def test_forms_that_no_page_of_ours_sends(browser: AsyncClient, sort: str) -> None:
    if sort == "files":
        page = await browser.post("/sell", files={"title": ("x.txt", b"x")})
    elif sort == "fields":
        page = await browser.post("/sell", files={f"f{number}": (None, "x") for number in range(30)})
    else:
        page = await browser.post("/sell", data={"title": "x" * 2_000_000})
    assert page.status_code in {400, 413}
    assert "session" not in page.text


NONSENSE = {"NUL bytes": b"a%00b", "broken UTF-8": b"%ff%fe", "raw bytes": b"\xff\x00", "surrogates": b"%ed%a0%80"}


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.usefixtures("dana")
async def test_nonsense_in_any_field_of_any_form_is_never_our_fault(
    browser: AsyncClient, backend: FakeBackend, kind: str
) -> None:
    """It is refused or put right before any other service hears of it."""
    fields = ("title", "price", "email", "password", "token", "next", "back", "theme", "language")
    content = b"&".join(name.encode() + b"=" + NONSENSE[kind] for name in fields)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in FORMS:
        page = await browser.post(path, content=content, headers=headers)
        assert page.status_code in {200, 303, 400, 401, 404}, (path, page.status_code)
    assert "\x00" not in repr(backend.calls)
    assert "\\x00" not in repr(backend.calls)


@pytest.mark.usefixtures("dana")
async def test_our_own_fault_is_a_page_and_tells_nothing(
    browser: AsyncClient, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> list[Order]:
        raise RuntimeError("a secret")

    monkeypatch.setattr(backend, "orders", fails)
    page = await browser.get("/orders")
    assert page.status_code == 500
    assert heading(page) == "Something failed on our side"
    assert "a secret" not in page.text
    assert "Try again" in words(page)


async def test_the_database_is_out_of_reach(app: FastAPI, browser: AsyncClient) -> None:
    class Out:
        def __getattr__(self, name: str) -> object:
            raise AutoReconnect("no primary")

    app.state.service._catalogue._tickets = Out()
    page = await browser.get("/")
    assert page.status_code == 503
    assert heading(page) == "A part of the shop does not answer"


async def test_health(browser: AsyncClient) -> None:
    assert (await browser.get("/livez")).status_code == 200
    assert "http_request_seconds" in (await browser.get("/metrics")).text


def test_default_secrets_are_refused_outside_local_use() -> None:
    with pytest.raises(ValidationError):
        Settings(environment="production")
