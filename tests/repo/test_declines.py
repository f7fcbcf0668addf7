"""The shop and the API give a declined card the same name, so that a person reads the same either way."""

from client.declines import DECLINES, GENERIC, UNCONFIRMED
from payments import decline

ONLY_THE_API = {"unusable", "amount_too_small", "amount_too_large"}
"""What Stripe's own fields do not let happen, or what no other card would change."""


def test_every_code_means_the_same() -> None:
    said = {code: name for name, codes in DECLINES.items() for code in (name, *codes)}
    known = {*decline.SENTENCES, *decline._MEANT}
    assert {code: decline.public(code) for code in known if decline.public(code) not in ONLY_THE_API} == said
    assert (decline.GENERIC, decline.UNCONFIRMED) == (GENERIC, UNCONFIRMED)
