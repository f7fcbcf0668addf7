import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from infra.cluster import cli, images
from infra.cluster.overlay import Overlay
from infra.cluster.recipes import recipes
from infra.cluster.settings import ClusterSettings
from infra.local.services import SERVICES

from . import overlays
from .cluster import Cluster

IMAGES = (*SERVICES, "ops")
Told = pytest.CaptureFixture[str]


@pytest.fixture
def dev(tmp_path: Path) -> str:
    return str(overlays.write(tmp_path / "dev"))


@pytest.fixture(autouse=True)
def running(cluster: Cluster) -> None:
    """As everything will be, once it is applied."""
    for name in ("orders", "stripe", "mail"):
        cluster.workload("Deployment", name)
    cluster.workload("StatefulSet", "orders-mongo")
    cluster.job("streams")
    cluster.put("Namespace", "ticketing")
    for recipe in recipes(Overlay("", ()), ClusterSettings(), tls=True):
        cluster.secret(recipe.name, **dict.fromkeys(recipe.keys, "value"))


def up(overlay: str, *words: str) -> int:
    return cli.main(["up", "--overlay", overlay, "--no-smoke", *words])


def applied(cluster: Cluster) -> list[dict[str, object]]:
    texts = [call["given"] for call in cluster.calls if "apply" in call["words"]]
    return [one for one in yaml.safe_load_all(texts[-1]) if one]


def test_all_of_it(cluster: Cluster, dev: str, capsys: Told) -> None:
    assert up(dev, "--tag", "t1", "--builder", "podman", "--build-options", "--network host") == 0
    built = cluster.said("build", program="podman")
    names = [f"docker.io/ticketing/{image}:t1" for image in IMAGES]
    assert [words[words.index("--tag") + 1] for words in built] == names
    assert all(words[1:3] == ["--network", "host"] for words in built)
    assert built[-1][3:5] == ["--target", "ops"]
    assert cluster.said(program="kind") == [["load", "docker-image", *names, "--name", "ticketing"]]
    order = [call["words"] for call in cluster.calls if call["program"] == "kubectl"]
    deleted = next(n for n, words in enumerate(order) if words[-4:-1] == ["delete", "job", "streams"])
    assert deleted < next(n for n, words in enumerate(order) if "apply" in words and "--namespace" not in words)
    found = {one["metadata"]["name"]: one for one in applied(cluster)}  # type: ignore[index]
    assert "ticketing/orders:t1" in json.dumps(found["orders"])
    assert "mongo:8.0.12" in json.dumps(found["orders-mongo"])
    told = capsys.readouterr().out
    assert "This changes the namespace ticketing of kind-ticketing, at https://127.0.0.1:6443." in told
    assert re.search(
        r"Ticketing runs in kind-ticketing, after [\d.]+ min \(images [\d.]+, loading [\d.]+, .*\)\.$", told
    )


