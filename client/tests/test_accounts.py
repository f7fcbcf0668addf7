"""Signing up, in and out."""

import pytest
from bson import ObjectId
from httpx import ASGITransport, AsyncClient

from common.mongo import new_id
from common.testing import Kit

from .conftest import heading, words
from .fakes import FakeBackend

GOOD = {"email": "dana@example.com", "password": "correct horse"}
OUTSIDE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/ /evil.example",
    "/a\r\nSet-Cookie: x=1",
    "/signin",
    "/signout",
    "/" + "x" * 600,
    "/ü",
    "",
]


async def test_signing_up_signs_in(browser: AsyncClient) -> None:
    answer = await browser.post("/signup", data=GOOD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith("session=")]
    assert "HttpOnly" in cookie
    assert "Secure" not in cookie
    page = await browser.get("/")
    assert "Your account is ready" in words(page)
    assert "dana@example.com" in page.text
    assert "Sign out" in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_signing_in_and_out(browser: AsyncClient, backend: FakeBackend) -> None:
    await backend.sign_up(**GOOD)
    answer = await browser.post("/signin", data=GOOD | {"next": "/sell"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sell")
    assert (await browser.get("/sell")).status_code == 200
    answer = await browser.post("/signout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "sign_out" in backend.calls
    assert (await browser.get("/sell")).status_code == 303
    assert "You are signed out" in words(await browser.get("/"))


@pytest.mark.usefixtures("dana")
async def test_signing_out_works_while_auth_is_silent(browser: AsyncClient, backend: FakeBackend) -> None:
    backend.down.add("auth")
    answer = await browser.post("/signout")
    assert answer.status_code == 303
    assert 'session=""; expires=' in answer.headers.get_list("set-cookie")[1]


@pytest.mark.parametrize("form", ["/signin", "/signup"])
async def test_the_way_back_never_leaves_the_shop(browser: AsyncClient, backend: FakeBackend, form: str) -> None:
    for place in OUTSIDE:
        browser.cookies.clear()
        backend.people.clear()
        if form == "/signin":
            await backend.sign_up(**GOOD)
        assert (await browser.get(form, params={"next": place})).status_code == 200
        answer = await browser.post(form, data=GOOD | {"next": place})
        assert (place, answer.status_code, answer.headers["location"]) == (place, 303, "/")


async def test_the_way_back_keeps_its_query(browser: AsyncClient) -> None:
    page = await browser.get("/signin", params={"next": "/?q=a&sort=price"})
    assert 'name="next" value="/?q=a&amp;sort=price"' in page.text
    assert "Then you are back where you were." in words(page)
    answer = await browser.post("/signup", data=GOOD | {"next": "/?q=a&sort=price"})
    assert answer.headers["location"] == "/?q=a&sort=price"


@pytest.mark.usefixtures("dana")
async def test_who_is_signed_in_goes_on(browser: AsyncClient) -> None:
    for form in ("/signin", "/signup"):
        answer = await browser.get(form, params={"next": "/orders"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/orders")


@pytest.mark.parametrize("form", ["/signin", "/signup"])
async def test_a_ticket_that_one_came_for_is_reserved_after_signing_in(
    browser: AsyncClient, backend: FakeBackend, form: str
) -> None:
    if form == "/signin":
        await backend.sign_up(**GOOD)
    ticket = await backend.put("Hadestown")
    wanted = f"/tickets/{ticket.id}/reserve"
    page = await browser.get(form, params={"next": wanted})
    assert "Then this ticket is reserved for you." in words(page)
    assert "Hadestown" in words(page)
    answer = await browser.post(form, data=GOOD | {"next": wanted})
    [order] = backend.placed.values()
    assert answer.headers["location"] == f"/orders/{order.id}"
    assert order.user_id == backend.people[GOOD["email"]][0]
    assert (await browser.get(f"/orders/{order.id}")).status_code == 200


async def test_and_where_it_is_gone_by_then_one_is_signed_in_all_the_same(
    browser: AsyncClient, backend: FakeBackend
) -> None:
    await backend.sign_up(**GOOD)
    ticket = await backend.put("Hadestown")
    await backend.place(ticket, new_id())
    wanted = f"/tickets/{ticket.id}/reserve"
    assert "is reserved for you" not in words(await browser.get("/signin", params={"next": wanted}))
    answer = await browser.post("/signin", data=GOOD | {"next": wanted})
    assert answer.headers["location"] == f"/tickets/{ticket.id}"
    assert "a moment before you" in words(await browser.get(f"/tickets/{ticket.id}"))
    assert (await browser.get("/sell")).status_code == 200


async def test_neither_a_silent_service_nor_an_unknown_ticket_costs_the_session(
    browser: AsyncClient, backend: FakeBackend
) -> None:
    await backend.sign_up(**GOOD)
    wanted = f"/tickets/{'5f' * 12}/reserve"
    assert (await browser.get("/signin", params={"next": wanted})).status_code == 200
    answer = await browser.post("/signin", data=GOOD | {"next": wanted})
    assert answer.headers["location"] == f"/tickets/{'5f' * 12}"
    backend.down.add("orders")
    browser.cookies.clear()
    answer = await browser.post("/signin", data=GOOD | {"next": wanted})
    assert answer.headers["location"] == f"/tickets/{'5f' * 12}"
    assert (await browser.get("/sell")).status_code == 200


@pytest.mark.parametrize(
    ("form", "typed", "says"),
    [
        ("/signin", {"email": "dana", "password": "x"}, "Email address: Enter an email address"),
        ("/signin", {"email": "a@b.c\x00", "password": "x"}, "Email address: Enter an email address"),
        ("/signin", {"email": "a@b.c", "password": ""}, "Password: Enter your password"),
        ("/signin", {}, "2 things to put right"),
        ("/signin", {"email": "a@b.c", "password": "wrong"}, "That did not match The email address or the password"),
        ("/signup", {"email": "dana", "password": "correct horse"}, "Email address: Enter an email address"),
        ("/signup", {"email": "a@b.c", "password": "short"}, "Password: Use 8 characters at least"),
        ("/signup", {"email": "a@b.c", "password": "x" * 129}, "Password: Use 128 characters at most"),
        ("/signup", {"email": "a" * 250 + "@b.c", "password": "correct horse"}, "Enter an email address"),
        ("/signup", GOOD, "Email address: This email address has an account: sign in with it, or take another one."),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    browser: AsyncClient, backend: FakeBackend, form: str, typed: dict[str, str], says: str
) -> None:
    await backend.sign_up(**GOOD)
    page = await browser.post(form, data=typed | {"next": "/sell"})
    assert page.status_code == 400
    assert says in words(page)
    assert 'name="next" value="/sell"' in page.text
    if typed.get("email", "").isprintable():
        assert f'value="{typed.get("email", "")}"' in page.text
    assert typed.get("password") != "correct horse" or "correct horse" not in page.text
    assert "session=" not in str(page.headers.get_list("set-cookie"))


async def test_auth_is_silent(browser: AsyncClient, backend: FakeBackend) -> None:
    backend.down.add("auth")
    page = await browser.post("/signin", data=GOOD)
    assert page.status_code == 503
    assert "What you typed is still here" in words(page)
    assert 'value="dana@example.com"' in page.text


async def test_the_session_is_secure_where_the_browser_came_over_https(
    browser: AsyncClient, backend: FakeBackend
) -> None:
    transport: ASGITransport = browser._transport  # type: ignore[assignment]
    async with AsyncClient(transport=transport, base_url="https://ticketing.test") as safe:
        answer = await safe.post("/signup", data=GOOD)
        assert all("Secure" in one for one in answer.headers.get_list("set-cookie"))
        safe.cookies.clear()
        backend.cookie += "; Secure"
        answer = await safe.post("/signin", data=GOOD)
        [cookie] = answer.headers.get_list("set-cookie")
        assert cookie.count("Secure") == 1


async def test_a_session_that_nobody_here_can_verify_is_not_passed_on(
    browser: AsyncClient, backend: FakeBackend
) -> None:
    backend.kit = Kit("another")
    page = await browser.post("/signup", data=GOOD)
    assert page.status_code == 503
    assert "session=" not in str(page.headers)


async def test_a_forged_or_expired_session_is_nobody(browser: AsyncClient, kit: Kit) -> None:
    for token in (Kit("another").token(new_id()), "x", kit.token(new_id()) + "x"):
        browser.cookies.set("session", token, "ticketing.test")
        assert (await browser.get("/sell")).status_code == 303
    browser.cookies.set("session", kit.token(new_id()), "ticketing.test")
    assert (await browser.get("/sell")).status_code == 200
    kit.clock.advance(8 * 24 * 3600)
    assert (await browser.get("/sell")).status_code == 303
    assert heading(await browser.get("/")) == "Tickets from the people who own them"


async def test_the_account_says_who_one_is_and_since_when(browser: AsyncClient, dana: str) -> None:
    page = await browser.get("/account")
    assert "dana@example.com" in words(page)
    assert f'datetime="{ObjectId(dana).generation_time:%Y-%m-%d}' in page.text
    assert 'value="auto" aria-pressed="true"' in page.text
    browser.cookies.set("theme", "dark", "ticketing.test")
    assert 'value="dark" aria-pressed="true"' in (await browser.get("/account")).text


async def test_the_account_asks_to_sign_in(browser: AsyncClient) -> None:
    assert (await browser.get("/account")).headers["location"] == "/signin?next=%2Faccount"


async def test_the_colours_of_the_device_can_be_had_again(browser: AsyncClient) -> None:
    await browser.post("/theme", data={"theme": "dark", "back": "/"})
    assert 'class="theme-dark"' in (await browser.get("/")).text
    await browser.post("/theme", data={"theme": "auto", "back": "/"})
    assert 'class="theme-dark"' not in (await browser.get("/")).text
