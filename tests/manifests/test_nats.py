"""NATS in the cluster: the same users as everywhere, and a configuration that the real server takes."""

import re
import subprocess
from pathlib import Path

import pytest

from common.bus.streams import MAX_BYTES
from infra.local import nats
from infra.local.programs import nats_server

from .builds import INFRA, RECIPES, Build, Object, Recipe

DEV, PROD = RECIPES[0], Recipe("k8s-prod")
SERVERS = {DEV: 1, PROD: 3}
BOTH = pytest.mark.parametrize("recipe", [DEV, PROD], ids=lambda recipe: recipe.name)


def stateful_set(build: Build) -> Object:
    """NATS."""
    spec: Object = build.of("StatefulSet")["nats"]["spec"]
    return spec


def environment(build: Build) -> dict[str, str]:
    """What the server would be given, with passwords as `make secrets` makes them."""
    (container,) = stateful_set(build)["template"]["spec"]["containers"]
    values = {one["name"]: one.get("value", f"p{one['name'].lower()}4x") for one in container["env"]}
    return {name: re.sub(r"\$\((\w+)\)", lambda found: values[found[1]], value) for name, value in values.items()}


def judge(files: dict[str, str], variables: dict[str, str], folder: Path) -> str:
    """What the real server says of its configuration; nothing if it takes it."""
    for name, text in files.items():
        (folder / name).write_text(text)
    command = [nats_server(), "-t", "-c", str(folder / "nats.conf")]
    said = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=30)
    return said.stderr.strip() if said.returncode else ""


def test_its_users_are_those_of_the_catalogue() -> None:
    assert (INFRA / "k8s/nats/users.conf").read_text() == nats.render_users(), "run: make snapshots"


def test_each_may_there_what_it_may_here() -> None:
    text = (INFRA / "k8s/nats/users.conf").read_text()
    blocks = re.findall(r"user: (\w+), password: \$PASSWORD_(\w+), permissions: \{(.+?)\}\}", text, re.DOTALL)
    there = {name: (password, re.findall(r'"(.+?)"', said)) for name, password, said in blocks}
    assert there == {user.name: (user.name, [*user.publish, user.subscribe]) for user in nats.users()}
    assert re.findall(r"\{user: (\w+), password: \$PASSWORD_(\w+)\}", text) == [("admin", "admin")]


@BOTH
def test_the_server_takes_it(recipe: Recipe, builds: dict[Recipe, Build], tmp_path: Path) -> None:
    build = builds[recipe]
    assert judge(build.config("nats-config"), environment(build), tmp_path) == ""


@BOTH
def test_it_refuses_to_start_without_a_password(recipe: Recipe, builds: dict[Recipe, Build], tmp_path: Path) -> None:
    build = builds[recipe]
    files, variables = build.config("nats-config"), environment(build)
    for name in set(variables) - {"GOMEMLIMIT"} - {f"ROUTE_{number}" for number in range(3)}:
        lacking = {key: value for key, value in variables.items() if key != name}
        assert f"'{name}'" in judge(files, lacking, tmp_path)


@BOTH
def test_every_server_knows_every_other(recipe: Recipe, builds: dict[Recipe, Build]) -> None:
    build, count = builds[recipe], SERVERS[recipe]
    wanted = stateful_set(build)
    assert wanted["replicas"] == count
    password = environment(build).get("PASSWORD_cluster")
    routes = [value for name, value in environment(build).items() if name.startswith("ROUTE_")]
    others = [f"nats://cluster:{password}@nats-{number}.{wanted['serviceName']}:6222" for number in range(count)]
    assert routes == (others if count > 1 else [])
    members = build.of("Service")[wanted["serviceName"]]["spec"]
    assert (members["clusterIP"], members["publishNotReadyAddresses"]) == ("None", True)
    cluster = build.config("nats-config")["cluster.conf"]
    assert re.findall(r"\$ROUTE_\d", cluster) == [f"$ROUTE_{number}" for number in range(len(routes))]


@BOTH
def test_a_stream_has_as_many_copies_as_there_are_servers(recipe: Recipe, builds: dict[Recipe, Build]) -> None:
    (container,) = builds[recipe].of("Job")["streams"]["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one.get("value") for one in container["env"]}
    assert told["STREAM_REPLICAS"] == str(SERVERS[recipe])


@BOTH
def test_nothing_that_was_acknowledged_waits_to_be_written(recipe: Recipe, builds: dict[Recipe, Build]) -> None:
    said = builds[recipe].config("nats-config")["nats.conf"]
    assert re.search(r"^\s*sync_interval: always$", said, re.MULTILINE)


@BOTH
def test_there_is_room_for_every_stream(recipe: Recipe, builds: dict[Recipe, Build]) -> None:
    build = builds[recipe]
    said = re.search(r"max_file: (\d+)MB", build.config("nats-config")["nats.conf"])
    (claim,) = stateful_set(build)["volumeClaimTemplates"]
    size = claim["spec"]["resources"]["requests"]["storage"]
    assert said is not None
    assert nats.room(MAX_BYTES) <= int(said[1]) * 2**20 < int(size.removesuffix("Gi")) * 2**30
