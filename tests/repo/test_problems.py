"""What the services refuse can be said to people: the shop has words of its own for each problem's code."""

import importlib
import inspect

from client.words import ENGLISH
from common import errors
from common.errors import AppError

WHO_IS_ASKED = ("auth", "tickets", "orders", "payments")
ELSEWHERE = {
    "error": "nothing is refused with it",
    "invalid": "by field",
    "not-signed-in": "leads to signing in",
    "not-owner": "is not there, for them",
    "not-found": "is a page",
    "precondition-failed": "the shop sends no If-Match",
    "already-reserved": "is said on the ticket's page",
    "already-extended": "is said as one sentence",
    "no-longer-held": "is said as one sentence",
    "nothing-to-extend": "is said as one sentence",
    "bad-cursor": "the shop reads its own listing",
    "key-reused": "the shop sends no Idempotency-Key",
    "still-running": "the shop sends no Idempotency-Key",
    "bad-signature": "to Stripe",
    "bad-event": "to Stripe",
    "not-captured": "to an operator",
    "already-refunded": "to an operator",
    "undecided": "to an operator",
}
"""Codes that are never put into words, and why."""


def codes() -> set[str]:
    """Every code that a service may refuse with; an answer of 500 and more has its own page."""
    modules = [errors, *(importlib.import_module(f"{name}.errors") for name in WHO_IS_ASKED)]
    kinds = [kind for module in modules for _, kind in inspect.getmembers(module, inspect.isclass)]
    return {kind.code for kind in kinds if issubclass(kind, AppError) and kind.status < 500}


def test_the_shop_has_words_for_what_is_refused() -> None:
    said = {key.removeprefix("problem.") for key in ENGLISH if key.startswith("problem.")}
    said = {code for code in said if not code.startswith("field.")}
    assert said == codes() - set(ELSEWHERE)
    assert set(ELSEWHERE) <= codes()
