"""A service's database, put back to what a backup has, with nobody at it meanwhile.

Each step may be done again: a restore that broke off is simply given again. How many processes there were is written
down at the Deployment, so that it is known after a crash of this command too.
"""

import time
from collections.abc import Callable

from . import operations
from .errors import ClusterError
from .jobs import Jobs
from .kubectl import NAMESPACE, Json, Kubectl
from .rollout import await_all

_MARK = "ticketing.dev/replicas-before-restore"
_WORKERS = {"expiration": ("expiration-worker",)}
_GONE_WITHIN, _BACK_WITHIN, _LOOK_EVERY = 180.0, 600.0, 1.0
Say = Callable[[str], object]


def restore(kubectl: Kubectl, jobs: Jobs, service: str, file: str, say: Say) -> None:
    """Stops the service, reads the backup into its database, starts it, and lets everybody say where they stand."""
    path = f"/backups/{file}"
    if "/" in file or jobs.run(f"{service}-backup", (), command=("ls", "-l", path)).code:
        raise ClusterError(
            f"There is no backup {file} of {service}, and nothing was done: `backups {service}` lists them."
        )
    deployments = (service, *_WORKERS.get(service, ()))
    before = {name: _stop(kubectl, name) for name in deployments}
    say(f"{' and '.join(deployments)} will not serve until the end of this.")
    try:
        for name in deployments:
            _await_gone(kubectl, name)
        if jobs.run(f"{service}-backup", ("restore", path, "replace")).code:
            raise ClusterError("The database was not restored.")
    except ClusterError as error:
        raise ClusterError(f"{error} {_way_back(service, before)}") from error
    for name, replicas in before.items():
        kubectl.ask("scale", f"deployment/{name}", f"--replicas={replicas}")
        kubectl.ask("annotate", "deployment", name, f"{_MARK}-")
    await_all(kubectl, [("Deployment", name) for name in deployments], _BACK_WITHIN, say)
    operations.rebuild(jobs, operations.ALL)


def _stop(kubectl: Kubectl, name: str) -> int:
    """How many it had, also where an earlier restore has stopped it."""
    found = kubectl.find("deployment", name)
    if found is None:
        raise ClusterError(f"There is no Deployment {name} in the namespace {NAMESPACE}: apply an overlay first.")
    marked = found["metadata"].get("annotations", {}).get(_MARK)
    replicas = int(marked or found["spec"].get("replicas", 1) or 1)
    if marked is None:
        kubectl.ask("annotate", "deployment", name, f"{_MARK}={replicas}")
    kubectl.ask("scale", f"deployment/{name}", "--replicas=0")
    return replicas


def _await_gone(kubectl: Kubectl, name: str) -> None:
    found: Json = kubectl.find("deployment", name) or {}
    labels = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"]["matchLabels"].items())
    limit = time.monotonic() + _GONE_WITHIN
    while pods := kubectl.all("pods", labels):
        if time.monotonic() > limit:
            names = ", ".join(pod["metadata"]["name"] for pod in pods)
            raise ClusterError(f"After {_GONE_WITHIN:.0f} s there still is {names}.")
        time.sleep(_LOOK_EVERY)


def _way_back(service: str, before: dict[str, int]) -> str:
    scale = "; ".join(f"kubectl -n {NAMESPACE} scale deployment/{name} --replicas={n}" for name, n in before.items())
    return (
        f"{service} stays stopped. Give the command again; or, if the restore said that nothing was done, start it as "
        f"it was: `{scale}`."
    )
