import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import stripe

from infra.local.stripe.context import Options
from infra.local.stripe.webhooks import sign

from .conftest import Stand, running
from .receiver import Receiver, receiving

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def options(receiver: Receiver, data: Path | None = None) -> Options:
    return Options(
        webhook_url=receiver.url, webhook_secret="whsec_test", webhook_backoff=0.02, refund_delay=0.0, data=data
    )


@pytest.fixture
async def hooked(receiver: Receiver) -> AsyncIterator[Stand]:
    async with running(options(receiver)) as stand:
        yield stand


async def test_events_arrive_signed(hooked: Stand, receiver: Receiver) -> None:
    intent = await hooked.intent(
        confirm=True, payment_method="pm_card_visa", capture_method="automatic", metadata={"orderId": "o1"}
    )
    await receiver.wait(3)
    assert sorted(receiver.types()) == sorted(PAID)
    [event] = [event for event in receiver.events() if event.type == "payment_intent.succeeded"]
    assert (event.data.object["id"], event.data.object["status"]) == (intent.id, "succeeded")
    assert event.data.object["metadata"]["orderId"] == "o1"
    assert event.request is not None
    assert event.request.idempotency_key
    assert not [name for name in event.data.object.to_dict() if name.startswith("_")]
    same = await hooked.stripe.v1.events.retrieve_async(event.id)
    assert same.data.object["id"] == intent.id


async def test_another_secret_does_not_fit(hooked: Stand, receiver: Receiver) -> None:
    await hooked.intent()
    await receiver.wait(1)
    body, header = receiver.deliveries[0]
    for secret, payload in (("whsec_other", body), ("whsec_test", body + " ")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(payload, header, secret)


def test_the_signature_is_stripes() -> None:
    expected = stripe.WebhookSignature.generate_signature_header("{}", "whsec_test", timestamp=1_700_000_000)
    assert sign("whsec_test", 1_700_000_000, "{}") == expected


async def test_what_is_not_taken_is_sent_again(hooked: Stand, receiver: Receiver) -> None:
    receiver.answers = [500, 302, 400]
    await hooked.intent()
    await receiver.wait(4)
    assert len({event.id for event in receiver.events()}) == 1
    async with asyncio.timeout(2):
        while (await hooked.stripe.v1.events.list_async({"delivery_success": True})).data == []:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    assert len(receiver.deliveries) == 4


async def test_duplicates_on_demand(hooked: Stand, receiver: Receiver) -> None:
    await hooked.fault("webhook-duplicate", copies=3)
    await hooked.intent()
    await receiver.wait(3)
    assert len({event.id for event in receiver.events()}) == 1


async def test_delay_on_demand(hooked: Stand, receiver: Receiver) -> None:
    await hooked.fault("webhook-delay", seconds=0.3, event="payment_intent.created")
    await hooked.paid()
    await receiver.wait(3)
    assert receiver.types()[-1] == "payment_intent.created"


async def test_disorder_on_demand(hooked: Stand, receiver: Receiver) -> None:
    await hooked.fault("webhook-reorder", times=3, seconds=2)
    await hooked.paid()
    await receiver.wait(3)
    assert receiver.types() == PAID[::-1]


async def test_disorder_does_not_wait_for_ever(hooked: Stand, receiver: Receiver) -> None:
    await hooked.fault("webhook-reorder", times=5, seconds=0.1)
    await hooked.intent()
    await receiver.wait(1)


async def test_loss_on_demand(hooked: Stand, receiver: Receiver) -> None:
    await hooked.fault("webhook-lose", event="payment_intent.*", times=2)
    await hooked.paid()
    await receiver.wait(1)
    await asyncio.sleep(0.1)
    assert receiver.types() == ["charge.succeeded"]
    lost = await hooked.stripe.v1.events.list_async({"delivery_success": False})
    assert [event.type for event in lost.data] == ["payment_intent.succeeded", "payment_intent.created"]


async def test_a_new_run_sends_what_the_last_one_could_not(receiver: Receiver, tmp_path: Path) -> None:
    data = tmp_path / "journal"
    receiver.answers = [500] * 50
    async with running(options(receiver, data)) as stand:
        await stand.paid()
        await receiver.wait(3)
    receiver.answers = []
    receiver.deliveries = []
    async with running(options(receiver, data)):
        await receiver.wait(3)
    assert sorted(receiver.types()) == sorted(PAID)


async def test_events_are_listed_by_type(hooked: Stand) -> None:
    await hooked.paid()
    events = hooked.stripe.v1.events
    for params, number in (({"type": "charge.*"}, 1), ({"types": PAID[:2]}, 2), ({"type": "charge"}, 0)):
        assert len((await events.list_async(params)).data) == number  # type: ignore[arg-type]
