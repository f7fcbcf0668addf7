"""The databases, as far as no server is needed: whose is what, and what the scripts do when all is not well."""

import os
import re
import shutil
import signal
import socketserver
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.common import HEARTBEAT_FREQUENCY

from common.mongo.client import CONNECT_WITHIN
from infra.local.services import SERVICES

from .builds import INFRA, RECIPES, Build, Object, Recipe

SCRIPTS = INFRA / "k8s/mongo"
DEV, PROD = RECIPES[0], Recipe("k8s-prod")
BOTH = pytest.mark.parametrize("recipe", [DEV, PROD], ids=lambda recipe: recipe.name)
BASH = shutil.which("bash") or "bash"
_HEADER = struct.Struct("<iiii")
_OP_MSG = 2013


# ---- whose is what
def database(build: Build, service: str) -> Object:
    """A service's."""
    spec: Object = build.of("StatefulSet")[f"{service}-mongo"]["spec"]
    return spec


@BOTH
@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_its_own(recipe: Recipe, service: str, builds: dict[Recipe, Build]) -> None:
    build = builds[recipe]
    pod = database(build, service)["template"]
    secrets = [volume["secret"]["secretName"] for volume in pod["spec"]["volumes"] if "secret" in volume]
    assert secrets == [f"{service}-mongo"]
    for name in (f"{service}-mongo", f"{service}-mongo-members"):
        assert build.of("Service")[name]["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == service


@BOTH
@pytest.mark.parametrize("service", SERVICES)
def test_it_knows_how_many_it_is(recipe: Recipe, service: str, builds: dict[Recipe, Build]) -> None:
    wanted = database(builds[recipe], service)
    (prepare,) = [one for one in wanted["template"]["spec"]["containers"] if one["name"] == "prepare"]
    told = {one["name"]: one.get("value") for one in prepare["env"]}
    assert told["MEMBERS"] == str(wanted["replicas"]) == {DEV: "1", PROD: "3"}[recipe]


@pytest.mark.parametrize("service", SERVICES)
def test_a_member_that_is_back_is_found_before_the_next_one_goes(service: str, builds: dict[Recipe, Build]) -> None:
    found_within = HEARTBEAT_FREQUENCY + CONNECT_WITHIN.total_seconds()
    assert database(builds[PROD], service)["minReadySeconds"] > found_within


@pytest.mark.parametrize("service", SERVICES)
def test_members_find_each_other_before_they_are_ready_and_services_come_later(
    service: str, builds: dict[Recipe, Build]
) -> None:
    build = builds[DEV]
    assert database(build, service)["serviceName"] == f"{service}-mongo-members"
    members, first = (build.of("Service")[f"{service}-mongo{one}"]["spec"] for one in ("-members", ""))
    assert (members["clusterIP"], members["publishNotReadyAddresses"]) == ("None", True)
    assert "publishNotReadyAddresses" not in first


def test_passwords_are_files_and_nothing_else(builds: dict[Recipe, Build]) -> None:
    for one in database(builds[DEV], "orders")["template"]["spec"]["containers"]:
        assert [
            variable["name"] for variable in one.get("env", []) if "secretKeyRef" in variable.get("valueFrom", {})
        ] == []
    assert "--eval" not in (SCRIPTS / "prepare.sh").read_text()


# ---- the scripts, with everything that they meet played
class Stage:
    """A pod's folders, and programs in them that write down how they were called."""

    def __init__(self, folder: Path, port: int = 1) -> None:
        self.folder = folder
        self.port = port
        for name in ("secret", "tmp", "bin"):
            (folder / name).mkdir()
        self.keep("password", "one")
        self.keep("replica-set-key", "keyA")
        self.play(
            "getent", "echo 10.0.0.7 orders-mongo-0.orders-mongo-members.ticketing.svc.cluster.local orders-mongo-0"
        )

    @property
    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def prepared(self) -> Path:
        return self.folder / "tmp/prepared"

    def keep(self, key: str, value: str) -> None:
        (self.folder / "secret" / key).write_text(value)

    def play(self, program: str, script: str) -> None:
        path = self.folder / "bin" / program
        path.write_text(f'#!/bin/sh\necho {program} "$@" >> {self.folder}/calls\n{script}\n')
        path.chmod(0o755)

    def start(self, script: str) -> "subprocess.Popen[bytes]":
        """A script, in these folders instead of the pod's, and with less patience."""
        instead = {
            "/secret/": f"{self.folder}/secret/",
            "/tmp/": f"{self.folder}/tmp/",  # noqa: S108 (the pod's own)
            "127.0.0.1/27017": f"127.0.0.1/{self.port}",
            "pause 15": "pause 0.1",
        }
        text = re.sub("|".join(instead), lambda found: instead[found[0]], (SCRIPTS / script).read_text())
        around = {
            "PATH": f"{self.folder}/bin:{os.defpath}",
            "HOME": f"{self.folder}/home",
            "HOSTNAME": "orders-mongo-0",
        }
        return subprocess.Popen([BASH, "-c", text], env=around, stderr=subprocess.DEVNULL)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def eventually(look: Callable[[], object]) -> None:
    limit = time.monotonic() + 20
    while not look():
        assert time.monotonic() < limit, "it has not come true in time"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("secret", "written"),
    [("keyA", '- "keyA"\n'), ("keyA\n", '- "keyA"\n'), ("keyA\n\nkeyB\n", '- "keyA"\n- "keyB"\n')],
    ids=["one", "one line", "two"],
)
def test_mongod_gets_each_key_in_a_file_of_its_own(stage: Stage, secret: str, written: str) -> None:
    stage.keep("replica-set-key", secret)
    stage.play("mongod", "")
    with stage.start("start.sh") as process:
        assert process.wait(20) == 0
    file = stage.folder / "tmp/replica-set.key"
    assert (file.read_text(), file.stat().st_mode & 0o777) == (written, 0o600)
    (call,) = stage.calls
    assert f"--keyFile {file}" in call
    assert "--replSet rs0" in call
    assert "keyA" not in call


