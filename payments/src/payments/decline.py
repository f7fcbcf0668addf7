"""Why a card was declined, in words that a buyer understands (docs.stripe.com/declines/codes, /error-codes)."""

UNCONFIRMED = "unconfirmed"
"""Our own code: Stripe never heard of a card, or the buyer never answered the bank."""
GENERIC = "generic_decline"

_HELD = "Nothing was taken, and the ticket is still held for you."
_ANOTHER = f"{_HELD} Try another card."
_CHECK = f"{_HELD} Check it, or try another card."

SENTENCES = {
    GENERIC: f"Your bank declined this card. {_ANOTHER}",
    "insufficient_funds": f"There is not enough money on this card. {_ANOTHER}",
    "expired_card": f"This card has expired. {_ANOTHER}",
    "incorrect_cvc": f"The security code does not belong to this card. {_CHECK}",
    "incorrect_number": f"The card number is not right. {_CHECK}",
    "incorrect_expiry": f"The expiry date does not belong to this card. {_CHECK}",
    "incorrect_zip": f"The postal code does not belong to this card. {_CHECK}",
    "card_velocity_exceeded": f"This card has reached its limit for now. {_ANOTHER}",
    "card_not_supported": f"This card cannot be used for this purchase. {_ANOTHER}",
    "processing_error": f"Your bank could not process the card just now. {_HELD} Try again in a moment.",
    "authentication_failed": f"Your bank could not confirm that it was you. {_HELD} Try again, or use another card.",
    "unusable": f"This card has to be typed again. {_HELD}",
    "test_cards_only": f"Only test cards work here. {_HELD}",
    "amount_too_small": "The price is too small to be paid by card. Nothing was taken.",
    "amount_too_large": "The price is too large to be paid by card. Nothing was taken.",
    UNCONFIRMED: f"The payment did not go through. {_HELD} Try again.",
}
_MEANT = {
    "invalid_cvc": "incorrect_cvc",
    "invalid_number": "incorrect_number",
    "invalid_expiry_month": "incorrect_expiry",
    "invalid_expiry_year": "incorrect_expiry",
    "incorrect_address": "incorrect_zip",
    "postal_code_invalid": "incorrect_zip",
    "withdrawal_count_limit_exceeded": "card_velocity_exceeded",
    "currency_not_supported": "card_not_supported",
    "transaction_not_allowed": "card_not_supported",
    "issuer_not_available": "processing_error",
    "reenter_transaction": "processing_error",
    "try_again_later": "processing_error",
    "approve_with_id": "processing_error",
    "payment_intent_authentication_failure": "authentication_failed",
    "authentication_required": "authentication_failed",
    "resource_missing": "unusable",
    "token_already_used": "unusable",
    "payment_method_unexpected_state": "unusable",
    "payment_method_invalid_parameter": "unusable",
    "test_mode_live_card": "test_cards_only",
}


def public(code: str) -> str:
    """The code as others may know it. Lost, stolen and suspected cards look like any other declined one."""
    meant = _MEANT.get(code, code)
    return meant if meant in SENTENCES else GENERIC


def sentence(code: str | None) -> str:
    """What the buyer reads."""
    return SENTENCES[public(code or GENERIC)]
