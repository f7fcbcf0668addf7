"""Addresses, and how long to wait between tries."""

import pytest

from common.bus.connection import addresses, wait_after
from common.bus.nats import NatsBus


def test_several_servers_are_separated_by_commas() -> None:
    assert addresses("nats://a:4222, tls://b") == ["nats://a:4222", "tls://b"]


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:4222", "http://127.0.0.1:4222", "nats://", "nats://a:4222,", "nats://a:b"]
)
def test_what_is_no_address_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="not the address of a NATS server"):
        NatsBus(url, service="auth")


def test_waits_double_up_to_two_seconds() -> None:
    assert [wait_after(failures) for failures in (1, 2, 3, 4, 5, 5000)] == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
