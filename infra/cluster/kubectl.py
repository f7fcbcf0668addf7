"""kubectl: the one way to the cluster, with whatever rights and kubeconfig its user has."""

import json
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import ClusterError
from .shell import Answer, lines, run

NAMESPACE = "ticketing"
_NEAR = ("minikube", "docker-desktop")
KIND = "kind-"
Json = dict[str, Any]


class Kubectl:
    """The cluster of a context, the present one unless another is named."""

    def __init__(self, context: str = "") -> None:
        self._program = _first(shutil.which("kubectl"), _locked())
        self._context = ("--context", context) if context else ()

    @property
    def context(self) -> str:
        """Its name; `ClusterError` where none is chosen, or there is none of that name."""
        if self._context:
            wanted = self._context[1]
            if self._run("config", "get-contexts", wanted, "--output", "name").code:
                raise ClusterError(f"The kubeconfig has no context {wanted}: `kubectl config get-contexts` lists them.")
            return wanted
        answer = self._run("config", "current-context")
        if answer.code or not answer.out.strip():
            raise ClusterError(
                "kubectl has no current context: start a cluster, or set KUBECONFIG, or name a --context."
            )
        return answer.out.strip()

    @property
    def server(self) -> str:
        """The address of its API."""
        words = ("config", "view", "--minify", "--output", "jsonpath={.clusters[0].cluster.server}")
        return self.ask(*words, namespaced=False).strip()

    def ask(self, *words: str, given: str | None = None, namespaced: bool = True) -> str:
        """What it answers; `ClusterError` where it refuses."""
        answer = self.attempt(*words, given=given, namespaced=namespaced)
        if answer.code:
            raise ClusterError(f"`kubectl {' '.join(words[:3])}` failed: {answer.complaint}.")
        return answer.out

    def attempt(self, *words: str, given: str | None = None, namespaced: bool = True) -> Answer:
        """The same, whether or not it refuses."""
        where = ("--namespace", NAMESPACE) if namespaced else ()
        return self._run(*self._context, *where, *words, given=given)

    def find(self, kind: str, name: str) -> Json | None:
        """One object, if there is one of this name."""
        found = self.ask("get", kind, name, "--ignore-not-found", "--output", "json")
        return json.loads(found) if found.strip() else None

    def all(self, kinds: str, selector: str = "") -> list[Json]:
        """Every object of these kinds (separated by commas), with these labels."""
        where = ("--selector", selector) if selector else ()
        items: list[Json] = json.loads(self.ask("get", kinds, *where, "--output", "json"))["items"]
        return items

    def create(self, made: Json) -> Json:
        """As the cluster has made it. Its contents never stand on a command line, where others could read them."""
        created: Json = json.loads(self.ask("create", "--filename", "-", "--output", "json", given=json.dumps(made)))
        return created

    def replace(self, changed: Json) -> None:
        """Puts it in the place of what was read; refused if somebody has changed that meanwhile."""
        self.ask("replace", "--filename", "-", given=json.dumps(changed))

    def apply(self, text: str) -> Answer:
        """Every object of a manifest, each in its own namespace; `ClusterError` unless all are as they are to be."""
        answer = self.attempt("apply", "--filename", "-", given=text, namespaced=False)
        if answer.code:
            raise ClusterError(f"Not all could be applied: {answer.complaint}.")
        return answer

    def follow(self, *words: str) -> Iterator[str]:
        """The lines of a log, as they come."""
        return lines((self._program, *self._context, "--namespace", NAMESPACE, "logs", "--follow", *words))

    def _run(self, *words: str, given: str | None = None) -> Answer:
        return run((self._program, *words), given=given)


def is_near(context: str) -> bool:
    """Whether it is a cluster on this machine, that nobody else works with."""
    return context.startswith(KIND) or context in _NEAR


def renderer() -> str:
    """The kubectl whose `kustomize` is used: the locked one where it is installed, since an old one knows less."""
    return _first(_locked(), shutil.which("kubectl"))


def _locked() -> str | None:
    program = Path(sysconfig.get_path("scripts")) / "kubectl"
    return str(program) if program.exists() else None


def _first(*programs: str | None) -> str:
    for program in programs:
        if program:
            return program
    raise ClusterError("kubectl is missing: install it so that it is on the PATH, or run `make setup`.")
