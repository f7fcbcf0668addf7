from pathlib import Path

import pytest

from infra.local import plan
from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.part import Plan
from infra.local.settings import StackSettings, load


def settings_for(layout: Layout, **chosen: object) -> StackSettings:
    return load(TICKETING_LOCAL=layout.root, **chosen)


def make(layout: Layout, **chosen: object) -> Plan:
    return plan.make(settings_for(layout, **chosen), layout, {})


def names(made: Plan) -> list[str]:
    return [part.name for part in made.parts]


EVERYTHING = [
    *("mongo", "nats", "redis", "stripe", "mail"),
    *("auth", "tickets", "orders", "payments", "expiration", "client", "emails"),
    *("expiration-worker", "gateway"),
]


def test_every_part_is_there_and_has_an_address(layout: Layout) -> None:
    made = make(layout)
    assert names(made) == EVERYTHING
    assert set(made.addresses) == {*EVERYTHING, "gateway-https"} - {"expiration-worker"}
    assert made.addresses["gateway"] == "http://localhost:8080"
    assert made.addresses["gateway-https"] == "https://ticketing.dev:8443"


def test_everything_that_is_needed_exists(layout: Layout) -> None:
    made = make(layout, replicas=2, mongo_nodes=3)
    known = {*names(made), *(step.name for step in made.steps)}
    assert {need for item in (*made.parts, *made.steps) for need in item.needs} <= known


def test_replicas_and_nodes_are_numbered(layout: Layout) -> None:
    made = make(layout, replicas=2, mongo_nodes=3)
    assert {"mongo-1", "mongo-2", "mongo-3", "tickets-1", "tickets-2", "expiration-worker"} <= set(names(made))
    assert isinstance(made.addresses["tickets"], list)
    assert len(made.addresses["tickets"]) == 2
    assert len(made.addresses["mongo"]) == 3


def test_a_second_start_finds_the_same_ports_and_secrets(layout: Layout) -> None:
    assert [part.env for part in make(layout).parts] == [part.env for part in make(layout).parts]


def test_some_parts_alone(layout: Layout) -> None:
    made = make(layout, TICKETING_ONLY=("nats", "tickets"), replicas=2)
    assert names(made) == ["nats", "tickets-1", "tickets-2"]
    assert [step.name for step in made.steps] == ["streams"]
    assert set(made.addresses) == {"nats", "tickets"}


def test_data_of_another_size_of_set_are_refused(layout: Layout) -> None:
    make(layout)
    with pytest.raises(StackError, match="belong to MONGO_NODES=1"):
        make(layout, mongo_nodes=3)


def test_every_server_listens_here_alone(layout: Layout) -> None:
    made = make(layout)
    (mongo,) = (part for part in made.parts if part.name == "mongo")
    assert mongo.command[mongo.command.index("--bind_ip") + 1] == "127.0.0.1"
    written = {path.name: text for part in made.parts for path, text in part.files.items()}
    assert "bind 127.0.0.1\n" in written["redis.conf"]
    assert "default_bind 127.0.0.1\n" in written["Caddyfile"]


def test_nothing_is_written_outside_the_folder(layout: Layout) -> None:
    for part in make(layout).parts:
        assert all(Path(path).is_relative_to(layout.root) for path in part.files)
