"""English: what the services refuse, by the code of the problem; the tree of each is in its `errors.py`."""

from collections.abc import Mapping

PROBLEMS: Mapping[str, str] = {
    "problem": "It was refused, and nothing was changed. Reload this page to see how things stand.",
    "problem.conflict": "Too many changes at once. Try again.",
    "problem.too-large": "That is more than can be taken at once.",
    "problem.email-in-use": "This email address has an account: sign in with it, or take another one.",
    "problem.invalid-credentials": "The email address or the password is not right.",
    "problem.ticket-reserved": "This ticket is reserved or sold, so it cannot be changed or taken down.",
    "problem.no-such-ticket": "This ticket is not for sale. It may have been taken down.",
    "problem.already-yours": "You have reserved this ticket already.",
    "problem.being-paid": "This order is being paid at this moment.",
    "problem.already-paid": "This order is paid already.",
    "problem.order-cancelled": "This order was cancelled. Your card was not charged.",
    "problem.order-expired": "The time to pay for this order is over. Your card was not charged.",
    "problem.card-declined": "Your bank declined this card. Nothing was taken.",
    "problem.too-many-tries": "Too many cards were tried for this order. Your card was not charged.",
    "problem.wrong-currency": "This order is in a currency that is not taken here. Your card was not charged.",
    "problem.field.title": "This title cannot be taken. Write it on one line, in plain characters.",
    "problem.field.price": "This price cannot be taken.",
    "problem.field.email": "This is not an email address that a mail could reach.",
    "problem.field.password": "This password cannot be taken. Use 8 to 128 characters, without control characters.",
}
