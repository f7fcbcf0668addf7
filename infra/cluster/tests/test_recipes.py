"""What the overlays ask for is what is made, no less and no more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.cluster.overlay import Overlay, render
from infra.cluster.recipes import recipes
from infra.cluster.settings import ClusterSettings

TLS = {("ticketing-tls", "tls.crt"), ("ticketing-tls", "tls.key")}


@pytest.fixture(scope="module", params=["dev", "prod"])
def overlay(request: pytest.FixtureRequest) -> Overlay:
    return render(Path(f"infra/k8s-{request.param}"))


def parts(node: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in it, however deep."""
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from parts(each)


def wanted(overlay: Overlay) -> set[tuple[str, str]]:
    found = [one["secretKeyRef"] for one in parts([*overlay.objects]) if "secretKeyRef" in one]
    return {(one["name"], one["key"]) for one in found if not one.get("optional")}


def whole(overlay: Overlay) -> set[str]:
    """Secrets of which all is read, as files or as variables."""
    found = [*parts([*overlay.objects])]
    files = {one["secret"]["secretName"] for one in found if "secretName" in one.get("secret", ())}
    return files | {one["secretRef"]["name"] for one in found if "secretRef" in one}


def test_every_secret_that_is_read_is_made(overlay: Overlay) -> None:
    made = {(one.name, key) for one in recipes(overlay, ClusterSettings(), tls=False) for key in one.keys}
    assert wanted(overlay) - made == set()
    assert whole(overlay) - {name for name, _ in made} == set()
    unread = {one for one in made - wanted(overlay) - TLS if one[0] not in whole(overlay)}
    assert unread <= {("nats", "cluster")}, "a bus of one server has nobody to know"


def test_a_certificate_of_our_own_goes_with_the_stand_ins(overlay: Overlay) -> None:
    names = {one.name for one in recipes(overlay, ClusterSettings(), tls=False)}
    assert ("ticketing-tls" in names) == overlay.plays("stripe") == overlay.plays("mail")
    assert overlay.hosts == ["ticketing.dev"]


def test_the_volume_of_a_database_is_known(overlay: Overlay) -> None:
    """Its name is put together by Kubernetes from two of ours."""
    sets = [one for one in overlay.objects if one["kind"] == "StatefulSet"]
    claims = {
        f"{claim['metadata']['name']}-{one['metadata']['name']}-0"
        for one in sets
        for claim in one["spec"].get("volumeClaimTemplates", ())
    }
    assert {one.volume for one in recipes(overlay, ClusterSettings(), tls=False) if one.volume} <= claims
