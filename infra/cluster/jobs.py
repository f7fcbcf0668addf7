"""Runs a Job made of a CronJob once, with other arguments: its log as it comes, its exit code as one's own."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ClusterError
from .kubectl import NAMESPACE, Json, Kubectl
from .shell import tail

_START_WITHIN, _LOOK_EVERY = 180.0, 1.0
_KEPT_SECONDS = 3600
_SHORT = 15
_JOB_NAME = "batch.kubernetes.io/job-name"
_USUAL_ENDS = {"Completed", "Error", None}
Hear = Callable[[str], object]
"""Given each line of the log, with its line feed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a Job. `failed`: the container that failed before the last one could begin."""

    code: int
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Jobs:
    """`keep`: a Job that succeeded is not deleted either."""

    kubectl: Kubectl
    hear: Hear
    complain: Hear
    keep: bool = False

    def run(
        self,
        cronjob: str,
        arguments: Sequence[str] | None = None,
        *,
        command: Sequence[str] | None = None,
        hear: Hear | None = None,
    ) -> Outcome:
        """To its end. `ClusterError` where it does not begin, or nobody knows what became of it."""
        name = self._create(cronjob, arguments, command)
        try:
            pod = self._begun(name)
            outcome = self._followed(name, pod, hear or self.hear)
        except KeyboardInterrupt:
            where = f"kubectl --namespace {NAMESPACE}"
            self.complain(f"\nThe Job {name} goes on: `{where} logs -f job/{name}` shows it, `delete job` ends it.\n")
            raise
        if not outcome.code and not self.keep:
            self._delete(name)
        return outcome

    def _create(self, cronjob: str, arguments: Sequence[str] | None, command: Sequence[str] | None) -> str:
        found = self.kubectl.find("cronjob", cronjob)
        if found is None:
            raise ClusterError(f"There is no CronJob {cronjob} in the namespace {NAMESPACE}: apply an overlay first.")
        template = found["spec"]["jobTemplate"]
        # Once: whether to give the command again is for whoever reads what it said.
        spec = {**template["spec"], "backoffLimit": 0, "ttlSecondsAfterFinished": _KEPT_SECONDS}
        spec["template"]["spec"]["restartPolicy"] = "Never"
        container = spec["template"]["spec"]["containers"][-1]
        if command is not None:
            container["command"] = [*command]
        if arguments is not None:
            container["args"] = [*arguments]
        labels = {**found["metadata"].get("labels", {}), **template.get("metadata", {}).get("labels", {})}
        name = f"{cronjob}-{secrets.token_hex(4)}"
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
        self.kubectl.create({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
        return name

    def _begun(self, job: str) -> str:
        """The name of its pod, once a container of that runs or has run."""
        limit = time.monotonic() + _START_WITHIN
        while True:
            pod = self._pod(job)
            if pod and any("waiting" not in one["state"] for one in _containers(pod)):
                return str(pod["metadata"]["name"])
            if time.monotonic() > limit:
                self._delete(job)
                raise ClusterError(
                    f"The Job {job} did not begin within {_START_WITHIN:.0f} s and was deleted: {self._why(job, pod)}."
                )
            time.sleep(_LOOK_EVERY)

    def _followed(self, job: str, pod: str, hear: Hear) -> Outcome:
        listened = False
        while True:
            now = self._require(job, pod)
            *before, main = _containers(now)
            for one in before:
                if code := one["state"].get("terminated", {}).get("exitCode"):
                    words = self.kubectl.attempt("logs", pod, "--container", one["name"]).out
                    self.complain(f"{one['name']} failed:\n{tail(words, _SHORT)}")
                    return Outcome(code, one["name"])
            ended = main["state"].get("terminated")
            if ended and listened:
                if ended.get("reason") not in _USUAL_ENDS:
                    self.complain(f"{job} was ended: {ended['reason']}.\n")
                return Outcome(ended["exitCode"])
            if "waiting" not in main["state"]:
                # A log that broke off, since a connection did, is taken up again.
                for line in self.kubectl.follow(
                    pod, "--container", main["name"], *(("--since=1s",) if listened else ())
                ):
                    hear(line)
                listened = True
            time.sleep(_LOOK_EVERY)

    def _require(self, job: str, pod: str) -> Json:
        now = self._pod(job)
        if now is None or now["metadata"]["name"] != pod:
            raise ClusterError(f"The pod of the Job {job} is gone, with its node or by somebody's hand.")
        status = now["status"]
        if status.get("phase") == "Failed" and status.get("reason"):
            raise ClusterError(f"The pod of the Job {job} was ended: {status['reason']}, {status.get('message', '')}")
        return now

    def _pod(self, job: str) -> Json | None:
        pods = self.kubectl.all("pods", f"{_JOB_NAME}={job}")
        return pods[0] if pods else None

    def _why(self, job: str, pod: Json | None) -> str:
        waiting: list[dict[str, Any]] = [one["state"].get("waiting", {}) for one in _containers(pod or {})]
        for one in waiting:
            if one.get("reason") not in {None, "PodInitializing", "ContainerCreating"}:
                return f"{one['reason']}, {one.get('message', '')}".rstrip(", .")
        names = {job, pod["metadata"]["name"] if pod else job}
        said = [one for one in self.kubectl.all("events") if one.get("involvedObject", {}).get("name") in names]
        return str(said[-1].get("message", "")).rstrip(".") if said else "the cluster does not say why"

    def _delete(self, job: str) -> None:
        self.kubectl.attempt("delete", "job", job, "--wait=false")


def _containers(pod: Json) -> list[Json]:
    """How they are, in the order in which they run."""
    status = pod.get("status", {})
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
