import re
import subprocess
from contextlib import redirect_stdout
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography import x509

from common.clock import now
from common.identity import Signer, Verifier
from infra.cluster import cli
from infra.local.services import SERVICES

from . import overlays
from .cluster import OUTSIDE, Cluster

Told = pytest.CaptureFixture[str]
OURS = ["jwt-secret", *(f"{service}-mongo" for service in SERVICES), "nats", "redis"]
ALL = sorted([*OURS, "stripe-secret", "sendgrid-api-key", "ticketing-tls"])
WORD = re.compile(r"[A-Za-z][A-Za-z0-9]{39,}")


@pytest.fixture
def dev(tmp_path: Path) -> str:
    return str(overlays.write(tmp_path / "dev"))


@pytest.fixture
def prod(tmp_path: Path) -> str:
    return str(overlays.write(tmp_path / "prod", stand_ins=False))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Cluster, str]:
    """An empty cluster that was given its secrets, and what was said meanwhile."""
    folder = tmp_path_factory.mktemp("first")
    cluster = Cluster(folder / "bin")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        patch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
        for name in OUTSIDE:
            patch.delenv(name, raising=False)
        assert cli.main(["secrets", "--overlay", str(overlays.write(folder / "dev"))]) == 0
    return cluster, said.getvalue()


@pytest.fixture
def made(cluster: Cluster, first: tuple[Cluster, str]) -> Cluster:
    """The same again."""
    cluster.take(first[0])
    return cluster


def secrets(cluster: Cluster) -> list[str]:
    return sorted(name.removeprefix("secret/") for name in cluster.state["objects"] if name.startswith("secret/"))


def fits(pair: dict[str, str]) -> bool:
    """Whether a session signed with the one is good for the other."""
    token = Signer(pair["JWT_PRIVATE_KEY"], timedelta(hours=1)).sign("dana", "dana@example.com", now())
    return Verifier(pair["JWT_PUBLIC_KEYS"]).verify(token) is not None


def test_an_empty_cluster_gets_every_secret(made: Cluster) -> None:
    assert secrets(made) == ALL
    assert set(made.values("nats")) == {*SERVICES, "admin", "operator", "auditor", "cluster"}
    assert set(made.values("orders-mongo")) == {"password", "admin-password", "replica-set-key"}
    assert fits(made.values("jwt-secret"))
    stripe = made.values("stripe-secret")
    shapes = {"STRIPE_KEY": "sk_test_", "STRIPE_PUBLISHABLE_KEY": "pk_test_", "STRIPE_WEBHOOK_SECRET": "whsec_"}
    assert all(stripe[key].startswith(shape) for key, shape in shapes.items())
    (namespace,) = [call["given"] for call in made.calls if "apply" in call["words"]]
    assert '"pod-security.kubernetes.io/enforce": "restricted"' in namespace


def test_no_value_needs_an_escape_or_looks_like_a_number(made: Cluster) -> None:
    words = [value for name in OURS if name != "jwt-secret" for value in made.values(name).values()]
    assert [word for word in words if not WORD.fullmatch(word)] == []
    assert len(set(words)) == len(words)


def test_no_value_is_seen_by_others(made: Cluster, first: tuple[Cluster, str]) -> None:
    typed = " ".join(word for call in made.calls for word in call["words"])
    for name in ALL:
        assert [key for key, value in made.values(name).items() if value in first[1] + typed] == []


def test_the_certificate_is_good_for_the_overlays_name(made: Cluster) -> None:
    assert made.state["objects"]["secret/ticketing-tls"]["type"] == "kubernetes.io/tls"
    read = x509.load_pem_x509_certificate(made.values("ticketing-tls")["tls.crt"].encode())
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["shop.example"]


def test_what_exists_is_never_overwritten(made: Cluster, dev: str) -> None:
    before = {name: made.values(name) for name in ALL}
    writes = len(made.said("create")) + len(made.said("replace"))
    assert cli.main(["secrets", "--overlay", dev]) == 0
    assert {name: made.values(name) for name in ALL} == before
    assert len(made.said("create")) + len(made.said("replace")) == writes


def test_a_user_who_is_new_gets_a_password_and_nobody_else_another(made: Cluster, dev: str, capsys: Told) -> None:
    before = made.values("nats")
    del before["emails"]
    made.secret("nats", **before)
    assert cli.main(["secrets", "--overlay", dev]) == 0
    after = made.values("nats")
    assert WORD.fullmatch(after.pop("emails"))
    assert after == before
    assert "  nats: emails added\n" in capsys.readouterr().out


def test_what_was_made_by_hand_as_for_the_node_originals_is_completed(cluster: Cluster, dev: str) -> None:
    cluster.secret("jwt-secret", JWT_KEY="asdf")
    cluster.secret("stripe-secret", STRIPE_KEY="sk_test_mine")
    assert cli.main(["secrets", "--overlay", dev]) == 0
    assert fits(cluster.values("jwt-secret"))
    assert cluster.values("jwt-secret")["JWT_KEY"] == "asdf"
    assert cluster.values("stripe-secret")["STRIPE_KEY"] == "sk_test_mine"
    assert cluster.values("stripe-secret")["STRIPE_PUBLISHABLE_KEY"].startswith("pk_test_")


