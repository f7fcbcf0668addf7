from pathlib import Path

import pytest

from infra.cluster import jobs, operations, restore, rollout, shell
from infra.ops import smoke

from .cluster import OUTSIDE, Cluster
from .in_process import InProcess


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here takes any time."""
    for module in (jobs, restore, rollout):
        monkeypatch.setattr(module, "_LOOK_EVERY", 0.01)
    monkeypatch.setattr(operations, "_AGAIN_AFTER", 0.01)
    monkeypatch.setattr(smoke, "_PATIENCE", 0.0)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """An empty cluster of kind; what speaks to it, and podman and kind, are on the PATH."""
    made = Cluster(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    for name in (*OUTSIDE, "BUILD_OPTIONS", "KIND_EXPERIMENTAL_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    return made


@pytest.fixture
def cluster(programs: Cluster, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """The same, with the programs called as functions."""
    monkeypatch.setattr(shell, "subprocess", InProcess(programs.folder))
    return programs
