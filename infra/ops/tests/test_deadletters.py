"""What can never succeed, and what failed to the end, waits for the operator and comes back when sent again."""

import asyncio
import json

import pytest
from nats.js.api import Header

from common.bus.deadletter import DeadLetter
from common.clock import now
from common.events import DEADLETTERS
from infra.ops.deadletters.__main__ import main
from infra.ops.deadletters.box import Box, Filter, Letter

from .operated import PASSWORDS, TRIES, Ears, Operated, eventually, make_ticket

pytestmark = pytest.mark.real


async def listed(operated: Operated, which: Filter | None = None) -> list[Letter]:
    async with operated.operator() as jetstream:
        return [one async for one in Box(jetstream).letters(which or Filter())]


async def command(operated: Operated, *words: str) -> int:
    """As the operator types it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NATS_URL", operated.server.url)
        patch.setenv("NATS_USER", "operator")
        patch.setenv("NATS_PASSWORD", PASSWORDS["operator"])
        return await asyncio.to_thread(main, words)


async def test_what_can_never_succeed_goes_at_once_and_holds_up_nobody(operated: Operated) -> None:
    ears = Ears()
    async with operated.service("tickets") as tickets, operated.service("orders", ears):
        await tickets.publish(make_ticket(1, payload=b"?"))
        for number in (2, 3):
            await tickets.publish(make_ticket(number))
        await eventually(lambda: ears.heard == ["ticket-2", "ticket-3"], within=1)
        (one,) = await eventually(lambda: listed(operated), within=1)
    letter = one.letter
    assert letter.reason.startswith("not a ticket.created.v1:")
    assert (letter.service, letter.stream, letter.sequence, letter.message_id) == ("orders", "TICKETS", 1, "ticket-1")
    assert (letter.subject, letter.payload) == ("ticket.created.v1", b"?")
    assert (letter.attempts, letter.redrives) == (1, 0)


async def test_what_failed_to_the_end_comes_back_when_its_cause_is_mended(operated: Operated) -> None:
    broken, whole = Ears("ticket-1"), Ears()
    async with (
        operated.service("tickets") as tickets,
        operated.service("orders", broken),
        operated.service("client", whole),
    ):
        for number in (1, 2):
            await tickets.publish(make_ticket(number))
        await eventually(lambda: broken.heard == ["ticket-2"], within=1)
        (one,) = await eventually(lambda: listed(operated))
        assert (one.letter.reason, one.letter.attempts) == ("RuntimeError: «ticket-1» is too much", TRIES)
        await command(operated, "redrive", str(one.number))
        (again,) = await eventually(lambda: listed(operated))
        assert (again.letter.message_id, again.letter.redrives) == ("redrive-orders-TICKETS-1", 1)
        broken.broken.clear()
        assert await command(operated, "redrive", "--service", "orders") == 0
        await eventually(lambda: broken.heard == ["ticket-2", "ticket-1"])
        assert await listed(operated) == []
        assert whole.heard == ["ticket-1", "ticket-2"], "only the service that gave it up hears it again"


async def test_a_crash_between_copy_and_end_leaves_one_letter(operated: Operated) -> None:
    message = make_ticket(1, payload=b"?")
    async with operated.service("tickets") as tickets:
        await tickets.publish(message)
    async with operated.admin() as jetstream:  # what the process that died had done
        letter = DeadLetter("orders", "TICKETS", 1, message.id, message.subject, b"?", "crashed", 1, now())
        await jetstream.publish(letter.address, b"?", headers={Header.MSG_ID: letter.id} | letter.headers())
    async with operated.service("orders", Ears()), operated.operator() as jetstream:

        async def done() -> bool:
            heard = {one.name: one for one in await jetstream.consumers_info("TICKETS")}.get("orders")
            return heard is not None and (heard.num_pending, heard.num_ack_pending) == (0, 0)

        await eventually(done)
    assert [one.letter.reason for one in await listed(operated)] == ["crashed"]


async def test_a_crash_before_the_copy_leaves_the_message(operated: Operated) -> None:
    """Nothing is on the list, so the next process of the service is given it, and gives it up."""
    async with operated.service("tickets") as tickets:
        await tickets.publish(make_ticket(1, payload=b"?"))
    operated.server.stop()
    operated.server.start()
    assert await listed(operated) == []
    async with operated.service("orders", Ears()):
        assert len(await eventually(lambda: listed(operated))) == 1


async def test_a_full_list_loses_no_message_and_raises_an_alarm(
    operated: Operated, caplog: pytest.LogCaptureFixture
) -> None:
    ears = Ears()
    async with operated.admin() as jetstream:
        config = (await jetstream.stream_info(DEADLETTERS.name)).config
        await jetstream.update_stream(config.evolve(max_bytes=100))
        async with operated.service("tickets") as tickets, operated.service("orders", ears):
            await tickets.publish(make_ticket(1, payload=b"?"))
            await tickets.publish(make_ticket(2))
            await eventually(lambda: ears.heard == ["ticket-2"], within=1)
            assert await listed(operated) == []
            (alarm,) = [one for one in caplog.records if one.message.startswith("a dead letter could not be kept")]
            assert alarm.levelname == "ERROR"
            await jetstream.update_stream(config)
            (one,) = await eventually(lambda: listed(operated))
    assert one.letter.message_id == "ticket-1"


async def test_the_list_for_a_person_and_for_a_program(operated: Operated, capsys: pytest.CaptureFixture[str]) -> None:
    async def said(*words: str, status: int = 0) -> str:
        capsys.readouterr()  # the services' own log lines, where an earlier test has turned them on
        assert await command(operated, *words) == status
        told = capsys.readouterr()
        assert bool(told.err) == bool(status)
        return told.out + told.err

    assert await said() == "There are no dead letters.\n"
    async with operated.service("tickets") as tickets, operated.service("orders", Ears("ticket-2")):
        await tickets.publish(make_ticket(1, payload=b"?"))
        await tickets.publish(make_ticket(2))
        await eventually(lambda: _number_is(operated, 2))
    head, first, second, count = (await said()).splitlines()
    assert head.split() == ["no", "given", "up", "by", "subject", "tries", "redrives", "reason"]
    assert "orders  ticket.created.v1  1      0         not a ticket.created.v1" in first
    assert second.endswith("RuntimeError: «ticket-2» is too much")
    assert count == "2 dead letters."
    told = [json.loads(line) for line in (await said("list", "--reason", "runtimeerror", "--json")).splitlines()]
    assert [(one["number"], one["messageId"], one["attempts"]) for one in told] == [(2, "ticket-2", TRIES)]
    assert json.loads(await said("show", "2", "--json"))["payload"]["data"]["title"] == "Hozier"
    assert '"title": "Hozier"' in await said("show", "2")
    assert await said("show", "7", status=1) == "There is no dead letter 7.\n"
    assert "Say which" in await said("redrive", status=1)
    assert await said("drop", "--subject", "order.*") == "0 of 0 done.\n"
    assert (await said("drop", "--all")).splitlines()[-1] == "2 of 2 done."
    assert await said() == "There are no dead letters.\n"


async def _number_is(operated: Operated, number: int) -> bool:
    return len(await listed(operated)) == number


async def test_what_no_stream_takes_stays_on_the_list(operated: Operated, capsys: pytest.CaptureFixture[str]) -> None:
    async with operated.admin() as jetstream:
        letter = DeadLetter("orders", "TICKETS", 1, "ticket-1", "ticket.created.v1", b"?", "broken", 1, now())
        await jetstream.publish(letter.address, b"?", headers=letter.headers())
        await jetstream.publish("deadletter.orders.stranger", b"who am I")
        config = (await jetstream.stream_info("TICKETS")).config
        await jetstream.delete_stream("TICKETS")
        assert await command(operated, "redrive", "--all") == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("Dead letter 1 stays, TICKETS does not take it:")
        assert lines[1:] == ["Dead letter 2 does not say what it was, so it cannot be sent again.", "0 of 2 done."]
        assert len(await listed(operated)) == 2
        await jetstream.add_stream(config)
        assert await command(operated, "redrive", "1") == 0


async def test_a_server_that_is_not_there_is_one_sentence(
    operated: Operated, capsys: pytest.CaptureFixture[str]
) -> None:
    operated.server.stop()
    assert await command(operated) == 1
    told = capsys.readouterr()
    assert told.err.startswith(f"NATS at {operated.server.url} cannot be reached: ")
    assert (told.err.count("\n"), told.out) == (1, "")