def test_a_signing_key_by_hand_gets_the_public_key_that_belongs_to_it(made: Cluster, dev: str) -> None:
    private = made.values("jwt-secret")["JWT_PRIVATE_KEY"]
    made.secret("jwt-secret", JWT_PRIVATE_KEY=private)
    assert cli.main(["secrets", "--overlay", dev]) == 0
    assert made.values("jwt-secret")["JWT_PRIVATE_KEY"] == private
    assert fits(made.values("jwt-secret"))


@pytest.mark.parametrize(
    ("key", "told"), [("JWT_PUBLIC_KEYS", "lacks JWT_PRIVATE_KEY"), ("JWT_PRIVATE_KEY", "cannot be used")]
)
def test_half_a_pair_is_a_persons_affair(cluster: Cluster, dev: str, key: str, told: str, capsys: Told) -> None:
    cluster.secret("jwt-secret", **{key: "abc"})
    assert cli.main(["secrets", "--overlay", dev]) == 1
    assert told in capsys.readouterr().err
    assert cluster.values("jwt-secret") == {key: "abc"}
    assert secrets(cluster) == ALL


def test_where_there_is_money_nothing_useless_is_made(cluster: Cluster, prod: str, capsys: Told) -> None:
    assert cli.main(["secrets", "--overlay", prod]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in told] == [
        "stripe-secret lacks STRIPE_KEY, STRIPE_PUBLISHABLE_KEY, STRIPE_WEBHOOK_SECRET",
        "sendgrid-api-key lacks SENDGRID_API_KEY",
    ]
    assert secrets(cluster) == sorted(OURS)


def test_what_others_give_out_comes_from_the_environment(
    cluster: Cluster, prod: str, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    given = {"STRIPE_KEY": "sk_live_1", "STRIPE_PUBLISHABLE_KEY": "pk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_1"}
    for key, value in {**given, "SENDGRID_API_KEY": "SG.1"}.items():
        monkeypatch.setenv(key, value)
    assert cli.main(["secrets", "--overlay", prod]) == 0
    assert cluster.values("stripe-secret") == given
    assert cluster.values("sendgrid-api-key") == {"SENDGRID_API_KEY": "SG.1"}
    assert "ticketing-tls" not in secrets(cluster)
    assert cli.main(["secrets", "--overlay", prod, "--tls"]) == 0
    assert "ticketing-tls" in secrets(cluster)
    assert "_live_" not in str(capsys.readouterr())


def test_a_live_key_is_not_for_a_stand_in(
    cluster: Cluster, dev: str, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setenv("STRIPE_KEY", "sk_live_1")
    assert cli.main(["secrets", "--overlay", dev]) == 1
    assert capsys.readouterr().err.startswith("stripe-secret has a live key, and here a stand-in plays Stripe")
    assert "stripe-secret" not in secrets(cluster)


def test_a_new_password_does_not_open_an_old_volume(cluster: Cluster, dev: str, capsys: Told) -> None:
    cluster.put("PersistentVolumeClaim", "data-orders-mongo-0")
    assert cli.main(["secrets", "--overlay", dev]) == 1
    assert capsys.readouterr().err.startswith("orders-mongo is missing, and the volume data-orders-mongo-0 knows")
    assert secrets(cluster) == [name for name in ALL if name != "orders-mongo"]


def test_a_cluster_that_others_may_live_on_is_left_alone(cluster: Cluster, dev: str) -> None:
    cluster.change(context="do-fra1-shop")
    assert cli.main(["secrets", "--overlay", dev]) == 1
    assert secrets(cluster) == []
    assert cli.main(["secrets", "--overlay", dev, "--yes"]) == 0
    assert secrets(cluster) == ALL


def test_the_printed_commands_do_the_same(cluster: Cluster, dev: str, tmp_path: Path, capsys: Told) -> None:
    assert cli.main(["secrets", "--overlay", dev, "--print"]) == 0
    assert cluster.calls == []
    script = tmp_path / "secrets.sh"
    script.write_text("set -e\n" + capsys.readouterr().out)
    subprocess.run(["/bin/sh", script], check=True, env={"PATH": f"{cluster.folder}:/usr/bin:/bin"})
    typed = {words[3]: words[4:] for words in cluster.said("create", "secret", "generic")}
    assert sorted(typed) == ALL
    literals = {
        name: dict(word.removeprefix("--from-literal=").split("=", 1) for word in words if "-literal=" in word)
        for name, words in typed.items()
    }
    assert fits(literals["jwt-secret"])
    assert literals["ticketing-tls"]["tls.key"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert "--type=kubernetes.io/tls" in typed["ticketing-tls"]
    assert set(literals["nats"]) == {*SERVICES, "admin", "operator", "auditor", "cluster"}


def test_what_cannot_be_made_is_printed_as_a_gap(prod: str, cluster: Cluster, capsys: Told) -> None:
    assert cli.main(["secrets", "--overlay", prod, "--print"]) == 0
    told = capsys.readouterr().out
    assert "# stripe-secret lacks STRIPE_KEY" in told
    assert "--from-literal=STRIPE_KEY=..." in told
    assert cluster.calls == []
