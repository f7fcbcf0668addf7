import asyncio
from pathlib import Path

import pytest

from infra.local.stripe import state
from infra.local.stripe.context import Options
from infra.local.stripe.state import Store, Transaction

from .conftest import running


def written(store: Store, number: int) -> None:
    for index in range(number):
        tx = Transaction(store)
        tx.put("thing", {"id": f"t{index % 10}", "value": index})
        tx.put("other", {"id": "o", "value": index})
        tx.commit()


def test_a_line_that_was_cut_short_never_happened(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(Store(path), 30)
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1)
    for cut in (last + 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        store = Store(path)
        assert (store.get("thing", "t9"), store.get("other", "o")) == (
            {"id": "t9", "value": 19},
            {"id": "o", "value": 28},
        )
        written(store, 1)
        assert Store(path).get("thing", "t0") == {"id": "t0", "value": 0}


def test_the_journal_is_compacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "COMPACT_AT", 2000)
    path = tmp_path / "journal"
    store = Store(path)
    written(store, 500)
    assert path.stat().st_size < 6000
    assert Store(path).keys("thing") == store.keys("thing") == [f"t{index}" for index in range(9, -1, -1)]
    assert Store(path).get("thing", "t3") == {"id": "t3", "value": 493}


def test_what_is_read_is_a_copy() -> None:
    store = Store()
    written(store, 1)
    value = store.get("thing", "t0")
    assert value is not None
    value["value"] = "changed"
    assert store.get("thing", "t0") == {"id": "t0", "value": 0}


async def test_keys_and_faithless_refunds_outlive_a_restart(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "journal", refund_delay=1000)
    async with running(options) as stand:
        intent = await stand.paid("pm_card_refundFail")
        await stand.stripe.v1.refunds.create_async({"payment_intent": intent.id})
        first = await stand.post("/v1/payment_intents", {"amount": "500", "currency": "usd"}, "k")
        later = stand.clock
    later.move(seconds=2000)
    async with running(Options(data=tmp_path / "journal", clock=later)) as stand:
        again = await stand.post("/v1/payment_intents", {"amount": "500", "currency": "usd"}, "k")
        assert again.text == first.text
        async with asyncio.timeout(2):
            while "refund.failed" not in await stand.events():
                await asyncio.sleep(0.01)
