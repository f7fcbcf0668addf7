"""Everything onto a cluster, once: images, secrets, the overlay, and a purchase to see that it works."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from infra.ops.smoke import Shop, SmokeError, smoke

from . import credentials, images, rollout
from .errors import ClusterError
from .images import Builder
from .kubectl import Kubectl
from .overlay import Overlay, render
from .recipes import recipes
from .settings import ClusterSettings

Say = Callable[[str], object]
_CHANGES = ("created", "configured", "unchanged")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to run. Without a `builder` the images are there already; without a `shop` nothing is bought."""

    overlay: Path
    tag: str
    registry: str
    builder: Builder | None
    shop: Shop | None
    payment: bool
    within: float

    def complete(self) -> "Wish":
        """What is built is named after what lies here, unless it was given a name; refuses what cannot be."""
        if self.shop:
            self.shop.visit().close()  # a place that is none is told now, and not after everything
        if self.builder and not self.tag:
            return replace(self, tag=images.tag_of_content())
        if self.registry and not self.tag:
            raise ClusterError(f"Say which images of {self.registry} are to run: name their --tag.")
        return self


class Watch:
    """How long each phase took."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._began = time.monotonic()
        self._took: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str, what: str) -> Iterator[None]:
        """Says what begins, and notes when it has ended."""
        self._say(f"{what}.")
        began = time.monotonic()
        yield
        self._took[name] = time.monotonic() - began

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {seconds / 60:.1f}" for name, seconds in self._took.items())
        return f"{(time.monotonic() - self._began) / 60:.1f} min ({parts})"


def up(kubectl: Kubectl, wish: Wish, settings: ClusterSettings, say: Say) -> None:
    """Does all of it; `ClusterError` at what does not work."""
    watch = Watch(say)
    if wish.builder:
        _bring(kubectl, wish.builder, wish, watch, say)
    overlay = render(wish.overlay, tag=wish.tag, registry=wish.registry)
    with watch.phase("secrets", "Making the secrets that are missing"):
        credentials.make_missing(kubectl, overlay, recipes(overlay, settings, tls=False), say)
    with watch.phase("applying", f"Applying {wish.overlay}"):
        _apply(kubectl, overlay, say)
    with watch.phase("starting", "Waiting until everything runs"):
        rollout.await_all(kubectl, overlay.workloads, wish.within, say)
    if wish.shop:
        with watch.phase("smoke", f"Buying a ticket at {wish.shop.url}"):
            # Where there is no money, the certificate is one of our own.
            _buy(replace(wish.shop, insecure=overlay.plays("stripe")), wish.payment, say)
    say(f"Ticketing runs in {kubectl.context}, after {watch}.")


def _bring(kubectl: Kubectl, builder: Builder, wish: Wish, watch: Watch, say: Say) -> None:
    with watch.phase("images", f"Building the images with {builder.program}, tag {wish.tag}"):
        builder.build(wish.tag, wish.registry, say)
    if wish.registry:
        with watch.phase("pushing", f"Pushing them to {wish.registry}"):
            builder.push(wish.tag, wish.registry)
    else:
        with watch.phase("loading", f"Loading them into {kubectl.context}"):
            builder.load(kubectl.context, wish.tag)


def _apply(kubectl: Kubectl, overlay: Overlay, say: Say) -> None:
    for job in overlay.jobs:  # it cannot be changed, only made anew
        kubectl.ask("delete", "job", job, "--ignore-not-found")
    answer = kubectl.apply(overlay.text)
    counts = Counter(line.rpartition(" ")[2] for line in answer.out.splitlines())
    say("  " + ", ".join(f"{counts[change]} {change}" for change in _CHANGES if counts[change]))
    for warning in answer.err.splitlines():
        say(f"  {warning}")


def _buy(shop: Shop, payment: bool, say: Say) -> None:
    try:
        smoke(shop.visit, lambda text: say(f"  {text}"), payment=payment)
    except SmokeError as error:
        raise ClusterError(f"Everything runs, and nothing could be bought. {error}") from error
