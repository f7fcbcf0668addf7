"""English: what happens while somebody pays."""

_HELD = "Nothing was taken, and the ticket is still held for you."
_ANOTHER = f"{_HELD} Try another card."
_CHECK = f"{_HELD} Check it, or try another card."

PAYING = {
    "pay.loading": "Loading the card form",
    "pay.again": "Try again",
    "pay.wrong": "Nothing was sent. Put right what is marked above.",
    "pay.unsent": "Your card was not sent",
    "pay.unsent.say": "The connection broke before that. Check that you are online, and press Pay again.",
    "pay.silent.say": "The card service does not answer. Try again in a moment.",
    "pay.lost": "The connection broke while you were paying",
    "pay.lost.say": "This page goes on asking what came of it. You are charged only if this ticket becomes yours.",
    "declined.generic_decline": f"Your bank declined this card. {_ANOTHER}",
    "declined.insufficient_funds": f"There is not enough money on this card. {_ANOTHER}",
    "declined.expired_card": f"This card has expired. {_ANOTHER}",
    "declined.incorrect_cvc": f"The security code does not belong to this card. {_CHECK}",
    "declined.incorrect_number": f"The card number is not right. {_CHECK}",
    "declined.incorrect_expiry": f"The expiry date does not belong to this card. {_CHECK}",
    "declined.incorrect_zip": f"The postal code does not belong to this card. {_CHECK}",
    "declined.card_velocity_exceeded": f"This card has reached its limit for now. {_ANOTHER}",
    "declined.card_not_supported": f"This card cannot be used for this purchase. {_ANOTHER}",
    "declined.processing_error": f"Your bank could not process the card just now. {_HELD} Try again in a moment.",
    "declined.authentication_failed": f"Your bank could not confirm that it was you. {_HELD} Try again, or use "
    "another card.",
    "declined.test_cards_only": f"Only test cards work here. {_HELD}",
    "declined.unconfirmed": f"{_HELD} Try again.",
}
