"""Who knows one service knows all: the same files, the same entries, listed everywhere."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

from .services import ROOT, SERVICES, Service

LONGEST_FILE = 300
LONGEST_FUNCTION = 40
NAMES = [service.name for service in SERVICES]
FILES = [
    "README.md",
    "pyproject.toml",
    "src/{name}/__init__.py",
    "src/{name}/app.py",
    "src/{name}/main.py",
    "src/{name}/py.typed",
    "src/{name}/settings.py",
    "tests/conftest.py",
]
SOURCES = [
    path
    for room in (*(ROOT / name / "src" for name in ("common", *NAMES)), ROOT / "infra")
    for path in sorted(room.rglob("*.py"))
]


def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


@pytest.mark.parametrize("file", FILES)
def test_each_has_the_same_files(service: Service, file: str) -> None:
    assert (service.folder / file.format(name=service.name)).is_file()


def test_a_service_folder_is_no_package(service: Service) -> None:
    assert not (service.folder / "__init__.py").exists()
    assert not (service.folder / "tests" / "__init__.py").exists()


def test_its_distribution_is_ours_alone(service: Service) -> None:
    project = _toml(service.folder / "pyproject.toml")
    assert project["project"]["name"] == f"ticketing-{service.name}"
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]
    assert set(project["tool"]) == {"hatch", "uv"}


def test_uvicorn_finds_its_app(service: Service) -> None:
    tree = ast.parse((service.folder / f"src/{service.name}/main.py").read_text())
    assert "app = create_app(Settings())" in [ast.unparse(statement) for statement in tree.body]


def test_what_it_owns_can_be_announced(service: Service) -> None:
    commands = service.folder / f"src/{service.name}/commands.py"
    announces = commands.exists() and '"announce"' in commands.read_text()
    assert announces == service.announces
    assert (f"python -m {service.name}.commands announce" in service.readme) == service.announces


def test_the_tools_know_every_service() -> None:
    tool = _toml(ROOT / "pyproject.toml")["tool"]
    sources = {f"{name}/src" for name in NAMES}
    assert set(NAMES) <= set(tool["pytest"]["testpaths"])
    assert set(NAMES) <= set(tool["coverage"]["run"]["source_pkgs"])
    assert set(NAMES) <= set(tool["importlinter"]["root_packages"])
    assert sources <= set(tool["ruff"]["src"])
    assert sources <= set(tool["mypy"]["files"])
    assert all(f"$MYPY_CONFIG_FILE_DIR/{source}" in tool["mypy"]["mypy_path"] for source in sources)


@pytest.mark.parametrize("path", ["Makefile", "README.md"])
def test_people_are_told_of_every_service(path: str) -> None:
    text = (ROOT / path).read_text()
    assert [name for name in NAMES if name not in text] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_grows_past_reading(path: Path) -> None:
    text = path.read_text()
    long = [
        (node.name, node.end_lineno - node.lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert (long, text.count("\n") <= LONGEST_FILE) == ([], True)
