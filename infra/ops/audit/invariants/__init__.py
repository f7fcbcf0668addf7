"""One module for each kind; `SENTENCES` is what they are, `examine` asks them all."""

from infra.ops.audit.finding import Result
from infra.ops.audit.look import Look

from . import delivery, locks, money, orders, replicas

SENTENCES = {
    "I1": "one order at a time has a ticket",
    "I2": "money is taken for complete orders, and for these alone",
    "I3": "no reservation outlives its deadline by more than 60 s",
    "I4": "a ticket is locked for the order that has it, and for no other",
    "I5": "every event is published, and applied or dead-lettered",
    "I6": "what a service keeps of another's agrees with it",
    "I7": "nobody reads or changes what is not theirs (a matter of requests: the tests ask them)",
    "I8": "what is shown as available can be bought",
}


def examine(look: Look) -> list[Result]:
    """What each invariant finds in this look."""
    return [check(look) for check in CHECKS]


CHECKS = (
    orders.one_order_for_each_ticket,
    money.taken_for_complete_orders,
    orders.none_outlives_its_deadline,
    locks.locked_for_its_order,
    delivery.nothing_is_stuck,
    replicas.agree_with_their_source,
    locks.available_can_be_bought,
)
