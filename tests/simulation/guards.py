"""Every guard of the protocol: what it says and where it lives, how to switch it off, in which scope its absence shows.

The first 44 are the rules of the protocol's model, under its names; after them come guards that only the code has. The
code that switches them off is in `off`; it replaces parts of the product, so none of it is in the product.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from .off import everywhere, expiration, intents, orders, payments, tickets
from .off.guard import Guard
from .off.ours import OURS
from .off.switch import NeverReached, off

__all__ = ["GUARDS", "Guard", "NeverReached", "missed", "only_healers_off"]


GUARDS: dict[str, Guard] = {
    "outbox": Guard(
        "one write carries its own event (Aggregates.insert and _write)",
        off(everywhere.outbox),
        {"reserve": 1, "edit": 1, "crash": 1},
    ),
    "cas": Guard(
        "every write filters on the version that was loaded (common.outbox.collection._as_loaded)",
        off(everywhere.cas),
        {"reserve": 1, "pay": 1, "edit": 1},
    ),
    "newer": Guard(
        "a replica takes only what is newer (orders' TicketReplica.save; payments': newer_order)",
        off(orders.newer),
        {"edit": 2},
    ),
    "gaps": Guard(
        "gaps in the versions are normal: nothing compares a version with the one before",
        off(orders.gaps),
        {"reserve": 1, "edit": 1},
    ),
    "tombstone": Guard(
        "deleted tickets stay as tombstones in replicas (TicketReplica.save keeps `deleted`)",
        off(orders.tombstone),
        {"edit": 1, "delete": 1},
    ),
    "react": Guard(
        "'not newer' skips the replica write, never the reaction (Orders.hear_ticket; payments': react_order)",
        off(orders.react),
        {"reserve": 1, "pay": 1, "crash": 1, "deadline": "never"},
    ),
    "saved": Guard(
        "what remains to be done follows from saved state: what was begun stays due until it is done (Payment.asked)."
        " An order that waits for its capture is said again and so taken up too; one that was cancelled is not",
        off(payments.saved),
        {"reserve": 1, "pay": 1, "crash": 1},
    ),
    "say_reservation": Guard(
        "said again: a reservation that the ticket does not show (Order.waits)",
        off(orders.say_reservation),
        {"reserve": 1, "lose": 1, "deadline": "never"},
    ),
    "say_capture": Guard(
        "said again: an order that waits for its capture (Order.waits)",
        off(orders.say_capture),
        {"reserve": 1, "pay": 1, "lose": 1},
    ),
    "say_cancelled": Guard(
        "said again: a cancelled order that its ticket still names (Order.waits)",
        off(orders.say_cancelled),
        {"reserve": 1, "cancel": 1, "lose": 1},
    ),
    "answer": Guard(
        "a repeat is answered with the own state (`repeat` in every hear_... but those of tickets)",
        off(everywhere.answer),
        {"reserve": 1, "pay": 1, "lose": 1},
    ),
    "answerauth": Guard(
        "orders answers an authorisation for a cancelled order (Order._holds_in_vain)",
        off(orders.answerauth),
        {"reserve": 1, "pay": 1, "lose": 1},
        heals=("giveup", "say_payment"),
    ),
    "onlyrepeats": Guard(
        "only repeats are answered (as `answer`)",
        off(everywhere.onlyrepeats),
        {"reserve": 1, "pay": 1, "dup": 1},
    ),
    "index": Guard(
        "a complete order keeps its place in the unique index (Order.holds)",
        off(orders.index),
        {"reserve": 2, "pay": 1, "deadline": "never"},
    ),
    "number": Guard(
        "tickets compares the number of the reservation (Ticket.heard)",
        off(tickets.number),
        {"reserve": 2, "cancel": 1, "deadline": "never"},
    ),
    "pair": Guard(
        "tickets compares the order version too (Ticket._knows)",
        off(tickets.pair),
        {"reserve": 1, "cancel": 1, "lose": 1},
    ),
    "pairkept": Guard(
        "the pair is saved even when nothing else changes (Ticket.heard)",
        off(tickets.pairkept),
        {"reserve": 1, "cancel": 1, "lose": 1},
    ),
    "contents": Guard(
        "tickets locks only what was reserved (Ticket._is)",
        off(tickets.contents),
        {"reserve": 1, "pay": 1, "edit": 1},
    ),
    "known": Guard(
        "the intent is saved before it is confirmed. Twice over: the payment is saved as pending, whose idempotency key"
        " finds the intent again, and so is the intent's id. (Where webhooks come, one about an intent that"
        " nobody knows lets go of it.)",
        off(intents.known),
        {"reserve": 1, "pay": 1, "crash": 1},
    ),
    "lockheard": Guard(
        "confirmed only once the ticket shows the order (Order.agreed)",
        off(orders.lockheard),
        {"reserve": 1, "pay": 1, "delete": 1},
    ),
    "eitherorder": Guard(
        "authorisation and ticket may be heard in either order (Order.authorized, kept by Order._following)",
        off(orders.eitherorder),
        {"reserve": 1, "pay": 1, "deadline": "never"},
    ),
    "cancelfirst": Guard(
        "a capture has failed only once Stripe confirmed the cancel (Settling._capture; a lost answer is asked for"
        " again under the same key first)",
        off(payments.cancelfirst),
        {"reserve": 1, "pay": 1, "capfail": 1},
    ),
    "readback": Guard(
        "a refused cancel means: read Stripe, save what it says (Settling._cancel). A capture whose answer was lost is"
        " asked for again under the same key, so a cancel is refused only where a dead process's request comes late",
        off(payments.readback),
        {"reserve": 1, "pay": 1, "silence": 1, "crash": 1},
    ),
    "paidver": Guard(
        "the order ignores older payment versions (Order.heard). A decline never cancels an order here: an old one"
        " would only take back an authorisation that waits for the ticket, until that is said again",
        off(orders.paidver),
        {"reserve": 1, "pay": 2, "decline": 1, "deadline": "never"},
        heals=("say_payment",),
    ),
    "giveup": Guard(
        "payments cancels an intent whose order stays silent past its deadline (payments' Schedule._given_up_at)",
        off(payments.giveup),
        {"reserve": 1, "pay": 1, "lose": 1},
        heals=("say_payment",),
    ),
    "refundkept": Guard(
        "a refund leaves the order complete and the ticket sold (Order._following)",
        off(orders.refundkept),
        {"reserve": 1, "pay": 1, "refund": 1},
    ),
    "ends": Guard(
        "a deadline ends when the order is heard, not when it fires (Deadline.fired)",
        off(expiration.ends),
        {"reserve": 1, "lose": 1, "timer": True},
        heals=("sweep",),
    ),
    "due": Guard(
        "a timer that comes early is refused until due (Orders.hear_expiration, by its own clock). Expiration looks at"
        " its clock too: the two have to differ, or the order to be extended",
        off(orders.due),
        {"reserve": 1, "deadline": "clock", "timer": True},
    ),
    "sweep": Guard(
        "orders cancels by itself what is overdue (Orders.cancel_overdue)",
        off(orders.sweep),
        {"reserve": 1, "lose": 1, "timer": True},
    ),
    "sameversion": Guard(
        "announcing again raises no version (Order.repeated)",
        off(orders.sameversion),
        {"reserve": 1, "lose": 1, "deadline": "never"},
    ),
    "answerolder": Guard(
        "a repeat is answered unless it is newer, an old one too (Ticket.heard, Order.heard, payments' hear_order)",
        off(everywhere.answerolder),
        {"reserve": 2, "lose": 1},
    ),
    "say_payment": Guard(
        "said again: an authorised payment whose order has not moved (payments' Schedule._unheard)",
        off(payments.say_payment),
        {"reserve": 1, "pay": 1, "lose": 1, "deadline": "never"},
    ),
    "say_expired": Guard(
        "said again: a deadline that fired and whose order is not heard to have moved (Deadline.said_again)",
        off(expiration.say_expired),
        {"reserve": 1, "lose": 1, "timer": True},
    ),
    "freeold": Guard(
        "an event of a later reservation frees the ticket from an older one (Ticket.heard)",
        off(tickets.freeold),
        {"reserve": 2},
    ),
    "rejectstate": Guard(
        "a rejection carries the state of the ticket (Orders.hear_rejection)",
        off(orders.rejectstate),
        {"reserve": 1, "edit": 1, "lose": 1},
    ),
    "rejectagain": Guard(
        "the repeat of a refused reservation is refused again (Ticket.heard)",
        off(tickets.rejectagain),
        {"reserve": 1, "edit": 1, "lose": 1, "deadline": "never"},
    ),
    "confirmfirst": Guard(
        "a confirmation has failed only once Stripe declined it or confirmed the cancel (Settling._read)",
        off(payments.confirmfirst),
        {"reserve": 1, "pay": 1, "crash": 1, "lose": 1},
        heals=("giveupdeclined",),
    ),
    "failedsaid": Guard(
        "payments announces payment.failed when it gives up (Payment._meant)",
        off(payments.failedsaid),
        {"reserve": 1, "pay": 1},
    ),
    "refundpays": Guard(
        "a refund completes an order that still waits for its capture (Order._following)",
        off(orders.refundpays),
        {"reserve": 1, "pay": 1, "refund": 1},
    ),
    "oneintent": Guard(
        "a new attempt confirms the same intent, another is made only once Stripe confirmed the cancel"
        " (Payment._next_attempt)",
        off(intents.oneintent),
        {"reserve": 1, "pay": 2, "decline": 1, "reconfirm": 1},
    ),
    "declinedread": Guard(
        "a declined intent that is confirmed after all is read again (Intents.hinted, after a webhook; the payment"
        " page's question reads it too)",
        off(intents.declinedread),
        {"reserve": 1, "pay": 1, "decline": 1, "reconfirm": 1, "deadline": "never"},
    ),
    "declinedcancel": Guard(
        "a declined intent is cancelled with its order (payments' Schedule.task)",
        off(payments.declinedcancel),
        {"reserve": 1, "pay": 1, "decline": 1, "cancel": 1},
    ),
    "giveupaction": Guard(
        "payments gives up an intent that waits for its buyer too (payments' Schedule._given_up_at)",
        off(payments.giveupaction),
        {"reserve": 1, "open": 1, "lose": 1},
    ),
    "giveupdeclined": Guard(
        "and one that was declined, which a browser could still confirm (payments' Schedule._given_up_at)",
        off(payments.giveupdeclined),
        {"reserve": 1, "pay": 1, "decline": 1, "lose": 1},
    ),
    **OURS,
}


@contextmanager
def only_healers_off(name: str) -> Iterator[None]:
    """For the comparison: with this guard on nothing may go wrong, even without those that would heal it."""
    with ExitStack() as stack:
        for healer in GUARDS[name].heals:
            stack.enter_context(GUARDS[healer].off(must_reach=False))
        yield


@contextmanager
def missed(name: str) -> Iterator[None]:
    """Without this guard and what would heal its absence; ends with `NeverReached` where that changed nothing."""
    with only_healers_off(name), GUARDS[name].off():
        yield
