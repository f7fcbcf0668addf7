"""Small overlays, built by the real kustomize."""

from pathlib import Path

_INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: ticketing}
spec: {tls: [{hosts: [shop.example], secretName: ticketing-tls}]}
"""
_NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: ticketing, labels: {pod-security.kubernetes.io/enforce: restricted}}
"""
_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: ticketing}
spec: {template: {spec: {containers: [{name: service, image: "ticketing/IMAGE:latest"}]}}}
"""
_DATABASE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: orders-mongo, namespace: ticketing}
spec: {template: {spec: {containers: [{name: mongo, image: "mongo:8.0.12"}]}}}
"""
_STREAMS = """
apiVersion: batch/v1
kind: Job
metadata: {name: streams, namespace: ticketing}
spec: {template: {spec: {containers: [{name: streams, image: "ticketing/ops:latest"}]}}}
"""


def write(folder: Path, *, stand_ins: bool = True) -> Path:
    """orders with its database, the streams, and with `stand_ins` Stripe and the mail sink."""
    folder.mkdir()
    parts = [_NAMESPACE, _INGRESS, deployment("orders"), _DATABASE, _STREAMS]
    if stand_ins:
        parts += [deployment("stripe", "ops"), deployment("mail", "ops")]
    (folder / "all.yaml").write_text("---".join(parts))
    (folder / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    return folder


def deployment(name: str, image: str = "") -> str:
    return _DEPLOYMENT.replace("NAME", name).replace("IMAGE", image or name)
