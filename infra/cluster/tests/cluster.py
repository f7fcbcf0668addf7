"""A cluster that a test arranges, and what was asked of it."""

import base64
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
OUTSIDE = ("STRIPE_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "SENDGRID_API_KEY")
"""What a person's environment may hold."""
_EMPTY: Json = {
    "context": "kind-ticketing",
    "contexts": ["kind-ticketing", "do-fra1-shop"],
    "objects": {},
    "plans": [],
    "logs": {},
    "vanishing": [],
    "fails": [],
    "refuses": "",
}


@dataclass(frozen=True)
class Cluster:
    """`folder`: is on the PATH, with programs that answer from `state.json` there."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for name in ("kubectl", "podman", "kind", "minikube"):
            self.program(name)
        self.change(**_EMPTY)

    def program(self, name: str) -> None:
        """One more that is on the PATH."""
        source = Path(__file__).with_name("programs.py").read_text()
        (self.folder / name).write_text(f"#!{sys.executable} -IS\n{source}")
        (self.folder / name).chmod(0o755)

    @property
    def state(self) -> Json:
        path = self.folder / "state.json"
        state: Json = json.loads(path.read_text()) if path.exists() else {}
        return state

    def change(self, **parts: Any) -> None:
        (self.folder / "state.json").write_text(json.dumps(self.state | parts))

    def take(self, other: "Cluster") -> None:
        """What another one is, and was asked."""
        for name in ("state.json", "calls.jsonl"):
            (self.folder / name).write_bytes((other.folder / name).read_bytes())

    def put(self, kind: str, name: str, **rest: Any) -> None:
        made = {"kind": kind, "metadata": {"name": name, **rest.pop("metadata", {})}, **rest}
        self.change(objects=self.state["objects"] | {f"{kind.lower()}/{name}": made})

    def remove(self, name: str) -> None:
        self.change(objects={key: one for key, one in self.state["objects"].items() if key != name})

    def secret(self, name: str, **data: str) -> None:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        self.put("Secret", name, apiVersion="v1", data=encoded)

    def values(self, name: str) -> dict[str, str]:
        """What a secret holds."""
        data = self.state["objects"][f"secret/{name}"]["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def workload(self, kind: str, name: str, *, replicas: int = 1, up: bool = True, secret: str = "") -> None:
        """Something that runs, or does not; its pod with it."""
        labels = {"app.kubernetes.io/name": name}
        now = replicas if up else 0
        counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"), now)
        env = [{"name": "IT", "valueFrom": {"secretKeyRef": {"name": secret, "key": "it"}}}] if secret else []
        template = {"spec": {"containers": [{"name": "service", "env": env}]}}
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        status = {"observedGeneration": 1, **counts}
        self.put(kind, name, metadata={"generation": 1}, spec=spec, status=status)
        state = {"running": {}} if up else {"waiting": {"reason": "CrashLoopBackOff"}}
        container = {"name": "service", "ready": up, "state": state, "restartCount": 0}
        self.put("Pod", f"{name}-pod", metadata={"labels": labels}, status={"containerStatuses": [container]})

    def job(self, name: str, *, failed: bool = False, done: bool = True) -> None:
        conditions = [{"type": "Failed", "status": "True"}] if failed else []
        status = {"succeeded": 1} if done and not failed else {"conditions": conditions}
        self.put("Job", name, spec={}, status=status)

    def cronjob(self, name: str, container: str = "command", **spec: Any) -> None:
        labels = {"ticketing.dev/job": name.rpartition("-")[2]}
        command = ["python", "-m", f"{name.rpartition('-')[0]}.commands"]
        pod = {"restartPolicy": "OnFailure", "containers": [{"name": container, "command": command, "args": ["state"]}]}
        template = {"metadata": {"labels": labels}, "spec": pod}
        self.put("CronJob", name, spec={"jobTemplate": {"spec": {"backoffLimit": 3, "template": template, **spec}}})

    def plan(self, words: str, **what: Any) -> None:
        """What becomes of Jobs with these words: `log`, `code`, `first` (a container that fails before), `never`."""
        self.change(plans=[*self.state["plans"], {"words": words, **what}])

    # ---- what was asked
    @property
    def calls(self) -> list[Json]:
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def said(self, *beginning: str, program: str = "kubectl") -> list[list[str]]:
        """The calls that begin so, without what comes before a command of kubectl."""
        found = [_plain(call["words"]) for call in self.calls if call["program"] == program]
        return [words for words in found if words[: len(beginning)] == [*beginning]]

    @property
    def jobs(self) -> list[str]:
        """The commands of every Job that was made, in order."""
        made = [
            json.loads(call["given"])
            for call in self.calls
            if _plain(call["words"])[:1] == ["create"] and call["given"]
        ]
        pods = [one["spec"]["template"]["spec"] for one in made if one["kind"] == "Job"]
        return [" ".join([*pod["containers"][-1]["command"], *pod["containers"][-1]["args"]]) for pod in pods]


def _plain(words: list[str]) -> list[str]:
    while words[:1] in (["--context"], ["--namespace"]):
        words = words[2:]
    return words
