"""What the API server would say, made up."""

from typing import Any

Json = dict[str, Any]
READY_AT = "2030-01-01T10:00:00Z"


def make_pod(name: str = "orders-7d4-x", ready: str | None = READY_AT, **labels: str) -> Json:
    conditions = [{"type": "Ready", "status": "True", "lastTransitionTime": ready}] if ready else []
    box = {"name": "service", "image": "ticketing/orders:1", "ports": [{"name": "http", "containerPort": 8000}]}
    return {
        "metadata": {"name": name, "labels": labels, "creationTimestamp": READY_AT},
        "spec": {"containers": [box]},
        "status": {"phase": "Running", "podIP": "10.0.0.7", "conditions": conditions, "containerStatuses": []},
    }


def make_workload(kind: str = "Deployment", name: str = "orders", replicas: int = 1, **status: Any) -> Json:
    counts = {"updatedReplicas": replicas, "readyReplicas": replicas, "observedGeneration": 4}
    box = {"name": "service", "image": "registry.example:5000/ticketing/orders:1"}
    return {
        "kind": kind,
        "metadata": {"name": name, "generation": 4},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"spec": {"containers": [box, {"name": "other", "image": "mongo:8.0.12"}]}},
        },
        "status": {**counts, **status},
    }
