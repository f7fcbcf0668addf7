"""What stands in manifests as shell, run as the kubelet runs it: the worker's probes, waiting for a database."""

import signal
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from .builds import RECIPES, Build, Recipe

MARKED = b"+OK\r\n:1\r\n+OK\r\n"
UNMARKED = b"+OK\r\n:0\r\n+OK\r\n"
STRANGER = (
    b"-WRONGPASS invalid username-password pair or user is disabled.\r\n-NOAUTH Authentication required.\r\n+OK\r\n"
)


@contextmanager
def redis(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Its port, and what it is asked."""
    asked: list[bytes] = []

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while (line := self.rfile.readline()) not in {b"", b"QUIT\r\n"}:
                asked.append(line)
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()


def probed(builds: dict[Recipe, Build], probe: str, port: int) -> bool:
    """Whether the probe is content."""
    worker = builds[RECIPES[0]].of("Deployment")["expiration-worker"]["spec"]["template"]["spec"]["containers"][0]
    shell, option, script, word = worker[probe]["exec"]["command"]
    script = script.replace("/dev/tcp/redis/6379", f"/dev/tcp/127.0.0.1/{port}")
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "REDIS_PASSWORD": "s3cret"}
    ran = subprocess.run([shell, option, script, word], env=environment, capture_output=True, check=False, timeout=20)
    return ran.returncode == 0


@pytest.mark.parametrize(
    ("answer", "alive", "ready"),
    [(MARKED, True, True), (UNMARKED, False, False), (STRANGER, True, False), (b"", True, False)],
    ids=["marked", "unmarked", "another password", "silent"],
)
def test_they_read_the_mark(answer: bytes, alive: bool, ready: bool, builds: dict[Recipe, Build]) -> None:
    with redis(answer) as (port, asked):
        said = {probe: probed(builds, probe, port) for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert said == {"startupProbe": alive, "livenessProbe": alive, "readinessProbe": ready}
    assert asked[:2] == [b"AUTH s3cret\r\n", b"EXISTS arq:queue:health-check\r\n"]


def test_without_redis_it_is_alive_and_not_ready(builds: dict[Recipe, Build]) -> None:
    with redis(b"") as (port, _):
        pass
    assert probed(builds, "livenessProbe", port)
    assert not probed(builds, "readinessProbe", port)


@contextmanager
def waiting(builds: dict[Recipe, Build], port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """What a service's pod does before the service starts."""
    spec = builds[RECIPES[0]].of("Deployment")["orders"]["spec"]["template"]["spec"]
    shell, option, script = spec["initContainers"][0]["command"]
    assert "$SERVICE-mongo/27017" in script
    script = script.replace("$SERVICE-mongo/27017", f"127.0.0.1/{port}")
    with subprocess.Popen([shell, option, script], env={"PATH": "/usr/local/bin:/usr/bin:/bin"}) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_service_waits_until_its_database_is_there(builds: dict[Recipe, Build]) -> None:
    with socket.socket() as database:
        database.bind(("127.0.0.1", 0))
        with waiting(builds, database.getsockname()[1]) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1.5)
            database.listen()
            assert process.wait(20) == 0


def test_it_leaves_when_it_is_asked_to(builds: dict[Recipe, Build]) -> None:
    """The first process of a container hears no signal that it has not asked for."""
    with socket.socket() as database:
        database.bind(("127.0.0.1", 0))
        with waiting(builds, database.getsockname()[1]) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 1
