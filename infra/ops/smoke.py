"""`make smoke URL=https://ticketing.dev`: buys a ticket at any deployment, through its public address alone.

Two newcomers sign up; one lists a ticket, the other reserves it and pays with the test card that Stripe and its
stand-in both know. Each step says how long it took; the first that goes wrong ends it. What stays behind is two
accounts and a sold ticket, never one for sale. A shop with live keys takes real money and no test card: there only
`--no-payment` runs, which lets go of the reservation and takes the ticket down again.
"""

import argparse
import contextlib
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

_WITHIN = httpx.Timeout(20.0)
_PATIENCE, _TIDY_WITHIN, _LOOK_EVERY = 30.0, 5.0, 0.5
_CARD = "pm_card_visa"
_OK, _CREATED, _NO_CONTENT, _REFUSED, _UNAUTHORIZED, _NOT_FOUND, _WRONG_METHOD = 200, 201, 204, 400, 401, 404, 405
_DOORS = {
    "/": _OK,
    "/api/users/currentuser": _OK,
    "/api/tickets": _OK,
    "/api/orders": _UNAUTHORIZED,
    "/api/payments/intents": _WRONG_METHOD,
}
"""One of each service that the public reaches, and what it says to a stranger."""
_HOPELESS = ("CERTIFICATE_VERIFY_FAILED", "not known", "nodename nor servname", "name resolution")
_SHORT = 120
_LIVE_KEY = "pk_live_"
Say = Callable[[str], object]
Visit = Callable[[], httpx.Client]
"""A browser of its own for each person."""


class SmokeError(Exception):
    """What went wrong, as one sentence."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A deployment and the way to it."""

    url: str
    insecure: bool = False
    connect: str = ""
    """HOST:PORT that is connected to whatever the address says."""

    def visit(self) -> httpx.Client:
        """A browser that nobody is signed in with."""
        way = _Elsewhere(self.connect, verify=not self.insecure) if self.connect else None
        return httpx.Client(base_url=self.url, timeout=_WITHIN, verify=not self.insecure, transport=way)


