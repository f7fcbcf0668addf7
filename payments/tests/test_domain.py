"""Which word of Stripe's is saved over which status: the protocol as it was explored, beside ours."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from common.clock import now
from common.errors import AppError
from common.events import OrderStatus, PaymentStatus
from common.mongo import new_id
from payments.domain import Attempt, Payment
from payments.errors import AlreadyPaid, BeingPaid, OrderCancelled
from payments.known import KnownOrder

from .factories import make_order

STATUSES: tuple[PaymentStatus, ...] = get_args(PaymentStatus)
ORDERS: tuple[OrderStatus, ...] = get_args(OrderStatus)
SAID: tuple[PaymentStatus, ...] = (
    "requires_action",
    "authorized",
    "declined",
    "captured",
    "refunded",
    "failed",
    "cancelled",
)
EXPLORED = {
    "action": {"pending", "declined"},
    "authorized": {"pending", "action", "declined"},
    "declined": {"pending", "action"},
    "captured": {"authorized"},
    "refunded": {"authorized", "captured"},
    "failed": {"authorized"},
    "cancelled": {"pending", "action", "declined", "authorized"},
}


def make_payment(status: PaymentStatus) -> Payment:
    order = KnownOrder.of(make_order())
    first = Payment.first(new_id(), order, None, now(), paying=True)
    return replace(first, status=status, version=7, attempts=(Attempt(1, "pi_1", closed=True), Attempt(2, "pi_2")))


def explored(status: PaymentStatus, said: PaymentStatus, order: OrderStatus) -> str:
    """What the model saves; `open` and `requires_action` are one status there."""
    at = "action" if status in {"open", "requires_action"} else status
    told = "action" if said == "requires_action" else said
    if told == "cancelled" and at in {"pending", "action", "declined"} and order != "cancelled":
        told = "declined"
    if told == "cancelled" and at == "authorized" and order in {"awaiting:payment", "created"}:
        told = "failed"
    return (said if told == "action" else told) if at in EXPLORED[told] else status


@pytest.mark.parametrize("status", STATUSES)
def test_every_word_over_every_status(status: PaymentStatus) -> None:
    for said, order in product(SAID, ORDERS):
        one_word(status, said, order)


def one_word(status: PaymentStatus, said: PaymentStatus, order: OrderStatus) -> None:
    before = make_payment(status)
    after = before.told(2, said, order, now()) or before
    if (status, said) == ("open", "requires_action"):
        assert after.status == "requires_action"
        return
    assert after.status == explored(status, said, order), (status, said, order)
    assert after.version == 7 + (after is not before)
    if after.status != status:
        assert after.public().version == after.version
    else:
        assert after.public() == before.public()
    if said == "cancelled" and after is not before:
        assert after.attempt.closed


def test_a_word_about_another_attempt_changes_nothing() -> None:
    for status, said in product(STATUSES, SAID):
        assert make_payment(status).told(1, said, "created", now()) is None


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        ("pending", BeingPaid),
        ("authorized", BeingPaid),
        ("captured", AlreadyPaid),
        ("refunded", AlreadyPaid),
        ("cancelled", OrderCancelled),
        ("failed", OrderCancelled),
        ("open", None),
        ("requires_action", None),
        ("declined", None),
    ],
)
def test_in_which_status_a_card_can_be_tried(status: PaymentStatus, refusal: type[AppError] | None) -> None:
    payment = make_payment(status)
    if refusal is None:
        after = payment.paying(None, now())
        assert (after.status, after.tries, after.attempt.number) == ("pending", payment.tries + 1, 2)
        assert after.key("confirm") != payment.key("confirm")
        assert payment.opening(None, now()) is payment
        return
    with pytest.raises(refusal):
        payment.paying(None, now())
    with pytest.raises(refusal):
        payment.opening(None, now())


@pytest.mark.parametrize("status", STATUSES)
def test_what_concerns_nobody_is_silent(status: PaymentStatus) -> None:
    silent = status in {"pending", "open", "requires_action", "cancelled"}
    assert bool(make_payment(status).said()) != silent


@pytest.mark.parametrize("intent", ["pi_2", "pi_3"])
def test_the_first_intent_is_kept(intent: str) -> None:
    assert make_payment("pending").with_intent(2, intent) is None
    unnamed = replace(make_payment("pending"), attempts=(Attempt(1),))
    named = unnamed.with_intent(1, intent)
    assert named is not None
    assert (named.attempt.intent_id, named.public().version) == (intent, unnamed.version)
    assert unnamed.with_intent(2, intent) is None
