"""Nobody outside this machine reaches any of it."""

import psutil
import pytest

from infra.local.testing import RunningStack

WITHIN = {"127.0.0.1", "::1"}


@pytest.mark.usefixtures("unpaid")
def test_everything_listens_on_the_loopback_alone(stack: RunningStack) -> None:
    supervisor = psutil.Process(int(stack.layout.ready.read_text()))
    processes = [supervisor, *supervisor.children(recursive=True)]
    sockets = [
        (process.name(), socket.laddr.ip, socket.laddr.port)
        for process in processes
        for socket in process.net_connections(kind="inet")
        if socket.laddr and (socket.status == psutil.CONN_LISTEN or not socket.raddr)
    ]
    assert len({port for _, _, port in sockets}) >= 14, "every part that listens"
    assert [one for one in sockets if one[1] not in WITHIN] == []