class _Elsewhere(httpx.HTTPTransport):
    """Connects to one place, asking there for the name of the address: as if a hosts file said so."""

    def __init__(self, place: str, *, verify: bool) -> None:
        super().__init__(verify=verify)
        self._host, _, port = place.rpartition(":")
        if not self._host or not port.isdecimal():
            raise SmokeError(f"{place} is no place to connect to: give HOST:PORT, as in 127.0.0.1:8443.")
        self._port = int(port)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        moved = httpx.Request(
            request.method,
            request.url.copy_with(host=self._host, port=self._port),
            headers=request.headers,  # its Host among them
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return super().handle_request(moved)


def smoke(visit: Visit, say: Say, *, payment: bool = True, patience: float | None = None) -> None:
    """A whole purchase, or all but the payment; `SmokeError` at the first step that goes wrong."""
    with visit() as seller, visit() as buyer:
        purchase = _Purchase(seller, buyer, say, _PATIENCE if patience is None else patience)
        try:
            purchase.reserve()
            if payment:
                purchase.pay()
            else:
                purchase.let_go()
            purchase.leave()
        except (SmokeError, httpx.HTTPError) as error:
            left = purchase.tidy()
            raise SmokeError(f"{_told(error)}{left}") from error


class _Purchase:
    def __init__(self, seller: httpx.Client, buyer: httpx.Client, say: Say, patience: float) -> None:
        self._seller, self._buyer, self._say, self._patience = seller, buyer, say, patience
        self._title = f"Smoke test {secrets.token_hex(4)}"
        self._ticket = self._order = ""
        self._for_sale = False

    def reserve(self) -> None:
        """From two strangers to a ticket that is held for one of them."""
        with self._step("the shop answers, and every service behind it"):
            for path, status in _DOORS.items():
                self._soon(self._seller, path, status=status)
        for who, browser in (("the seller", self._seller), ("the buyer", self._buyer)):
            with self._step(f"{who} signs up"):
                account = {"email": f"smoke-{secrets.token_hex(6)}@example.com", "password": secrets.token_hex(12)}
                _expect(browser.post("/api/users/signup", json=account), _CREATED)
        with self._step("the seller lists a ticket"):
            offer = {"title": self._title, "price": 12.5}
            self._ticket = _body(_expect(self._seller.post("/api/tickets", json=offer), _CREATED))["id"]
            self._for_sale = True
        with self._step("it can be seen, in the API and in the shop"):
            _expect(self._buyer.get(self._its("tickets")), _OK)
            self._soon(self._buyer, f"/tickets/{self._ticket}", lambda answer: self._title in answer.text)
        with self._step("the buyer reserves it"):
            wish = {"ticketId": self._ticket}
            self._order = _body(_expect(self._buyer.post("/api/orders", json=wish), _CREATED))["id"]
        with self._step("nobody else can reserve it, and the seller cannot change it"):
            _expect(self._seller.post("/api/orders", json={"ticketId": self._ticket}), _REFUSED)
            self._soon(self._buyer, self._its("tickets"), lambda answer: _body(answer)["orderId"] == self._order)
            self._cannot_be_changed()

    def pay(self) -> None:
        """Money for the ticket, which stays the buyer's."""
        with self._step("the buyer pays"):
            page = self._buyer.get(f"/orders/{self._order}")
            if _LIVE_KEY in page.text:
                raise SmokeError("This shop takes real money (its key is a live one): give --no-payment.")
            _expect(page, _OK)
            body = {"orderId": self._order, "token": _CARD}
            _expect(self._buyer.post("/api/payments", json=body), _CREATED)
        with self._step("the order is complete"):
            self._soon(self._buyer, self._its("orders"), lambda answer: _body(answer)["status"] == "complete")
            self._for_sale = False
        with self._step("it is sold: off the list, and the seller cannot change it"):
            self._cannot_be_changed()
            found = _body(_expect(self._buyer.get("/api/tickets", params={"q": self._title}), _OK))
            if any(one["id"] == self._ticket for one in found):
                raise SmokeError(f"The ticket {self._ticket} is sold, and still on the list.")

    def let_go(self) -> None:
        """No money: the reservation ends, and the ticket is taken down."""
        with self._step("the buyer lets go of it"):
            _expect(self._buyer.delete(self._its("orders")), _NO_CONTENT)
        with self._step("it is free again, and the seller takes it down"):
            self._soon(self._buyer, self._its("tickets"), lambda answer: _body(answer)["orderId"] is None)
            _expect(self._seller.delete(self._its("tickets")), _NO_CONTENT)
            self._for_sale = False
            _expect(self._buyer.get(self._its("tickets")), _NOT_FOUND)

    def leave(self) -> None:
        """Both sign out."""
        with self._step("both sign out"):
            for browser in (self._seller, self._buyer):
                _expect(browser.post("/api/users/signout"), _OK)
                if _body(_expect(browser.get("/api/users/currentuser"), _OK))["currentUser"] is not None:
                    raise SmokeError("Somebody who signed out is still signed in.")

    def tidy(self) -> str:
        """After a failure: ends the reservation and takes the ticket down, as far as that can be; what is left."""
        if not self._for_sale:
            return ""
        limit = time.monotonic() + min(self._patience, _TIDY_WITHIN)
        with contextlib.suppress(httpx.HTTPError):
            if self._order:
                self._buyer.delete(self._its("orders"))
            while self._seller.delete(self._its("tickets")).status_code != _NO_CONTENT:
                if time.monotonic() > limit:
                    break
                time.sleep(_LOOK_EVERY)
            else:
                return " Its ticket was taken down again."
        return f" Its ticket {self._ticket} could not be taken down: look at it."

    def _its(self, kind: str) -> str:
        return f"/api/{kind}/{self._ticket if kind == 'tickets' else self._order}"

    def _cannot_be_changed(self) -> None:
        _expect(self._seller.put(self._its("tickets"), json={"title": self._title, "price": 1}), _REFUSED)

    def _soon(
        self,
        browser: httpx.Client,
        path: str,
        good: Callable[[httpx.Response], object] = lambda _: True,
        *,
        status: int = _OK,
    ) -> None:
        """Asks until the answer is good: a way that is just being made, or a word on its way, takes a moment."""
        limit = time.monotonic() + self._patience
        while True:
            try:
                answer = browser.get(path)
                if answer.status_code == status and good(answer):
                    return
                told = f"GET {path} answers {answer.status_code}, and not what it should: {_words(answer)}"
            except httpx.TransportError as error:
                told = _told(error)
                if any(word in told for word in _HOPELESS):
                    raise
            if time.monotonic() > limit:
                raise SmokeError(f"For {self._patience:g} s, {told}")
            time.sleep(_LOOK_EVERY)

    @contextlib.contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except (SmokeError, httpx.HTTPError) as error:
            raise SmokeError(f"Not so: {what}. {_told(error)}") from error
        self._say(f"{time.monotonic() - began:6.2f} s  {what}")


def _expect(answer: httpx.Response, status: int) -> httpx.Response:
    """The same answer, if its status is right."""
    if answer.status_code != status:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise SmokeError(f"{asked} answers {answer.status_code} instead of {status}: {_words(answer)}")
    return answer


def _body(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise SmokeError(f"{answer.request.url.path} answers no JSON: {_words(answer)}") from None


def _words(answer: httpx.Response) -> str:
    """What it says, in short."""
    try:
        return str(answer.json()["errors"][0]["message"])
    except (ValueError, KeyError, TypeError, IndexError):
        return " ".join(answer.text.split())[:_SHORT] or "nothing."


def _told(error: Exception) -> str:
    if not isinstance(error, httpx.HTTPError):
        return str(error)
    hint = " Give --insecure to take any certificate." if _HOPELESS[0] in str(error) else ""
    return f"The shop cannot be reached ({type(error).__name__}: {error}).{hint}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Buys, saying each step; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.ops.smoke", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("url", help="the shop's public address, for instance https://ticketing.dev")
    parser.add_argument("--insecure", action="store_true", help="take a certificate that nobody vouches for")
    parser.add_argument("--connect", default="", metavar="HOST:PORT", help="connect there, whatever the name means")
    parser.add_argument("--no-payment", action="store_true", help="all but the payment: for a shop with live keys")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        shop = Shop(options.url, options.insecure, options.connect)
        smoke(shop.visit, _say, payment=not options.no_payment)
    except (SmokeError, httpx.InvalidURL, httpx.HTTPError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    done = "A ticket was reserved and let go" if options.no_payment else "A ticket was bought"
    _say(f"{done} at {options.url}, in {time.monotonic() - began:.1f} s.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
