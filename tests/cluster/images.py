"""The same images under another tag: what an upgrade comes from."""

import asyncio
from collections.abc import Mapping

from infra.cluster.images import builder
from infra.cluster.kubectl import is_near
from infra.cluster.overlay import IMAGES, full_name
from infra.cluster.settings import ClusterSettings

from . import pods as read
from .cluster import Cluster
from .kubectl import Json, KubectlError, run

Images = Mapping[str, str]
"""By container."""


def of(workload: Json) -> Images:
    """Those of its containers that run an image of ours."""
    boxes = read.containers(workload["spec"]["template"]["spec"])
    return {box["name"]: box["image"] for box in boxes if read.ours(box["image"])}


def under(images: Images, tag: str) -> Images:
    """The same under another tag."""
    return {box: read.retagged(image, tag) for box, image in images.items()}


async def set_to(cluster: Cluster, workload: str, images: Images) -> None:
    """Begins to bring a workload to these images."""
    await cluster.kube("set", "image", workload, *(f"{box}={image}" for box, image in images.items()))


async def tag_in_use(cluster: Cluster) -> str:
    """The tag of our images that run now; nothing where none does."""
    for pod in await cluster.pods():
        for box in read.containers(pod["spec"]):
            if read.ours(box["image"]):
                return str(box["image"].rpartition(":")[2])
    return ""


async def make(cluster: Cluster, tag: str) -> None:
    """Gives every image that runs another tag too, where the cluster is one that images are loaded into.

    Anywhere else the registry has to have that tag already.
    """
    context = await context_of(cluster)
    if not is_near(context):
        return
    ours, present = builder("", "", ClusterSettings()), await tag_in_use(cluster)
    for image in IMAGES:
        said = await run([ours.program, "tag", full_name(image, present), full_name(image, tag)])
        if said.code:
            raise KubectlError(f"{image} could not be given the tag {tag}: {said.told}")
    await asyncio.to_thread(ours.load, context, tag)


async def context_of(cluster: Cluster) -> str:
    """The one that the kubeconfig chooses."""
    return (await cluster.kube("config", "current-context", anywhere=True)).out.strip()
