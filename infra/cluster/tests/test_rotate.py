from datetime import timedelta

import pytest

from common.clock import now, rfc3339
from infra.cluster import cli, values
from infra.cluster.recipes import NATS_USERS

from .cluster import Cluster

Told = pytest.CaptureFixture[str]
SINCE = "ticketing.dev/signing-since"


@pytest.fixture(autouse=True)
def running(cluster: Cluster) -> None:
    cluster.workload("Deployment", "auth", secret="jwt-secret")
    cluster.workload("Deployment", "orders", secret="jwt-secret")
    cluster.workload("Deployment", "payments", secret="stripe-secret")
    cluster.workload("StatefulSet", "nats", secret="nats")
    cluster.workload("StatefulSet", "redis", secret="redis")
    cluster.workload("Deployment", "expiration", secret="redis")
    cluster.workload("StatefulSet", "orders-mongo", secret="orders-mongo")
    cluster.cronjob("orders-command")


def restarted(cluster: Cluster) -> list[str]:
    return [words[2] for words in cluster.said("rollout", "restart")]


@pytest.fixture
def old(cluster: Cluster) -> str:
    key = values.signing_key()
    cluster.secret("jwt-secret", JWT_PRIVATE_KEY=key, JWT_PUBLIC_KEYS=values.public_key(key))
    return key


def mark(cluster: Cluster, name: str, **annotations: str) -> None:
    objects = cluster.state["objects"]
    objects[f"secret/{name}"]["metadata"]["annotations"] = annotations
    cluster.change(objects=objects)


def test_everybody_knows_the_new_key_before_anything_is_signed_with_it(cluster: Cluster, old: str) -> None:
    assert cli.main(["rotate", "jwt-secret"]) == 0
    after = cluster.values("jwt-secret")
    assert after["JWT_PRIVATE_KEY"] != old
    assert after["JWT_PUBLIC_KEYS"].split(",") == [values.public_key(old), values.public_key(after["JWT_PRIVATE_KEY"])]
    assert set(after) == {"JWT_PRIVATE_KEY", "JWT_PUBLIC_KEYS"}
    assert restarted(cluster) == ["deployment/auth", "deployment/orders", "deployment/auth"]
    changes = [words[0] for words in cluster.said() if words[0] in {"replace", "rollout"}]
    assert changes == ["replace", "rollout", "rollout", "replace", "rollout"]


def test_a_rotation_that_broke_off_goes_on_with_the_key_that_it_had_made(cluster: Cluster, old: str) -> None:
    begun = values.signing_key()
    cluster.secret(
        "jwt-secret",
        JWT_PRIVATE_KEY=old,
        JWT_PUBLIC_KEYS=f"{values.public_key(old)},{values.public_key(begun)}",
        JWT_PRIVATE_KEY_NEXT=begun,
    )
    assert cli.main(["rotate", "jwt-secret"]) == 0
    assert cluster.values("jwt-secret") == {
        "JWT_PRIVATE_KEY": begun,
        "JWT_PUBLIC_KEYS": f"{values.public_key(old)},{values.public_key(begun)}",
    }


def test_nobody_is_signed_out_by_its_end(cluster: Cluster, old: str, capsys: Told) -> None:
    assert cli.main(["rotate", "jwt-secret", "--finish"]) == 1
    assert "Nothing of jwt-secret is to be finished" in capsys.readouterr().err
    cluster.put("ConfigMap", "auth-settings-1", data={"TOKEN_LIFETIME_SECONDS": "3600"})
    key = values.signing_key()
    cluster.secret(
        "jwt-secret", JWT_PRIVATE_KEY=key, JWT_PUBLIC_KEYS=f"{values.public_key(old)},{values.public_key(key)}"
    )
    mark(cluster, "jwt-secret", **{SINCE: rfc3339(now() - timedelta(seconds=3500))})
    assert cli.main(["rotate", "jwt-secret", "--finish"]) == 1
    assert "Sessions signed by the old key last until" in capsys.readouterr().err
    mark(cluster, "jwt-secret", **{SINCE: rfc3339(now() - timedelta(seconds=3700))})
    assert cli.main(["rotate", "jwt-secret", "--finish"]) == 0
    assert cluster.values("jwt-secret") == {"JWT_PRIVATE_KEY": key, "JWT_PUBLIC_KEYS": values.public_key(key)}
    assert restarted(cluster) == ["deployment/auth", "deployment/orders"]


def test_a_key_that_was_stolen_can_be_dropped_at_once(cluster: Cluster, old: str) -> None:
    assert cli.main(["rotate", "jwt-secret"]) == 0
    assert cli.main(["rotate", "jwt-secret", "--finish", "--at-once"]) == 0
    assert values.public_key(old) not in cluster.values("jwt-secret")["JWT_PUBLIC_KEYS"]


