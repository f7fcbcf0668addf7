"""The test cards of docs.stripe.com/testing: their numbers, their names, and what becomes of them."""

from dataclasses import dataclass
from typing import Literal

Authentication = Literal["never", "on request", "on session", "always"]


@dataclass(frozen=True)
class Decline:
    """Why a bank refuses (docs.stripe.com/error-codes, docs.stripe.com/declines/codes)."""

    code: str
    decline_code: str | None
    message: str
    param: str | None = None
    blocked: bool = False


DECLINES = {
    "generic_decline": Decline("card_declined", "generic_decline", "Your card was declined."),
    "insufficient_funds": Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "lost_card": Decline("card_declined", "lost_card", "Your card was declined."),
    "stolen_card": Decline("card_declined", "stolen_card", "Your card was declined."),
    "card_velocity_exceeded": Decline(
        "card_declined", "card_velocity_exceeded", "Your card was declined: too many attempts, or above its limit."
    ),
    "fraudulent": Decline("card_declined", "fraudulent", "Your card was declined.", blocked=True),
    "expired_card": Decline("expired_card", None, "Your card has expired.", "exp_month"),
    "incorrect_cvc": Decline("incorrect_cvc", None, "Your card's security code is incorrect.", "cvc"),
    "processing_error": Decline("processing_error", None, "The card could not be processed. Try again in a while."),
    "authentication_required": Decline(
        "authentication_required", "authentication_required", "Your card was declined: it asks for authentication."
    ),
    "test_mode_live_card": Decline(
        "card_declined", "test_mode_live_card", "Your card was declined: here only test cards can be used."
    ),
}


@dataclass(frozen=True)
class Card:
    """One test card. `names` are those after `pm_card_` and `tok_`; the first one is shown."""

    number: str
    brand: str
    title: str
    names: tuple[str, ...] = ()
    decline: str | None = None
    authentication: Authentication = "never"
    funding: str = "credit"
    country: str = "US"
    refund: Literal["at once", "later", "fails"] = "at once"
    cvc_fails: bool = False


def visa(number: str, title: str, *names: str, authentication: Authentication = "never", **more: str) -> Card:
    """Most test cards are Visa."""
    return Card(number, "visa", title, names, authentication=authentication, **more)  # type: ignore[arg-type]


BRANDS = (
    Card("4242424242424242", "visa", "Visa", ("visa", "us")),
    Card("4000056655665556", "visa", "Visa (debit)", ("visa_debit",), funding="debit"),
    Card("5555555555554444", "mastercard", "Mastercard", ("mastercard",)),
    Card("2223003122003222", "mastercard", "Mastercard (2-series)"),
    Card("5200828282828210", "mastercard", "Mastercard (debit)", ("mastercard_debit",), funding="debit"),
    Card("5105105105105100", "mastercard", "Mastercard (prepaid)", ("mastercard_prepaid",), funding="prepaid"),
    Card("378282246310005", "amex", "American Express", ("amex", "amex_threeDSecureNotSupported")),
    Card("371449635398431", "amex", "American Express"),
    Card("6011111111111117", "discover", "Discover", ("discover",)),
    Card("6011000990139424", "discover", "Discover"),
    Card("3056930009020004", "diners", "Diners Club", ("diners",)),
    Card("36227206271667", "diners", "Diners Club (14 digits)"),
    Card("3566002020360505", "jcb", "JCB", ("jcb",), country="JP"),
    Card("6200000000000005", "unionpay", "UnionPay", ("unionpay",), country="CN"),
)

REFUSED = (
    visa("4000000000000002", "Declined", "visa_chargeDeclined", "chargeDeclined", decline="generic_decline"),
    visa("4000000000009995", "Insufficient funds", "visa_chargeDeclinedInsufficientFunds",
         "chargeDeclinedInsufficientFunds", decline="insufficient_funds"),
    visa("4000000000009987", "Lost card", "visa_chargeDeclinedLostCard", decline="lost_card"),
    visa("4000000000009979", "Stolen card", "visa_chargeDeclinedStolenCard", decline="stolen_card"),
    visa("4000000000000069", "Expired card", "chargeDeclinedExpiredCard", "visa_chargeDeclinedExpiredCard",
         decline="expired_card"),
    Card("4000000000000127", "visa", "Incorrect security code",
         ("chargeDeclinedIncorrectCvc", "visa_chargeDeclinedIncorrectCvc"), decline="incorrect_cvc", cvc_fails=True),
    visa("4000000000000119", "Processing error", "chargeDeclinedProcessingError",
         "visa_chargeDeclinedProcessingError", decline="processing_error"),
    visa("4000000000006975", "Too many attempts", "visa_chargeDeclinedVelocityLimitExceeded",
         decline="card_velocity_exceeded"),
    visa("4000000000000341", "Declined after attaching", "chargeCustomerFail", "visa_chargeCustomerFail",
         decline="generic_decline"),
    visa("4000008400001280", "3D Secure required, its look-up fails", "threeDSecureRequiredProcessingError",
         decline="generic_decline"),
    visa("4100000000000019", "Blocked by Radar", "radarBlock", decline="fraudulent"),
)  # fmt: skip

AUTHENTICATED = (
    visa("4000002500003155", "Asks on session; off session unless set up", "authenticationRequiredOnSetup",
         authentication="always"),
    visa("4000002760003184", "Always asks", "authenticationRequired", authentication="always"),
    visa("4000003800000446", "Already set up: asks on session only", "authenticationRequiredSetupForOffSession",
         authentication="on session"),
    visa("4000008260003178", "Asks, then has insufficient funds",
         "authenticationRequiredChargeDeclinedInsufficientFunds", authentication="always",
         decline="insufficient_funds"),
    visa("4000000000003220", "3D Secure 2 required", "threeDSecure2Required", authentication="always", country="IE"),
    visa("4000000000003063", "3D Secure required", "threeDSecureRequired", authentication="always"),
    visa("4000008400001629", "3D Secure required, then declined", "threeDSecureRequiredChargeDeclined",
         authentication="always", decline="generic_decline"),
    visa("4000000000003055", "3D Secure supported, not required", "threeDSecureOptional",
         authentication="on request"),
    visa("4000000000003097", "3D Secure supported, its look-up fails where it is asked for",
         "threeDSecureOptionalProcessingError"),
)  # fmt: skip

REFUNDED = (
    visa("4000000000007726", "Refund is pending, then succeeds", "pendingRefund", refund="later"),
    visa("4000000000005126", "Refund succeeds, then fails", "refundFail", refund="fails"),
)

ALL = BRANDS + REFUSED + AUTHENTICATED + REFUNDED
BY_NUMBER = {card.number: card for card in ALL}
BY_NAME = {name: card for card in ALL for name in card.names}
BRAND_OF_PREFIX = (
    ("34", "amex"), ("37", "amex"), ("35", "jcb"), ("36", "diners"), ("30", "diners"), ("60", "discover"),
    ("65", "discover"), ("62", "unionpay"), ("4", "visa"), ("5", "mastercard"), ("2", "mastercard"),
)  # fmt: skip


def brand_of(number: str) -> str:
    """The brand, by the first digits."""
    return next((brand for prefix, brand in BRAND_OF_PREFIX if number.startswith(prefix)), "unknown")


def passes_luhn(number: str) -> bool:
    """The check digit is right."""
    doubled = [int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(number))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0  # noqa: PLR2004