def test_a_pod_is_prepared_once_and_again_when_the_secret_changes(stage: Stage) -> None:
    with answering(b"") as (port, _):
        stage.port = port
        stage.play("mongosh", "")
        with stage.start("prepare.sh") as process:
            eventually(stage.prepared.exists)
            time.sleep(0.5)
            assert len([call for call in stage.calls if call.startswith("mongosh")]) == 1
            stage.keep("password", "another")
            eventually(lambda: len([call for call in stage.calls if call.startswith("mongosh")]) == 2)
            assert not [call for call in stage.calls if "another" in call]
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0


def test_what_fails_at_the_start_is_tried_again_by_the_kubelet(stage: Stage) -> None:
    with answering(b"") as (port, _):
        stage.port = port
        stage.play("mongosh", "exit 1")
        with stage.start("prepare.sh") as process:
            assert process.wait(20) == 1
    assert not stage.prepared.exists()


def test_what_fails_later_leaves_the_database_as_it_was(stage: Stage) -> None:
    with answering(b"") as (port, _):
        stage.port = port
        stage.play("mongosh", f"test ! -e {stage.folder}/broken")
        with stage.start("prepare.sh") as process:
            eventually(stage.prepared.exists)
            (stage.folder / "broken").touch()
            stage.keep("password", "another")
            eventually(lambda: len([call for call in stage.calls if call.startswith("mongosh")]) > 2)
            assert process.poll() is None
            assert stage.prepared.exists()
            process.send_signal(signal.SIGTERM)
            assert process.wait(5) == 0


# ---- its readiness
@contextmanager
def answering(reply: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server in mongod's place: its port, and what it was asked."""
    asked: list[bytes] = []

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if question := self.request.recv(4096):
                asked.append(question)
                self.request.sendall(reply)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()


def hello(**said: Any) -> bytes:
    """What mongod says of itself."""
    body = (
        struct.pack("<i", 0)
        + b"\0"
        + bson.encode({"helloOk": True, "hosts": ["orders-mongo-0:27017"], **said, "ok": 1.0})
    )
    return _HEADER.pack(_HEADER.size + len(body), 7, 1, _OP_MSG) + body


def ready(stage: Stage, port: int) -> bool:
    stage.port = port
    with stage.start("ready.sh") as process:
        return process.wait(20) == 0


@pytest.mark.parametrize(
    ("said", "is_ready"),
    [
        ({"isWritablePrimary": True, "secondary": False}, True),
        ({"isWritablePrimary": False, "secondary": True}, True),
        ({"isWritablePrimary": False, "secondary": False}, False),
        ({"isWritablePrimary": False, "secondary": False, "isreplicaset": True}, False),
    ],
    ids=["primary", "secondary", "on its way", "in no set"],
)
def test_a_member_is_ready_when_it_serves(said: Mapping[str, Any], is_ready: bool, stage: Stage) -> None:
    stage.prepared.touch()
    with answering(hello(**said)) as (port, asked):
        assert ready(stage, port) == is_ready
    (question,) = asked
    length, _, _, operation = _HEADER.unpack(question[: _HEADER.size])
    assert (length, operation) == (len(question), _OP_MSG)
    assert bson.decode(question[_HEADER.size + 5 :]) == {"hello": 1, "$db": "admin"}


def test_it_is_not_before_it_is_prepared(stage: Stage) -> None:
    with answering(hello(isWritablePrimary=True)) as (port, asked):
        assert not ready(stage, port)
    assert asked == []


def test_it_is_not_when_nobody_answers(stage: Stage) -> None:
    stage.prepared.touch()
    with answering(b"") as (port, _):
        assert not ready(stage, port)
    assert not ready(stage, port)
    assert os.access(stage.prepared, os.F_OK)
