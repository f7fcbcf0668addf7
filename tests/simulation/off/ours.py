"""Guards that the protocol's model takes for granted, and those that only the code has."""

from . import expiration, orders, payments
from .guard import Guard
from .switch import off

OURS: dict[str, Guard] = {
    "one_order_per_ticket": Guard(
        "one order at a time has a ticket (the unique partial index on `holds`)",
        off(orders.one_order_per_ticket),
        {"reserve": 2, "deadline": "never"},
    ),
    "newer_order": Guard(
        "payments takes only newer orders (PaymentStore.remember)",
        off(payments.newer_order),
        {"reserve": 1, "pay": 1, "cancel": 1},
    ),
    "newer_deadline": Guard(
        "expiration takes only newer deadlines (Deadline.heard)",
        off(expiration.newer_deadline),
        {"reserve": 1, "extend": 1, "dup": 1, "deadline": "clock", "timer": True},
    ),
    "react_order": Guard(
        "payments looks at a payment whether its order is news or not (Payments.hear_order)",
        off(payments.react_order),
        {"reserve": 1, "pay": 1, "cancel": 1, "crash": 1},
    ),
    "reconciled": Guard(
        "deadlines whose job Redis has lost are scheduled again (expiration's Schedule.lost)",
        off(expiration.reconciled),
        {"reserve": 1, "wipe": 1, "timer": True},
        heals=("sweep",),
    ),
    "decided_at_the_write": Guard(
        "what Stripe says is judged by the order as it is known at the write (PaymentStore.change)",
        off(payments.decided_at_the_write),
        {"reserve": 1, "pay": 1, "cancel": 1},
    ),
}
