"""What buyers do to pay: with every kind of card, twice, with a key, through the bank's page, or not to the end."""

import asyncio
import secrets
from collections.abc import Mapping

from common.clock import now

from .api import Json, Reply
from .buying import look
from .ledger import OrderNote
from .plan import Step
from .selling import one_of
from .world import Person

_TOKENS: Mapping[str, str] = {
    "good": "pm_card_visa",
    "slow": "pm_card_mastercard",
    "processing": "pm_card_visa",
    "declined": "pm_card_visa_chargeDeclined",
    "secure": "pm_card_authenticationRequired",
    "secure_failed": "pm_card_authenticationRequired",
}
_FAULTS: Mapping[str, Json] = {
    "slow": {"action": "slow", "path": "*/confirm", "seconds": 3.0},
    "processing": {"action": "processing", "path": "*/confirm", "seconds": 2.0},
}
"""What the bank is told beforehand: these cards are slow by themselves."""
_ANSWERS = (201, 400, 409)
_STAND_IN = "/stand-in/stripe"


def _chosen(person: Person, step: Step) -> OrderNote | None:
    """One of one's own open orders, rather a new one."""
    return one_of(person.world.ledger.open_orders(person.number)[-4:], step.pick)


async def pay(person: Person, step: Step) -> None:
    """With one card, through to the bank's page; where no answer came, once more."""
    note = _chosen(person, step)
    if note is None:
        return
    await _prepare(person, step.card)
    reply = await _pay(person, step, note, step.card)
    if reply.unclear:
        await asyncio.sleep(1)
        reply = await _pay(person, step, note, step.card)
    if reply.ok and reply.body["status"] == "requires_action":
        await _through_the_bank(person, step, note, reply.body["clientSecret"])


async def pay_twice(person: Person, step: Step) -> None:
    """An impatient finger; whatever comes of it, no more than one payment is made."""
    if note := _chosen(person, step):
        await asyncio.gather(_pay(person, step, note, step.card), _pay(person, step, note, step.card))


async def pay_with_key(person: Person, step: Step) -> None:
    """The same request with the same key gives the same; another with that key is refused."""
    note = _chosen(person, step)
    if note is None:
        return
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first = await _pay(person, step, note, step.card, key)
    second = await _pay(person, step, note, step.card, key)
    if first.ok and second.ok and first.body["id"] != second.body["id"]:
        person.world.history.violated("key", "one key made two payments", note.id, first.body["id"])
    if first.ok and not second.unclear:
        other = await _pay(person, step, note, "declined", key)
        if other.ok:
            person.world.history.violated("key", "a key was taken with another request", note.id, first.body["id"])


async def open_intent(person: Person, step: Step) -> Json | None:
    """Opens the page that asks for a card, and leaves."""
    note = _chosen(person, step)
    if note is None:
        return None
    reply = await _open(person, step, note)
    return reply.body if reply.ok else None


async def open_and_confirm(person: Person, step: Step) -> None:
    """Pays on the page: the browser speaks to Stripe, then asks the shop what became of it."""
    note = _chosen(person, step)
    if note is None:
        return
    opened = await _open(person, step, note)
    if not opened.ok or not (secret := opened.body.get("clientSecret")):
        return
    _note_card(note, step.card)
    await _prepare(person, step.card)
    fields = {"client_secret": secret, "payment_method": _TOKENS[step.card]}
    intent = await _stripe(person, step, "POST", f"{_intent_path(secret)}/confirm", note, data=fields)
    if intent and intent.get("status") == "requires_action":
        await _answer_bank(person, step, note, intent)
    await _open(person, step, note)


async def _open(person: Person, step: Step, note: OrderNote) -> Reply:
    about = (note.id, note.ticket)
    return await person.ask(
        step,
        "POST",
        "/api/payments/intents",
        about=about,
        expected=(200, 400, 409),
        only_broken=(404,),
        json={"orderId": note.id},
    )


async def _pay(person: Person, step: Step, note: OrderNote, card: str, headers: dict[str, str] | None = None) -> Reply:
    _note_card(note, card)
    reply = await person.ask(
        step,
        "POST",
        "/api/payments",
        about=(note.id, note.ticket),
        expected=_ANSWERS,
        only_broken=(404,),
        headers=headers,
        json={"orderId": note.id, "token": _TOKENS[card]},
    )
    if reply.ok and note.paid_at is None:
        note.paid_at = now()
    return reply


def _note_card(note: OrderNote, card: str) -> None:
    note.paying = note.paying or card not in {"declined", "secure_failed"}


async def _through_the_bank(person: Person, step: Step, note: OrderNote, secret: str) -> None:
    """Answers the bank's question, and comes back to the shop."""
    intent = await _stripe(person, step, "GET", _intent_path(secret), note, params={"client_secret": secret})
    if intent and intent.get("status") == "requires_action":
        await _answer_bank(person, step, note, intent)
        await _open(person, step, note)
    await look(person, step, note)


async def _answer_bank(person: Person, step: Step, note: OrderNote, intent: Json) -> None:
    action = intent["next_action"]
    page = action["use_stripe_sdk"]["stripe_js"] if "use_stripe_sdk" in action else action["redirect_to_url"]["url"]
    outcome = "fail" if step.card == "secure_failed" else "complete"
    await _stripe(person, step, "POST", page, note, data={"outcome": outcome})


def _intent_path(secret: str) -> str:
    return f"{_STAND_IN}/v1/payment_intents/{secret.partition('_secret_')[0]}"


async def _prepare(person: Person, card: str) -> None:
    if card in _FAULTS:
        await person.world.bank.be_slow(_FAULTS[card])


async def _stripe(
    person: Person, step: Step, method: str, path: str, note: OrderNote, **content: object
) -> Json | None:
    """What a buyer's browser says to Stripe; None where nobody answers."""
    return await person.world.bank.ask(person.name, step.act, method, path, about=(note.id,), **content)
