"""Small programs that run in a pod, with its own Python, its own settings, and whatever it may reach."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import pods as read
from .cluster import Cluster, NotReady
from .kubectl import Json

_FOLDER = Path(__file__).parent / "inside"
_WITHIN = 180.0


async def said(cluster: Cluster, pod: str, script: str, given: object = None) -> Any:
    """What one of them prints."""
    text = (_FOLDER / f"{script}.py").read_text()
    answer = await cluster.kube.exec(pod, "python", "-c", text, stdin=json.dumps(given), within=_WITHIN)
    if answer.code:
        raise NotReady(f"{script} in {pod}: {answer.told}")
    return json.loads(answer.out.splitlines()[-1])


def pod_of(pods: Iterable[Json], service: str) -> str:
    """One of a service that takes requests."""
    for pod in pods:
        labels = read.labels(pod)
        if read.component(pod) == "service" and labels.get(read.NAME) == service and read.is_ready(pod):
            return read.name(pod)
    raise NotReady(f"no pod of {service} is ready")
