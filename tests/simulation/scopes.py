"""The scopes of the protocol's model, under its names, and those that only the code has."""

from .scope import Scope, scope

SCOPES: dict[str, Scope] = {
    "one order, everything": scope(reserve=1, pay=1, decline=1, cancel=1, delete=1, edit=1, crash=1),
    "one order, paid at the second attempt": scope(reserve=1, pay=2, decline=1, cancel=1, delete=1, crash=1),
    "two workers": scope(reserve=1, pay=2, decline=1, capfail=1, refund=1, workers=2),
    "two workers, crashes and redeliveries": scope(
        reserve=1, pay=1, decline=1, capfail=1, refund=1, crash=2, dup=1, workers=2
    ),
    "one message lost": scope(reserve=1, pay=2, decline=1, cancel=1, capfail=1, refund=1, crash=1, lose=1),
    "one message lost, edits and redeliveries": scope(
        reserve=1, pay=1, cancel=1, edit=1, delete=1, capfail=1, lose=1, dup=1
    ),
    "one message lost, and no deadline helps": scope(
        reserve=1, pay=2, decline=1, cancel=1, edit=1, delete=1, lose=1, deadline="never"
    ),
    "one message lost, crashes, and no deadline helps": scope(
        reserve=1, pay=1, cancel=1, crash=1, capfail=1, refund=1, lose=1, deadline="never"
    ),
    "said again before the answer comes": scope(reserve=1, pay=1, early=2),
    "said again, lost and redelivered": scope(reserve=1, pay=1, early=1, lose=1, dup=1),
    "deadlines by the clock, timers early": scope(reserve=1, pay=1, cancel=1, lose=1, deadline="clock", timer=True),
    "deadlines by the clock, redeliveries": scope(reserve=1, pay=1, lose=1, dup=1, deadline="clock", timer=True),
    "two orders, two payments": scope(reserve=2, pay=2),
    "two orders, contents that come back": scope(reserve=2, edit=2, cancel=1, delete=1),
    "two orders, one message lost": scope(reserve=2, pay=1, lose=1),
    "three orders": scope(reserve=3),
    "declined twice, confirmed again": scope(reserve=1, pay=2, decline=2, reconfirm=1),
    "confirmed again, crashes and failing captures": scope(
        reserve=1, pay=2, decline=1, reconfirm=1, crash=1, capfail=1
    ),
    "confirmed again, one message lost": scope(reserve=1, pay=1, decline=1, reconfirm=1, cancel=1, lose=1, crash=1),
    "confirmed again, and no deadline helps": scope(reserve=1, pay=2, decline=1, reconfirm=1, lose=1, deadline="never"),
    "open pages, 3-D Secure, confirmed again": scope(reserve=1, pay=1, decline=1, reconfirm=1, open=1, action=1),
    "open pages, one message lost": scope(reserve=1, pay=1, cancel=1, lose=1, open=1),
    "3-D Secure, crashes and failing captures": scope(reserve=1, pay=1, capfail=1, crash=1, lose=1, action=1),
    "3-D Secure, and no deadline helps": scope(
        reserve=1, pay=2, decline=1, reconfirm=1, crash=1, action=1, deadline="never"
    ),
    "two orders, 3-D Secure": scope(reserve=2, pay=1, action=1),
    "two orders, an open page": scope(reserve=2, open=1),
    "extended, deadlines by the clock": scope(reserve=1, pay=1, extend=1, deadline="clock", timer=True),
    "extended, deadlines by the clock, one message lost": scope(
        reserve=1, cancel=1, lose=1, extend=1, deadline="clock", timer=True
    ),
    "extended, one message lost": scope(reserve=1, pay=1, lose=1, extend=1),
    "extended, two orders, one message lost": scope(reserve=2, lose=1, extend=1),
    "Stripe says nothing, twice, and a card is declined": scope(reserve=1, pay=1, decline=1, silence=2),
    "Stripe says nothing, and a process dies": scope(reserve=1, pay=1, silence=1, crash=1),
    "Stripe says nothing, and the buyer tries again": scope(reserve=1, pay=2, cancel=1, silence=1),
    "Stripe says nothing of a refund": scope(reserve=1, pay=1, refund=1, silence=1, deadline="never"),
}

SMALL: dict[str, Scope] = {
    "one order": scope(reserve=1, cancel=1, dup=1),
    "two orders": scope(reserve=2),
    "edits and removals": scope(reserve=1, edit=1, delete=1),
    "one purchase": scope(reserve=1, pay=1),
    "a declined card": scope(reserve=1, pay=1, decline=1),
    "a purchase, and Stripe says nothing": scope(reserve=1, pay=1, silence=1),
    "a purchase and a message lost": scope(reserve=1, pay=1, lose=1, deadline="never"),
    "a reservation with its timer": scope(reserve=1, extend=1, deadline="clock", timer=True),
    "Redis is wiped": scope(reserve=1, wipe=1, lose=1, timer=True),
    "two buyers at the same moment": scope(reserve=2, cancel=1, race=1),
    "the seller and a buyer at the same moment": scope(reserve=1, edit=1, delete=1, race=1),
    "a purchase and something at the same moment": scope(reserve=1, pay=1, cancel=1, race=1, deadline="never"),
}
"""Walked in full each time."""

LONG = frozenset(
    {
        "one message lost",
        "one message lost, edits and redeliveries",
        "one message lost, and no deadline helps",
        "confirmed again, crashes and failing captures",
        "confirmed again, one message lost",
        "open pages, 3-D Secure, confirmed again",
    }
)
"""Those of `SCOPES` that take more than five seconds even in order, and are left to `make simulation DEEP=1`."""
