"""Why a card was declined: the codes of Stripe that the shop has a sentence for (docs.stripe.com/declines/codes).

Lost, stolen and suspected cards have none, so that they look like any other declined one.
"""

from collections.abc import Mapping

GENERIC = "generic_decline"
UNCONFIRMED = "unconfirmed"
"""Our own: nothing came of the payment, and no bank said why."""

DECLINES: Mapping[str, tuple[str, ...]] = {
    GENERIC: (),
    "insufficient_funds": (),
    "expired_card": (),
    "incorrect_cvc": ("invalid_cvc",),
    "incorrect_number": ("invalid_number",),
    "incorrect_expiry": ("invalid_expiry_month", "invalid_expiry_year"),
    "incorrect_zip": ("incorrect_address", "postal_code_invalid"),
    "card_velocity_exceeded": ("withdrawal_count_limit_exceeded",),
    "card_not_supported": ("currency_not_supported", "transaction_not_allowed"),
    "processing_error": ("issuer_not_available", "reenter_transaction", "try_again_later", "approve_with_id"),
    "authentication_failed": ("payment_intent_authentication_failure", "authentication_required"),
    "test_cards_only": ("test_mode_live_card",),
    UNCONFIRMED: (),
}
"""By the name of the sentence: the further codes that mean the same."""
