"""Real servers for tests, each on a free port of 127.0.0.1 with its data in a folder of the test's."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

_READY_SECONDS = 10.0
_STOP_SECONDS = 10.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_binary(name: str) -> str:
    """The program of a wheel in this environment, or of the machine."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed: `pip install {name}-bin` brings it")
    return found


def _mongod() -> str:
    """In a wheel, found without importing the package around it, or of the machine."""
    spec = importlib.util.find_spec("fiftyone")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(folder) / "db" / "bin" / "mongod"
        if program.exists():
            return str(program)
    return find_binary("mongod")


@contextmanager
def mongo_server(folder: Path) -> Iterator[str]:
    """A replica set of one, without users; the address of its database `things`."""
    port = free_port()
    options = ("--port", str(port), "--bind_ip", "127.0.0.1", "--replSet", "rs0", "--nounixsocket")
    command = (_mongod(), "--dbpath", str(folder), *options, "--wiredTigerCacheSizeGB", "0.25")
    with (folder / "mongod.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        with MongoClient[dict[str, Any]]("127.0.0.1", port, directConnection=True) as client:
            members = [{"_id": 0, "host": f"127.0.0.1:{port}"}]
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            while not client.admin.command("hello")["isWritablePrimary"]:
                time.sleep(0.02)
        yield f"mongodb://127.0.0.1:{port}/things?replicaSet=rs0"
    finally:
        process.kill()  # its folder goes too
        process.wait()


@dataclass
class NatsServer:
    """A nats-server with JetStream, which can be stopped and started again on the same port with the same data."""

    folder: Path
    port: int
    extra: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        config = self.folder / "nats.conf"
        store = f'jetstream {{ store_dir: "{self.folder}", sync_interval: always }}'
        config.write_text(f'listen: "127.0.0.1:{self.port}"\n{store}\n{self.extra}\n')
        with (self.folder / "nats.log").open("ab") as log:
            command = [find_binary("nats-server"), "--config", str(config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self._await_ready(self.process)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it, with SIGKILL as a crash would."""
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """From now on it neither answers nor goes away, until it is thawed."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)
            os.waitpid(self.process.pid, os.WUNTRACED)

    def thaw(self) -> None:
        """It goes on where it was."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe:
                    if probe.recv(4) == b"INFO":
                        return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"nats-server does not start: {(self.folder / 'nats.log').read_text()[-2000:]}")


@contextmanager
def nats_server(folder: Path, extra: str = "") -> Iterator[NatsServer]:
    """A running server; `extra` goes into its configuration as it is."""
    server = NatsServer(folder, free_port(), extra)
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)  # its folder goes too, and an orderly end takes 0.1 s