def test_a_cluster_that_others_may_live_on_is_left_alone(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.change(context="do-fra1-shop")
    assert up(dev, "--no-build") == 1
    assert capsys.readouterr().err.startswith("do-fra1-shop is not a cluster on this machine")
    assert [call["words"][0] for call in cluster.calls] == ["config", "config"]
    assert up(dev, "--no-build", "--yes") == 0


def test_another_context_may_be_named(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.change(context="do-fra1-shop")
    assert up(dev, "--no-build", "--context", "kind-ticketing") == 0
    assert all(
        call["words"][:2] == ["--context", "kind-ticketing"] for call in cluster.calls if "apply" in call["words"]
    )
    assert up(dev, "--no-build", "--context", "kind-other") == 1
    assert "The kubeconfig has no context kind-other" in capsys.readouterr().err


def test_no_context_is_one_sentence(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.change(context="")
    assert up(dev, "--no-build") == 1
    assert capsys.readouterr().err.startswith("kubectl has no current context:")


def test_kind_takes_from_podman_an_archive_where_it_asks_docker_for_names(cluster: Cluster, dev: str) -> None:
    cluster.change(fails=["load docker-image"])
    assert up(dev, "--tag", "t1", "--builder", "podman") == 0
    (saved,) = cluster.said("save", program="podman")
    assert saved[1] == "--multi-image-archive"
    assert saved[4:] == [f"docker.io/ticketing/{image}:t1" for image in IMAGES]
    assert cluster.said("load", "image-archive", program="kind") == [
        ["load", "image-archive", saved[3], "--name", "ticketing"]
    ]


def test_what_cannot_be_loaded_is_not_applied(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.change(fails=["kind load"])
    assert up(dev, "--builder", "podman", "--tag", "t1") == 1
    assert capsys.readouterr().err == "The images could not be loaded: kind load does not work.\n"
    assert not cluster.said("apply")


def test_what_cannot_be_built_says_why(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.change(fails=["SERVICE=payments"])
    assert up(dev, "--builder", "podman", "--tag", "t1") == 1
    assert capsys.readouterr().err == "payments could not be built.\n    SERVICE=payments does not work\n"
    assert not cluster.said(program="kind")


def test_docker_is_taken_first_and_podman_where_kind_runs_on_it(
    cluster: Cluster, dev: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.program("docker")
    monkeypatch.setenv("BUILD_OPTIONS", "--quiet --label 'a b'")
    assert up(dev, "--tag", "t1") == 0
    assert cluster.said(program="docker")[0][:4] == ["build", "--quiet", "--label", "a b"]
    monkeypatch.setenv("KIND_EXPERIMENTAL_PROVIDER", "podman")
    assert up(dev, "--tag", "t1") == 0
    assert len(cluster.said("build", program="podman")) == len(IMAGES)


def test_a_cluster_elsewhere_gets_its_images_from_a_registry(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.change(context="do-fra1-shop")
    assert up(dev, "--yes", "--builder", "podman", "--tag", "t1") == 1
    assert "cannot be brought from here into the nodes of do-fra1-shop: name a --registry" in capsys.readouterr().err
    assert up(dev, "--yes", "--builder", "podman", "--tag", "t1", "--registry", "registry.example/shop") == 0
    assert ["push", "registry.example/shop/orders:t1"] in cluster.said(program="podman")
    assert "registry.example/shop/orders:t1" in json.dumps(applied(cluster))
    assert up(dev, "--yes", "--no-build", "--registry", "registry.example/shop") == 1
    assert capsys.readouterr().err == "Say which images of registry.example/shop are to run: name their --tag.\n"


def test_minikube_takes_an_archive(cluster: Cluster, dev: str) -> None:
    cluster.change(context="minikube")
    assert up(dev, "--builder", "podman", "--tag", "t1") == 0
    assert cluster.said(program="minikube")[0][:2] == ["image", "load"]


def test_what_does_not_come_up_is_explained(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.workload("Deployment", "orders", up=False)
    cluster.change(logs={"orders-pod": "one\nMONGO_URL has to be set\n"})
    about = {"involvedObject": {"name": "orders-pod"}, "reason": "BackOff", "message": "Back-off restarting"}
    cluster.put("Event", "e1", lastTimestamp="2026-11-28T10:00:00Z", **about)
    cluster.put("Event", "e2", lastTimestamp="2026-11-28T10:00:00Z", involvedObject={"name": "mail-pod"}, message="no")
    assert up(dev, "--no-build", "--within", "0.1") == 1
    assert capsys.readouterr().err == (
        "After 0 s these are not up: deployment/orders.\n"
        "  orders:\n"
        "    BackOff orders-pod: Back-off restarting\n"
        "  orders-pod, service (CrashLoopBackOff):\n"
        "    one\n"
        "    MONGO_URL has to be set\n"
    )


def test_a_job_that_failed_is_not_waited_for(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.job("streams", failed=True)
    assert up(dev, "--no-build", "--within", "600") == 1
    assert capsys.readouterr().err.startswith("After 0 s these are not up: job/streams.\n")


def test_a_job_that_was_swept_away_is_done(cluster: Cluster, dev: str) -> None:
    cluster.job("streams", done=False)
    cluster.change(vanishing=["job/streams"])
    assert up(dev, "--no-build", "--within", "5") == 0


def test_what_is_refused_is_said(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.change(refuses="the namespace is being deleted")
    assert up(dev, "--no-build") == 1
    assert "Not all could be applied:" in capsys.readouterr().err


def test_a_shop_that_sells_nothing_is_a_failure(dev: str, capsys: Told) -> None:
    way = ["--url", "http://127.0.0.1:9", "--connect", "127.0.0.1:9"]
    assert cli.main(["up", "--overlay", dev, "--no-build", *way]) == 1
    assert capsys.readouterr().err.startswith("Everything runs, and nothing could be bought. Not so: the shop answers")


def test_a_place_that_is_none_is_told_before_anything_is_done(cluster: Cluster, dev: str, capsys: Told) -> None:
    assert cli.main(["up", "--overlay", dev, "--no-build", "--connect", "8443"]) == 1
    assert "8443 is no place to connect to" in capsys.readouterr().err
    assert not cluster.said("apply")


def test_a_folder_that_is_no_overlay(cluster: Cluster, tmp_path: Path, capsys: Told) -> None:
    assert up(str(tmp_path), "--no-build") == 1
    assert (
        capsys.readouterr().err == f"{tmp_path} holds no kustomization.yaml: name an overlay, such as infra/k8s-dev.\n"
    )
    assert not cluster.said("apply")


def test_the_tag_follows_what_is_built(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)  # noqa: S607
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "code.py").write_text("1")
    first = images.tag_of_content(tmp_path)
    (tmp_path / "noise.log").write_text("1")
    assert images.tag_of_content(tmp_path) == first
    (tmp_path / "new.py").write_text("")
    second = images.tag_of_content(tmp_path)
    (tmp_path / "code.py").write_text("2")
    assert len({first, second, images.tag_of_content(tmp_path)}) == 3
    assert first.startswith("dev-")


def test_without_git_the_tag_follows_the_files(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("1")
    first = images.tag_of_content(tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "noise").write_text("1")
    assert images.tag_of_content(tmp_path) == first
    (tmp_path / "code.py").write_text("2")
    assert images.tag_of_content(tmp_path) != first
