import socket

import pytest

from infra.local import ports
from infra.local.errors import StackError
from infra.local.layout import Layout


def test_a_part_keeps_its_port_over_restarts(layout: Layout) -> None:
    first = ports.choose(layout.ports, ["nats", "redis"])
    again = ports.choose(layout.ports, ["nats", "redis", "mail"])
    assert (again["nats"], again["redis"]) == (first["nats"], first["redis"])
    assert len(set(again.values())) == 3


def test_a_port_taken_meanwhile_is_replaced(layout: Layout) -> None:
    first = ports.choose(layout.ports, ["nats"])
    with socket.create_server((ports.HOST, first["nats"])):
        assert ports.choose(layout.ports, ["nats"]) != first


def test_a_port_of_a_part_left_out_today_stays_its_own(layout: Layout) -> None:
    first = ports.choose(layout.ports, ["tickets-1", "tickets-2"])
    ports.choose(layout.ports, ["tickets-1"])
    assert ports.choose(layout.ports, ["tickets-1", "tickets-2"]) == first


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server((ports.HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(StackError, match=f"^Port {port} is in use: .*PORT=9000"):
            ports.require_free(port, "choose another with PORT=9000 make run")
    ports.require_free(port, "")
