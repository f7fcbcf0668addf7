"""`skaffold dev` in a copy of the repository: a changed template and changed Python, seen through the ingress."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from httpx import AsyncClient, HTTPError

from infra.local.layout import REPOSITORY
from tests.cluster.cluster import Cluster, NotReady
from tests.cluster.door import door
from tests.cluster.findings import Findings, duration
from tests.cluster.images import tag_in_use
from tests.cluster.kubectl import run as run_program
from tests.cluster.options import LOCAL
from tests.cluster.up import bring_up

TITLE = "`skaffold dev`: a change seen in the running shop"
COPY = LOCAL / "cluster-skaffold"
SECONDS = 3.0
_DEPLOYED = "Watching for changes"
_DEPLOYED_WITHIN, _SEEN_WITHIN, _ENDED_WITHIN = 2400.0, 60.0, 120.0
_TEMPLATE = "client/src/client/templates/base.html"
_BODY = "<body"
_NO_CURSOR = "/api/tickets?cursor=none"
_LOOK_EVERY = 0.1


async def run(cluster: Cluster, findings: Findings) -> None:
    """The step. The shop that was there is put back in the end."""
    if shutil.which("skaffold") is None:
        findings.noted("Not run: there is no skaffold on the PATH.")
        return
    tag = await tag_in_use(cluster)
    await copy_repository()
    try:
        async with developing(cluster, findings), door(cluster.options) as http:
            await cluster.all_settled()
            await cluster.smoke(findings, "a purchase in what `skaffold dev` has deployed")
            await change_template(findings, http)
            await change_python(findings, http)
    finally:
        back = await bring_up(cluster, Findings("", ""), cluster.options.overlay, tag)
        findings.checked(f"{cluster.options.overlay} is back", back)
        shutil.rmtree(COPY, ignore_errors=True)


async def copy_repository() -> None:
    """All that git would keep, so that nothing is changed where somebody works."""
    shutil.rmtree(COPY, ignore_errors=True)
    words = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    said = await run_program(words, folder=REPOSITORY)
    for name in filter(None, said.out.split("\0")):
        source, target = REPOSITORY / name, COPY / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


@asynccontextmanager
async def developing(cluster: Cluster, findings: Findings) -> AsyncIterator[None]:
    """While the block runs `skaffold dev` does; what it has deployed stays."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *("skaffold", "dev", "--cleanup=false", "--interactive=false"),
        cwd=COPY,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    deployed = asyncio.Event()
    listening = asyncio.create_task(_listen(cluster, process, deployed))
    try:
        await _either(deployed.wait(), process.wait(), _DEPLOYED_WITHIN)
        if not deployed.is_set():
            raise NotReady(f"`skaffold dev` did not come so far as to watch; exit code {process.returncode}")
        took = duration(time.monotonic() - began)
        findings.checked("`skaffold dev` builds, deploys and watches", good=True, figure=took)
        yield
    finally:
        await _end(process)
        await listening


async def _either(one: Awaitable[object], other: Awaitable[object], within: float) -> None:
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.wait(tasks, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _listen(cluster: Cluster, process: asyncio.subprocess.Process, deployed: asyncio.Event) -> None:
    while process.stdout and (line := await process.stdout.readline()):
        text = line.decode(errors="replace").rstrip()
        if not deployed.is_set():
            cluster.say(f"    {text}")
        if _DEPLOYED in text:
            deployed.set()


async def _end(process: asyncio.subprocess.Process) -> None:
    """As Ctrl-C in a terminal does: everything that it has started hears it too."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if process.returncode is None:
            os.killpg(process.pid, number)
            try:
                await asyncio.wait_for(process.wait(), _ENDED_WITHIN)
            except TimeoutError:
                continue


async def change_template(findings: Findings, http: AsyncClient) -> None:
    """A mark in the template of every page."""
    mark = f"<!-- {time.time_ns()} -->"
    path = COPY / _TEMPLATE
    text = path.read_text()
    assert _BODY in text, path
    path.write_text(text.replace(_BODY, f"{mark}{_BODY}", 1))

    async def seen() -> bool:
        return mark in (await http.get("/")).text

    await _seen(findings, "a changed template", seen)


async def change_python(findings: Findings, http: AsyncClient) -> None:
    """Another sentence for a page that is not there."""
    sentence = (await http.get(_NO_CURSOR)).json()["errors"][0]["message"]
    path = _says(COPY / "tickets" / "src", sentence)
    mark = f"{sentence} {time.time_ns()}"
    path.write_text(path.read_text().replace(sentence, mark))

    async def seen() -> bool:
        return mark in (await http.get(_NO_CURSOR)).text

    await _seen(findings, f"a changed line of Python ({path.relative_to(COPY)})", seen)


def _says(folder: Path, sentence: str) -> Path:
    for path in sorted(folder.rglob("*.py")):
        if sentence in path.read_text():
            return path
    raise NotReady(f"no file below {folder} says «{sentence}»")


async def _seen(findings: Findings, what: str, look: Callable[[], Awaitable[bool]]) -> None:
    began = time.monotonic()
    while time.monotonic() - began < _SEEN_WITHIN:
        try:
            if await look():
                break
        except (HTTPError, ValueError):
            pass  # while the process is loaded anew nobody answers
        await asyncio.sleep(_LOOK_EVERY)
    took = time.monotonic() - began
    findings.checked(f"{what} is seen through the ingress within {SECONDS:g} s", took < SECONDS, f"{took:.1f} s")
