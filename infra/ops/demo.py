"""Fills a running system with sellers and tickets, through its public API: `make demo`.

Run again it adds only what is missing: it signs the same people in, and keeps a note of the tickets it has listed.
"""

import argparse
import json
import sys

import httpx

from infra.local.errors import StackError
from infra.local.layout import Layout, write_private
from infra.local.settings import load

from .wares import PASSWORD, SELLERS, Seller

_WITHIN = httpx.Timeout(20.0)
_CREATED, _OK, _NOT_FOUND = 201, 200, 404
Note = dict[str, str]
"""Seller and title -> the ticket's id."""


def main() -> int:
    """Fills the system and says what it did; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.ops.demo", description="Sellers and tickets to look at.")
    parser.add_argument("--url", help="the system to fill (default: the one that `make run` started)")
    parser.add_argument("--insecure", action="store_true", help="take a certificate that nobody vouches for")
    options = parser.parse_args()
    try:
        added = _fill_remote(options.url, options.insecure) if options.url else _fill_local(Layout(load().root))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except httpx.HTTPError as error:
        sys.stderr.write(f"The system does not answer ({type(error).__name__}): start it with `make run`.\n")
        return 1
    sys.stdout.write(f"{added} tickets added, by {len(SELLERS)} sellers.\n")
    sys.stdout.write(f"Sign in as one of them: {SELLERS[0].email}, {PASSWORD}\n")
    return 0


def _fill_remote(url: str, insecure: bool) -> int:
    with httpx.Client(base_url=url, timeout=_WITHIN, verify=not insecure) as browser:
        return fill(browser, {})


def _fill_local(layout: Layout) -> int:
    if not layout.addresses.exists():
        raise StackError(f"No stack runs in {layout.root}: start one with `make run`.")
    path = layout.root / "data" / "demo.json"
    note: Note = json.loads(path.read_text()) if path.exists() else {}
    with httpx.Client(base_url=json.loads(layout.addresses.read_text())["gateway"], timeout=_WITHIN) as browser:
        try:
            return fill(browser, note)
        finally:
            write_private(path, json.dumps(note, indent=2))


def fill(browser: httpx.Client, note: Note) -> int:
    """Adds what is missing, writing each ticket into `note`; how many tickets it added."""
    added = 0
    for seller in SELLERS:
        user_id = _sign_in(browser, seller)
        for title, price in seller.tickets:
            added += _list(browser, note, user_id, title, price)
    browser.post("/api/users/signout")
    return added


def _sign_in(browser: httpx.Client, seller: Seller) -> str:
    """Signs the seller up, or in where they have an account already; their id."""
    who = {"email": seller.email, "password": PASSWORD}
    answer = browser.post("/api/users/signup", json=who)
    if answer.status_code != _CREATED:
        answer = browser.post("/api/users/signin", json=who)
    if answer.status_code not in {_CREATED, _OK}:
        raise StackError(f"{seller.email} can neither sign up nor in: the system answers {answer.status_code}.")
    return str(answer.json()["id"])


def _list(browser: httpx.Client, note: Note, user_id: str, title: str, price: str) -> int:
    """Lists the ticket unless it is there; 1 if it was added."""
    key = f"{user_id} {title}"
    if _is_there(browser, note.get(key)) or _is_on_sale(browser, user_id, title):
        return 0
    answer = browser.post("/api/tickets", json={"title": title, "price": price})
    if answer.status_code != _CREATED:
        raise StackError(f"«{title}» cannot be listed: the system answers {answer.status_code}.")
    note[key] = str(answer.json()["id"])
    return 1


def _is_there(browser: httpx.Client, identity: str | None) -> bool:
    """Whether a ticket of an earlier run still exists, reserved and sold ones included."""
    if identity is None:
        return False
    answer = browser.get(f"/api/tickets/{identity}")
    return answer.status_code != _NOT_FOUND


def _is_on_sale(browser: httpx.Client, user_id: str, title: str) -> bool:
    """Whether the seller offers it already, for a system whose note was lost."""
    answer = browser.get("/api/tickets", params={"q": title, "limit": 100})
    if answer.status_code != _OK:
        raise StackError(f"The tickets cannot be listed: the system answers {answer.status_code}.")
    return any(ticket["title"] == title and ticket["userId"] == user_id for ticket in answer.json())


if __name__ == "__main__":
    sys.exit(main())
