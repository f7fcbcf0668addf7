"""The images: built by podman or docker, and brought to where the cluster's nodes find them."""

import hashlib
import shlex
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.layout import REPOSITORY

from .errors import ClusterError
from .kubectl import KIND
from .overlay import IMAGES, full_name
from .settings import ClusterSettings
from .shell import run, tail

BUILDERS = ("docker", "podman")
_TOLD = 30
Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Builder:
    """`program`: podman or docker; `options` are added to each build."""

    program: str
    options: Sequence[str] = ()

    def build(self, tag: str, registry: str, say: Say) -> None:
        """All images, from what lies in this repository now."""
        for image in IMAGES:
            began = time.monotonic()
            name = full_name(image, tag, registry)
            what = ("--target", "ops") if image == "ops" else ("--target", "service", "--build-arg", f"SERVICE={image}")
            answer = run((self.program, "build", *self.options, *what, "--tag", name, "."), folder=REPOSITORY)
            if answer.code:
                raise ClusterError(f"{image} could not be built.\n{tail(answer.out + answer.err, _TOLD)}")
            say(f"  {name}  {time.monotonic() - began:.0f} s")

    def push(self, tag: str, registry: str) -> None:
        """To the registry."""
        for image in IMAGES:
            answer = run((self.program, "push", full_name(image, tag, registry)))
            if answer.code:
                raise ClusterError(f"{image} could not be pushed to {registry}: {answer.complaint}.")

    def load(self, context: str, tag: str) -> None:
        """Into the nodes of a cluster on this machine."""
        names = [full_name(image, tag) for image in IMAGES]
        if context.startswith(KIND):
            self._load_into_kind(context.removeprefix(KIND), names)
        elif context == "minikube":
            self._load_as_archive(("minikube", "image", "load"), (), names)
        elif context != "docker-desktop":  # that one runs what docker has built
            raise ClusterError(
                f"Images cannot be brought from here into the nodes of {context}: name a --registry that both reach."
            )

    def _load_into_kind(self, cluster: str, names: Sequence[str]) -> None:
        """kind asks docker for images by name; what podman has built it takes as an archive only."""
        answer = run(("kind", "load", "docker-image", *names, "--name", cluster))
        if not answer.code:
            return
        if self.program != "podman":
            raise ClusterError(f"The images could not be loaded: {answer.complaint}.")
        self._load_as_archive(("kind", "load", "image-archive"), ("--name", cluster), names)

    def _load_as_archive(self, load: Sequence[str], options: Sequence[str], names: Sequence[str]) -> None:
        several = ("--multi-image-archive",) if self.program == "podman" else ()
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "images.tar"
            self._run(self.program, "save", *several, "--output", str(archive), *names)
            self._run(*load, str(archive), *options)

    def _run(self, *command: str) -> None:
        answer = run(command)
        if answer.code:
            raise ClusterError(f"The images could not be loaded: {answer.complaint}.")


def builder(asked: str, options: str, settings: ClusterSettings) -> Builder:
    """The one that was asked for, or the one that is there."""
    words = shlex.split(options or settings.build_options)
    order = BUILDERS[::-1] if settings.kind_experimental_provider == "podman" else BUILDERS
    for program in (asked,) if asked else order:
        if shutil.which(program):
            return Builder(program, words)
    raise ClusterError(
        f"There is no {asked or ' and no '.join(BUILDERS)} on the PATH: install one, or give --no-build."
    )


def tag_of_content(root: Path = REPOSITORY) -> str:
    """`dev-` and a digest of every file that belongs to the repository, so that other code is another image."""
    digest = hashlib.sha256()
    for path in _files(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)}\0{len(content)}\0".encode())
        digest.update(content)
    return f"dev-{digest.hexdigest()[:12]}"


def _files(root: Path) -> Iterable[Path]:
    """What git would keep, or where it is not a checkout, all but what tools leave there."""
    words = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    answer = run(words, folder=root) if shutil.which("git") else None
    if answer and not answer.code:
        paths = sorted({root / name for name in answer.out.split("\0") if name})
    else:
        paths = sorted(path for path in root.rglob("*") if not _is_left_over(path.relative_to(root)))
    return (path for path in paths if path.is_file())


def _is_left_over(path: Path) -> bool:
    return any(part == "__pycache__" or (part.startswith(".") and part != ".dockerignore") for part in path.parts)
