"""The operator's commands: `python -m payments.commands NAME`."""

from collections.abc import AsyncIterator
from functools import partial

from common.web import Line, Parts, backup, restoring, run_command

from .app import create_service
from .domain import Payment
from .errors import Undecided
from .inbox import Inbox
from .service import Payments
from .settings import Settings
from .state import intents, state
from .store import PaymentStore, renewals
from .stripe_gateway import StripeGateway

_SAID = {"refunded": "the money is returned", "captured": "asked for; the bank has not said yet, the service goes on"}


async def refund(payments: Payments, order_id: str) -> str:
    """Returns all of what was taken for an order, once however often it is asked."""
    payment = await payments.refund(order_id)
    refused = payment.status == "captured" and payment.refund_at is None
    return "refused, or failed at the bank: the log says why" if refused else _SAID[payment.status]


async def undecided(payments: Payments) -> str:
    """What Stripe has been asked about for longer than it should take: `Undecided`, with a line for each payment."""
    if found := await payments.undecided():
        raise Undecided("".join(map(_line, found)))
    return "none"


async def rebuild(parts: Parts) -> str:
    """Orders are taken anew from what is announced from now on."""
    return f"{await _store(parts).mark()} orders wait to be announced"


async def forget(parts: Parts) -> str:
    """Drops what waits to be announced still: the end of a rebuild, for which a restore's hints have waited."""
    dropped = await _store(parts).drop()
    await Inbox(parts.database).hurry(parts.clock())
    return f"{dropped} orders dropped"


def _store(parts: Parts) -> PaymentStore:
    return PaymentStore(parts.database, parts.relay, parts.clock)


def _line(payment: Payment) -> str:
    since = None if payment.asking_since is None else payment.asking_since.isoformat()
    return f"\n{payment.id} order={payment.order_id} status={payment.status} task={payment.asking} since={since}"


if __name__ == "__main__":
    settings = Settings()

    def _service(parts: Parts) -> Payments:
        return create_service(settings, parts)

    def _intents(parts: Parts) -> AsyncIterator[Line]:
        return intents(StripeGateway(settings.stripe_key.get_secret_value(), settings.stripe_url), parts.clock)

    run_command(
        "payments",
        settings,
        publishing={
            "announce": lambda parts: _service(parts).announce(),
            "refund": lambda parts, order_id: refund(_service(parts), order_id),
            "restore": restoring(renewals, lambda parts, at: partial(_service(parts).restored, at)),
        },
        private={
            "state": state,
            "intents": _intents,
            "rebuild": rebuild,
            "forget": forget,
            "undecided": lambda parts: undecided(_service(parts)),
            "backup": backup,
        },
    )
