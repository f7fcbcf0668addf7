"""`make k8s`, followed line by line: how long each of its phases takes. And the way back, to nothing."""

import asyncio
import re
import sys
import time
from collections.abc import Sequence

from infra.local.layout import REPOSITORY

from .cluster import Cluster
from .findings import Findings, duration

_UP_WITHIN = 3600.0
_GONE_WITHIN = 300.0
_END = re.compile(r"after [\d.]+ min \((?P<phases>[^)]*)\)")
Mark = tuple[float, str]
"""A line, with the seconds since the start."""


async def remove(cluster: Cluster) -> float:
    """Deletes the namespace with all that is in it, volumes too; the seconds."""
    began = time.monotonic()
    words = ("delete", "namespace", cluster.kube.namespace, "--ignore-not-found", "--wait=true")
    await cluster.kube(*words, within=_GONE_WITHIN, anywhere=True)
    return time.monotonic() - began


async def bring_up(cluster: Cluster, findings: Findings, overlay: str, tag: str = "") -> bool:
    """What `make k8s` does; how long each part of it took. With a tag the images are there already."""
    options = cluster.options
    words = ["up", "--overlay", overlay, "--url", options.url, "--yes"]
    words += ["--connect", options.connect] if options.connect else []
    words += ["--tag", tag, "--no-build"] if tag else []
    marks: list[Mark] = []
    code = await _follow(cluster, [sys.executable, "-m", "infra.cluster", *words], marks)
    last = marks[-1] if marks else (0.0, "it said nothing")
    findings.checked(f"`make k8s` with {overlay} ends well", code == 0, f"{duration(last[0])}: {last[1]}")
    findings.listed(f"`make k8s` with {overlay}, minutes by phase", ["phase", "minutes"], phases(marks))
    return code == 0


def phases(marks: Sequence[Mark]) -> list[tuple[str, str]]:
    """From its last sentence: `... after 5.3 min (images 3.1, loading 0.5)`."""
    for _, line in reversed(marks):
        if found := _END.search(line):
            parts = (part.strip().rpartition(" ") for part in found["phases"].split(","))
            return [(name, minutes) for name, _, minutes in parts]
    return []


async def _follow(cluster: Cluster, words: Sequence[str], marks: list[Mark]) -> int:
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    began = time.monotonic()
    try:
        async with asyncio.timeout(_UP_WITHIN):
            while process.stdout and (line := await process.stdout.readline()):
                text = line.decode(errors="replace").rstrip()
                marks.append((time.monotonic() - began, text))
                cluster.say(f"    {text}")
            return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
