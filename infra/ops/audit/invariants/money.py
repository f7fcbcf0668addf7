"""I2: orders, payments, and what Stripe has."""

from collections.abc import Iterable, Iterator

from infra.ops.audit.finding import Finding, Result, When
from infra.ops.audit.look import Look
from infra.ops.audit.things import ENDED, Intent, Order, Payment

_ROUTES = (("orders", "PAYMENTS"), ("payments", "ORDERS"))
_PAID = frozenset({"captured", "refunded"})


def taken_for_complete_orders(look: Look) -> Result:
    """I2, once quiet."""
    by_id = {payment.id: payment for payment in look.payments.values()}
    found = [*_orders_and_payments(look), *_undecided(look), *_at_stripe(look, by_id), *_not_at_stripe(look)]
    return Result.of("I2", len(look.payments) + len(look.intents), [*found, *_twice(look), *_too_late(look)])


# ---- what orders and payments say
def _orders_and_payments(look: Look) -> Iterator[Finding]:
    for payment in look.payments.values():
        order = look.orders.get(payment.order)
        is_over = order is None or order.status == "cancelled"
        leftover = payment.status == "refunded" and is_over and look.restored("orders")
        yield from (_finding(told, payment, order, leftover=leftover) for told in _disagreements(payment, order))
    for order in look.orders.values():
        if order.status == "complete" and order.id not in look.payments:
            yield _finding("complete, and nobody has paid", order)


def _disagreements(payment: Payment, order: Order | None) -> Iterator[str]:
    if order is None:
        if payment.status in _PAID | {"authorized"}:
            yield f"{payment.status}, for order {payment.order}, which orders does not know"
        return
    if payment.status in _PAID and order.status != "complete":
        yield f"{payment.status}, and the order is {order.status}"
    if payment.status == "authorized" and order.status == "cancelled":
        yield "money is still held for a cancelled order"
    if order.status == "complete":
        if payment.status not in _PAID:
            yield f"the order is complete, and its payment {payment.status}"
        elif payment.cents != order.cents:
            yield f"{payment.cents} cents were taken for an order of {order.cents}"


def _undecided(look: Look) -> Iterator[Finding]:
    for line in look.owned("payments", "payment"):
        if "Stripe" in line["waiting"] and not look.motion("payments", line).busy:
            documents = (f"payment {line['id']}", f"order {line['state']['orderId']}")
            since = f"since {line['since']}"
            yield Finding("I2", documents, f"{line['state']['status']}, and to be settled with Stripe {since}")


# ---- what Stripe says
def _at_stripe(look: Look, payments: dict[str, Payment]) -> Iterator[Finding]:
    for intent in look.intents.values():
        payment = payments.get(intent.payment)
        if payment is None:
            if intent.here:
                yield _finding(f"money is {_word(intent)} for a payment that nobody knows", intent)
        elif payment.intent != intent.id:
            if intent.here:
                yield _finding(f"money is {_word(intent)} by an intent that its payment does not use", intent, payment)
        else:
            yield from (_finding(told, intent, payment) for told in _differences(intent, payment))


def _word(intent: Intent) -> str:
    return "held" if intent.held else "taken"


def _differences(intent: Intent, payment: Payment) -> Iterator[str]:
    if intent.held and payment.status != "authorized":
        yield f"money is held, and the payment is {payment.status}"
    elif not intent.held and payment.status not in _PAID and intent.here:
        yield f"money is taken, and the payment is {payment.status}"
    if (intent.cents, intent.currency) != (payment.cents, payment.currency):
        yield f"Stripe has {intent.cents} {intent.currency}, the payment says {payment.cents} {payment.currency}"
    if payment.status == "refunded" and intent.here:
        yield f"refunded, and Stripe has returned {intent.returned} of {intent.cents}"
    if payment.status == "captured" and not intent.here and not intent.held:
        yield "all of it was returned at Stripe, and the payment does not say so"


def _not_at_stripe(look: Look) -> Iterator[Finding]:
    for payment in look.payments.values():
        if payment.status in _PAID | {"authorized"} and payment.intent not in look.intents:
            yield _finding(f"{payment.status}, and Stripe has no such money", payment)
        elif payment.status in _PAID and payment.intent is not None and look.intents[payment.intent].held:
            yield _finding(f"{payment.status}, and Stripe only holds the money", payment)


def _twice(look: Look) -> Iterator[Finding]:
    of_order: dict[str, list[Intent]] = {}
    for intent in look.intents.values():
        if intent.here:
            of_order.setdefault(intent.order, []).append(intent)
    for order_id, intents in of_order.items():
        if len(intents) > 1:
            payment = look.payments.get(order_id)
            told = f"several intents have money for order {order_id}"
            yield _finding(told, *sorted(intents, key=lambda one: one.id), *([payment] if payment else []))


def _too_late(look: Look) -> Iterator[Finding]:
    """One that no payment knows is left alone: its answer was lost, so nobody was told its secret."""
    for intent_id, order_id in look.confirmable:
        order, payment = look.orders.get(order_id), look.payments.get(order_id)
        if order is None or payment is None or intent_id not in payment.intents or order.status not in ENDED:
            continue
        told = f"can still be paid with, and its order is {order.status}"
        moving = _moving([order, payment])
        yield Finding("I2", (f"intent {intent_id}", str(payment), str(order)), told, When.QUIET, _ROUTES, moving)


def _finding(told: str, *about: Intent | Payment | Order | None, leftover: bool = False) -> Finding:
    known = [one for one in about if one is not None]
    return Finding("I2", tuple(map(str, known)), told, When.QUIET, _ROUTES, _moving(known), leftover)


def _moving(about: Iterable[Intent | Payment | Order]) -> bool:
    return any(not isinstance(one, Intent) and one.motion.any for one in about)