def test_the_database_has_the_password_before_the_service_starts_with_it(cluster: Cluster) -> None:
    before = {"password": "old", "admin-password": "older", "replica-set-key": "key"}
    cluster.workload("Deployment", "orders", secret="orders-mongo")
    cluster.put("Pod", "orders-mongo-0", metadata={"labels": _labels("orders")})
    cluster.secret("orders-mongo", **before)
    assert cli.main(["rotate", "orders-mongo"]) == 0
    after = cluster.values("orders-mongo")
    assert after["admin-password-previous"] == "older"
    assert after["replica-set-key"] == "key"
    assert len({after["password"], after["admin-password"], "old", "older"}) == 4
    order = [words[0] for words in cluster.said() if words[0] in {"replace", "create", "rollout"}]
    assert order == ["replace", "create", "rollout", "replace"]
    assert restarted(cluster) == ["deployment/orders"]


def test_what_broke_off_does_not_lock_the_admin_out(cluster: Cluster, capsys: Told) -> None:
    cluster.secret("orders-mongo", **{"password": "old", "admin-password": "older", "replica-set-key": "key"})
    cluster.plan("pymongo", code=1, once=True)
    assert cli.main(["rotate", "orders-mongo"]) == 1
    assert "The database did not take it: see `kubectl logs orders-mongo-0 -c prepare`." in capsys.readouterr().err
    begun = cluster.values("orders-mongo")
    assert cli.main(["rotate", "orders-mongo"]) == 0
    assert cluster.values("orders-mongo") == begun
    assert begun["admin-password-previous"] == "older"


def test_the_key_of_a_set_changes_while_both_are_good(cluster: Cluster) -> None:
    cluster.secret("orders-mongo", **{"password": "p", "admin-password": "a", "replica-set-key": "key"})
    assert cli.main(["rotate", "orders-mongo", "--set-key"]) == 0
    assert restarted(cluster) == ["statefulset/orders-mongo"] * 2
    key = cluster.values("orders-mongo")["replica-set-key"]
    assert (key != "key", "\n" in key) == (True, False)
    cluster.secret("orders-mongo", **{"password": "p", "admin-password": "a", "replica-set-key": f"{key}\nnext"})
    assert cli.main(["rotate", "orders-mongo", "--set-key"]) == 0
    assert cluster.values("orders-mongo")["replica-set-key"] == "next"
    assert cli.main(["rotate", "nats", "--set-key"]) == 1


def test_the_servers_of_the_bus_go_together_and_everybody_after_them(cluster: Cluster) -> None:
    cluster.secret("nats", **dict.fromkeys(NATS_USERS, "old"))
    cluster.workload("Deployment", "tickets", secret="nats")
    assert cli.main(["rotate", "nats"]) == 0
    assert "old" not in cluster.values("nats").values()
    order = [words[0] for words in cluster.said() if words[0] in {"replace", "delete", "rollout"}]
    assert order == ["replace", "delete", "rollout"]
    assert restarted(cluster) == ["deployment/tickets"]


def test_redis_goes_before_those_who_go_to_it(cluster: Cluster) -> None:
    cluster.secret("redis", password="old")
    assert cli.main(["rotate", "redis"]) == 0
    assert cluster.values("redis")["password"] != "old"
    assert restarted(cluster) == ["statefulset/redis", "deployment/expiration"]


def test_what_others_give_out_is_given(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capsys: Told) -> None:
    cluster.secret("stripe-secret", STRIPE_KEY="sk_test_1", STRIPE_WEBHOOK_SECRET="whsec_1")
    assert cli.main(["rotate", "stripe-secret"]) == 1
    assert "Give the new values as environment variables: STRIPE_KEY, " in capsys.readouterr().err
    monkeypatch.setenv("STRIPE_KEY", "sk_test_2")
    assert cli.main(["rotate", "stripe-secret"]) == 0
    assert cluster.values("stripe-secret") == {"STRIPE_KEY": "sk_test_2", "STRIPE_WEBHOOK_SECRET": "whsec_1"}
    assert restarted(cluster) == ["deployment/payments"]


def test_a_certificate_of_our_own_is_made_anew_for_the_same_names(cluster: Cluster) -> None:
    before = values.certificate(["shop.example", "www.shop.example"])
    cluster.secret("ticketing-tls", **before)
    assert cli.main(["rotate", "ticketing-tls"]) == 0
    after = cluster.values("ticketing-tls")
    assert after["tls.crt"] != before["tls.crt"]
    assert values.hosts(after["tls.crt"]) == ["shop.example", "www.shop.example"]


def test_what_is_not_there_cannot_be_rotated(cluster: Cluster, capsys: Told) -> None:
    assert cli.main(["rotate", "redis"]) == 1
    assert capsys.readouterr().err == "There is no secret redis: `python -m infra.cluster secrets` makes it.\n"
    assert restarted(cluster) == []


def _labels(service: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": service, "app.kubernetes.io/component": "database"}
