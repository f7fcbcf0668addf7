"""What builds, ships and runs the images knows every service, and takes from outside only what is pinned."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.ports import KEEP_ALIVE_SECONDS
from tests.repo.services import ROOT, SERVICES

NAMES = [service.name for service in SERVICES]
IMAGES = [*NAMES, "ops"]
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(ROOT.glob(".github/workflows/*"))}
SKAFFOLD = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
ARTIFACTS = {one["image"].removeprefix("ticketing/"): one for one in SKAFFOLD["build"]["artifacts"]}
PROFILES = {one["name"]: one for one in SKAFFOLD["profiles"]}
DOCKERFILE = ROOT / "Dockerfile"
PINNED = re.compile(r"debian:\d+\.\d+|[a-z0-9./-]+:\d+\.\d+\.\d+(-[a-z0-9.-]+)?")
"""Debian's own point releases have two numbers."""
OURS = re.compile(r"ticketing/[a-z]+(:latest)?|SERVICE")
"""Built here; SERVICE is where kustomize puts one of them (test_policy.py looks at what comes out)."""
REGISTRY = re.compile(
    r"\b(ghcr\.io|quay\.io|gcr\.io|docker\.io|registry\.k8s\.io|pypi\.org|[a-z0-9.-]+\.amazonaws\.com)\b"
)


def tool(name: str, *arguments: str | Path, text: str | None = None) -> str:
    """What a linter complains of; nothing if it is content."""
    command = [Path(sys.executable).with_name(name), *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd=ROOT).stdout


def tracked() -> list[Path]:
    """Every file that git knows, or would if it were told."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def scripts() -> list[Path]:
    """Every shell script, whatever its name."""
    shells = (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash", b"#!/usr/bin/env sh")
    return [path for path in tracked() if path.suffix == ".sh" or path.read_bytes().startswith(shells)]


def stages() -> list[tuple[str, str]]:
    """What each stage of the Dockerfile begins with, and its name."""
    return re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE.read_text(), re.MULTILINE)


def images(node: Any) -> Iterator[str]:
    """Every image that some YAML names."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"image", "container"} and isinstance(value, str):
                yield value
            else:
                yield from images(value)
    elif isinstance(node, list):
        for one in node:
            yield from images(one)


def steps(workflow: str) -> str:
    """All that a workflow's shell does."""
    jobs = WORKFLOWS[workflow]["jobs"].values()
    return "\n".join(step.get("run", "") for job in jobs for step in job["steps"])


def test_hadolint_has_nothing_to_say() -> None:
    assert tool("hadolint", DOCKERFILE) == ""
    assert "DL3006" in tool("hadolint", "-", text="FROM python\n")
    assert "hadolint ignore" not in DOCKERFILE.read_text()


def test_shellcheck_has_nothing_to_say() -> None:
    found = scripts()
    assert {ROOT / name for name in (".ci/run", "infra/setup.sh", "infra/image/packages.sh")} <= set(found)
    assert tool("shellcheck", *found) == ""
    assert "SC2086" in tool("shellcheck", "-", text="#!/bin/sh\necho $1\n")


def test_every_stage_begins_with_another_or_with_what_is_pinned() -> None:
    known: set[str] = set()
    for start, name in stages():
        assert start in known or PINNED.fullmatch(start), start
        known.add(name)
    assert len(known) == DOCKERFILE.read_text().count("\nFROM ")


def test_what_is_built_without_a_target_is_a_service() -> None:
    assert stages()[-1] == ("runtime", "service")
    # A builder that makes every stage up to the target has no SERVICE for those of a service.
    names = [name for _, name in stages()]
    assert names.index("ops") < names.index("packages") < names.index("service")
    assert "USER 10001:10001" in DOCKERFILE.read_text()


def test_nothing_is_installed_that_has_no_hash() -> None:
    for path in (DOCKERFILE, ROOT / "infra/image/packages.sh"):
        text = re.sub(r"\\\n\s*", "", path.read_text())
        installs = [line for line in text.splitlines() if re.search(r"\b(pip|uv) .*\binstall\b", line)]
        assert installs
        for line in installs:
            assert "--require-hashes" in line
            assert "--only-binary :all:" in line
        assert "apt-get" not in text
    pins = re.sub(r"\\\n\s*", "", (ROOT / "infra/image/uv.txt").read_text()).splitlines()
    assert [pin.split()[0].partition("==")[0] for pin in pins] == ["uv"]
    assert all("--hash=sha256:" in pin for pin in pins)


def test_a_service_keeps_connections_as_long_as_on_one_machine() -> None:
    assert f"--timeout-keep-alive {KEEP_ALIVE_SECONDS} " in DOCKERFILE.read_text()


