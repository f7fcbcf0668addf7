"""What a buyer reads when the bank says no."""

import pytest

from payments.decline import SENTENCES, public, sentence

from .shop import Shop


@pytest.mark.parametrize(
    ("code", "begins"),
    [
        ("generic_decline", "Your bank declined this card."),
        ("do_not_honor", "Your bank declined this card."),
        ("lost_card", "Your bank declined this card."),
        ("stolen_card", "Your bank declined this card."),
        ("fraudulent", "Your bank declined this card."),
        ("pickup_card", "Your bank declined this card."),
        ("never_heard_of", "Your bank declined this card."),
        ("insufficient_funds", "There is not enough money on this card."),
        ("expired_card", "This card has expired."),
        ("incorrect_cvc", "The security code does not belong to this card."),
        ("invalid_cvc", "The security code does not belong to this card."),
        ("incorrect_number", "The card number is not right."),
        ("invalid_number", "The card number is not right."),
        ("invalid_expiry_month", "The expiry date does not belong to this card."),
        ("invalid_expiry_year", "The expiry date does not belong to this card."),
        ("incorrect_zip", "The postal code does not belong to this card."),
        ("processing_error", "Your bank could not process the card just now."),
        ("issuer_not_available", "Your bank could not process the card just now."),
        ("card_velocity_exceeded", "This card has reached its limit for now."),
        ("card_not_supported", "This card cannot be used for this purchase."),
        ("currency_not_supported", "This card cannot be used for this purchase."),
        ("payment_intent_authentication_failure", "Your bank could not confirm that it was you."),
        ("authentication_required", "Your bank could not confirm that it was you."),
        ("token_already_used", "This card has to be typed again."),
        ("test_mode_live_card", "Only test cards work here."),
        ("unconfirmed", "The payment did not go through."),
    ],
)
def test_each_code_has_its_sentence(code: str, begins: str) -> None:
    assert sentence(code).startswith(begins)


def test_every_sentence_says_that_nothing_was_taken() -> None:
    for text in SENTENCES.values():
        assert "Nothing was taken" in text
        assert not {"please", "oops", "sorry", "!"} & set(text.lower().replace("!", " ! ").split())


def test_nobody_learns_that_a_card_was_lost_or_stolen() -> None:
    assert {public(code) for code in ("lost_card", "stolen_card", "fraudulent", "generic_decline")} == {
        "generic_decline"
    }
    assert sentence("lost_card") == sentence("generic_decline")


async def test_not_even_from_the_event(shop: Shop) -> None:
    order = await shop.orders.make()
    answer = await shop.pay(order, "tok_stolen_card")
    assert answer.json()["title"] == (
        "Your bank declined this card. Nothing was taken, and the ticket is still held for you. Try another card."
    )
    await shop.kit.settle()
    (declined,) = shop.said(order)
    assert declined.decline_code == "generic_decline"
    assert "stolen" not in "".join(message.payload.decode() for message in shop.kit.bus.published)
