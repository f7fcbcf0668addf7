"""The operator's commands: `python -m payments.commands NAME`."""

from common.web import Parts, run_command

from .app import create_service
from .domain import Payment
from .errors import Undecided
from .service import Payments
from .settings import Settings

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


def _line(payment: Payment) -> str:
    since = None if payment.asking_since is None else payment.asking_since.isoformat()
    return f"\n{payment.id} order={payment.order_id} status={payment.status} task={payment.asking} since={since}"


if __name__ == "__main__":
    settings = Settings()

    def _service(parts: Parts) -> Payments:
        return create_service(settings, parts)

    run_command(
        "payments",
        settings,
        {
            "announce": lambda parts: _service(parts).announce(),
            "refund": lambda parts, order_id: refund(_service(parts), order_id),
            "undecided": lambda parts: undecided(_service(parts)),
        },
    )
