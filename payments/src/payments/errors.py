"""What payments refuses.

AppError
├── Invalid
│   ├── OrderCancelled   400
│   ├── OrderExpired     400
│   ├── AlreadyPaid      400
│   ├── BeingPaid        400
│   ├── CardDeclined     400  in words that depend on why (see decline.py)
│   ├── TooManyTries     400
│   ├── WrongCurrency    400
│   ├── KeyReused        400
│   ├── BadSignature     400
│   ├── BadEvent         400
│   ├── NotCaptured      400  to an operator
│   └── AlreadyRefunded  400  to an operator
├── Undecided            400  to an operator
├── Conflict
│   └── StillRunning     409
└── Unavailable
    ├── StripeAway       503  to an operator
    └── StripeSilent     503
"""

from common.errors import AppError, Conflict, Invalid, Unavailable


class OrderCancelled(Invalid):
    code, sentence = "order-cancelled", "This order was cancelled. Your card was not charged."


class OrderExpired(Invalid):
    code, sentence = "order-expired", "The time to pay for this order is over. Your card was not charged."


class AlreadyPaid(Invalid):
    code, sentence = "already-paid", "This order is paid already."


class BeingPaid(Invalid):
    code, sentence = "being-paid", "This order is being paid at this moment."


class CardDeclined(Invalid):
    code, sentence = "card-declined", "Your bank declined this card."


class TooManyTries(Invalid):
    code, sentence = "too-many-tries", "Too many cards were tried for this order. Your card was not charged."


class WrongCurrency(Invalid):
    code, sentence = "wrong-currency", "This order is in a currency that is not taken here."


class KeyReused(Invalid):
    code, sentence = "key-reused", "This Idempotency-Key came before with another request."


class BadSignature(Invalid):
    code, sentence = "bad-signature", "This webhook is not signed by Stripe, or not just now."


class BadEvent(Invalid):
    code, sentence = "bad-event", "This webhook is no event of Stripe's."


class NotCaptured(Invalid):
    code, sentence = "not-captured", "Nothing was taken for this order, so nothing can be returned."


class AlreadyRefunded(Invalid):
    code, sentence = "already-refunded", "This order is refunded already."


class StillRunning(Conflict):
    code, sentence = "still-running", "The request with this Idempotency-Key is still running. Try again in a moment."


class StripeAway(Unavailable):
    code, sentence = "stripe-away", "Stripe does not answer."


class StripeSilent(Unavailable):
    code, sentence = (
        "stripe-silent",
        "The card service does not answer. Your card was not charged. Try again in a moment.",
    )


class Undecided(AppError):
    code, sentence = "undecided", "Payments stay undecided."
