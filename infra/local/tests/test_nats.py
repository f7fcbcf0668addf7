import json
from typing import Any

import pytest

from common.events import STREAMS
from infra.local import nats
from infra.local.services import SERVICES


def rendered() -> dict[str, Any]:
    passwords = {name: f"{name}-password" for name in ("admin", "operator", "auditor", *SERVICES)}
    config: dict[str, Any] = json.loads(nats.render(4222, "/data", passwords, 2**20))
    return config


def publishes(service: str) -> set[str]:
    user = next(one for one in rendered()["authorization"]["users"] if one["user"] == service)
    return set(user["permissions"]["publish"]["allow"])


def test_every_service_has_a_user_of_its_own() -> None:
    users = rendered()["authorization"]["users"]
    assert [one["user"] for one in users] == ["admin", *nats.HEARS, "operator", "auditor"]
    assert set(nats.HEARS) == set(SERVICES)
    assert len({one["password"] for one in users}) == len(users)


def test_it_listens_here_alone_and_flushes_what_it_acknowledges() -> None:
    config = rendered()
    assert config["listen"] == "127.0.0.1:4222"
    assert config["jetstream"]["sync_interval"] == "always"
    assert "http" not in config


def test_there_is_room_for_every_stream() -> None:
    assert rendered()["jetstream"]["max_file"] > (len(STREAMS) + 1) * 2**20


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_its_own_events_and_nobody_elses(service: str) -> None:
    own = {one.name for stream in STREAMS.values() if stream.publisher == service for one in stream.types}
    plain = {subject for subject in publishes(service) if not subject.startswith("$JS.")}
    assert plain == own | {f"deadletter.{service}.>"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reaches_its_own_consumers_of_what_it_hears(service: str) -> None:
    own = {stream.name for stream in STREAMS.values() if stream.publisher == service}
    looks = {f"$JS.API.STREAM.INFO.{stream}" for stream in (*own, "DEADLETTERS")}
    ephemeral = {f"$JS.API.CONSUMER.CREATE.{stream}" for stream in nats.WATCHES.get(service, ())}
    api = {subject for subject in publishes(service) if subject.startswith("$JS.")}
    assert ephemeral | looks <= api
    for subject in api - ephemeral - looks:
        *_, stream, consumer = subject.removesuffix(".>").split(".")
        assert consumer == service
        assert stream in nats.HEARS[service]
    assert {f"$JS.ACK.{stream}.{service}.>" for stream in nats.HEARS[service]} <= api


def test_the_operator_reads_no_message_but_dead_letters_and_makes_no_stream() -> None:
    api = {subject.removeprefix("$JS.API.") for subject in publishes("operator") if subject.startswith("$JS.")}
    assert {one for one in api if "MSG" in one} == {"STREAM.MSG.GET.DEADLETTERS", "STREAM.MSG.DELETE.DEADLETTERS"}
    assert {one for one in api if "PURGE" in one} == {f"STREAM.PURGE.{stream}" for stream in STREAMS}
    assert not [one for one in api if "CREATE" in one or "UPDATE" in one or one.startswith("STREAM.DELETE")]


def test_the_auditor_only_looks() -> None:
    asked = {subject.removeprefix("$JS.API.").rstrip(".*") for subject in publishes("auditor")}
    assert asked == {"STREAM.INFO", "CONSUMER.INFO", "STREAM.MSG.GET"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_its_own_inbox_only(service: str) -> None:
    user = next(one for one in rendered()["authorization"]["users"] if one["user"] == service)
    assert user["permissions"]["subscribe"]["allow"] == [f"_INBOX_{service}.>"]