def test_only_what_is_copied_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert patterns[0] == "*"
    kept = {pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")}
    assert not any("*" in one for one in kept)  # the old builder of docker would not look into such a folder

    def arrives(name: str) -> bool:
        return bool({str(one) for one in (Path(name), *Path(name).parents)} & kept)

    copied = " ".join(re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)).split()
    needed = [name.replace("${SERVICE}", service) for name in copied for service in NAMES]
    assert [name for name in needed if not arrives(name)] == []
    strangers = (".git/config", ".local/data/secrets.json", ".venv/bin/python", "infra/k8s/kustomization.yaml", "tests")
    assert [name for name in strangers if arrives(name)] == []


def test_skaffold_builds_every_image() -> None:
    assert list(ARTIFACTS) == IMAGES
    assert ARTIFACTS["ops"]["docker"]["target"] == "ops"


@pytest.mark.parametrize("name", NAMES)
def test_skaffold_brings_every_change_into_the_running_service(name: str) -> None:
    artifact = ARTIFACTS[name]
    assert artifact["docker"] == {"target": "live", "buildArgs": {"SERVICE": name}}
    assert artifact["sync"]["manual"] == [
        {"src": f"{room}/src/{room}/**", "dest": "/app", "strip": f"{room}/src/"} for room in (name, "common")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_skaffold_leads_to_every_service(name: str) -> None:
    forwards = {one["resourceName"]: one for one in SKAFFOLD["portForward"]}
    assert (forwards[name]["namespace"], forwards[name]["port"]) == ("ticketing", 8000)
    assert len({one["localPort"] for one in forwards.values()}) == len(forwards) == len(SKAFFOLD["portForward"])


def test_skaffold_sends_into_production_what_is_not_live() -> None:
    patches = PROFILES["prod"]["patches"]
    assert {one["path"] for one in patches} == {f"/build/artifacts/{i}/docker/target" for i in range(len(NAMES))}
    assert {(one["op"], one["value"]) for one in patches} == {("replace", "service")}
    assert PROFILES["prod"]["manifests"]["kustomize"]["paths"] == ["infra/k8s-prod"]


def test_skaffold_deploys_what_is_there() -> None:
    for one in (SKAFFOLD, *PROFILES.values()):
        for path in one["manifests"]["kustomize"]["paths"]:
            assert (ROOT / path / "kustomization.yaml").is_file(), path


def test_the_workflows_know_every_image() -> None:
    assert WORKFLOWS["images"]["jobs"]["build"]["strategy"]["matrix"]["image"] == IMAGES
    assert f"for image in {' '.join(IMAGES)}; do" in steps("deploy")
    assert f"sh infra/setup.sh common {' '.join(NAMES)}" in steps("services")


def concerned(*changed: str) -> list[str]:
    """Whose tests run when these files change."""
    lines = "".join(f"{name}\n" for name in changed)
    answer = subprocess.run([ROOT / ".github/which.sh"], input=lines, capture_output=True, text=True, check=True)
    found: list[str] = yaml.safe_load(answer.stdout)
    return found


def test_a_change_is_tested_where_it_matters() -> None:
    everybody = ["common", *NAMES]
    for name in NAMES:
        assert concerned(f"{name}/src/{name}/domain.py", "README.md", f"{name}/README.md") == [name]
    for path in (
        "common/src/common/clock.py",
        "requirements.lock",
        "pyproject.toml",
        ".github/workflows/services.yaml",
    ):
        assert concerned("auth/README.md", path) == everybody
    assert concerned("docs/events.md", "infra/local/cli.py", "ordersx/a.py") == []
    assert concerned() == []


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_may_do_no_more_than_read_and_ends_by_itself(name: str) -> None:
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read"}
    assert "concurrency" in workflow
    for job in workflow["jobs"].values():
        assert 0 < job["timeout-minutes"] <= 90
        assert "permissions" not in job
        for step in job["steps"]:
            if "uses" in step:
                assert re.fullmatch(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", step["uses"])
            # What people write into a pull request or a form is never a part of a command.
            assert "${{" not in step.get("run", "")


def test_no_image_floats() -> None:
    paths = [path for path in tracked() if path.suffix in {".yaml", ".yml"} and path.parts[len(ROOT.parts)] != "docs"]
    named = {one for path in paths for node in yaml.safe_load_all(path.read_text()) for one in images(node)}
    assert {one for one in named if OURS.fullmatch(one)} >= {f"ticketing/{name}" for name in NAMES}
    assert [one for one in sorted(named) if not OURS.fullmatch(one) and not PINNED.fullmatch(one)] == []
    assert [
        one for one in ("mongo", "mongo:latest", "mongo:8", "mongo:8.0", "python:3.11-slim") if PINNED.fullmatch(one)
    ] == []


@pytest.mark.parametrize(
    "path", ["Dockerfile", "skaffold.yaml", *(f".github/workflows/{one}.yaml" for one in WORKFLOWS)]
)
def test_nobody_is_told_which_registry_to_use(path: str) -> None:
    assert REGISTRY.findall((ROOT / path).read_text()) == []
