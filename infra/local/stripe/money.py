"""Currencies and the amounts that Stripe takes (docs.stripe.com/currencies)."""

from .errors import InvalidRequest
from .forms import Form

LARGEST = 99_999_999
SMALLEST = {
    "usd": 50, "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip


def read_currency(form: Form) -> str:
    """The currency, in lower case."""
    currency = form.required("currency").lower()
    if currency not in SMALLEST:
        raise InvalidRequest(
            f"Invalid currency: {currency}. The stand-in takes: {', '.join(SMALLEST)}", param="currency"
        )
    return currency


def check_amount(amount: int, currency: str, param: str = "amount") -> None:
    """Refuses what is below the minimum charge or has more than eight digits."""
    if amount < SMALLEST[currency]:
        raise InvalidRequest(
            f"The amount is below the minimum charge of {SMALLEST[currency]} {currency} (smallest unit).",
            code="amount_too_small",
            param=param,
        )
    if amount > LARGEST:
        raise InvalidRequest(
            f"The amount is above the maximum of {LARGEST} {currency} (smallest unit).",
            code="amount_too_large",
            param=param,
        )
