"""kubectl as functions: what it says as objects, what it refuses as an error of one sentence."""

import asyncio
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.cluster.credentials import decoded
from infra.local.settings import inherited

Json = dict[str, Any]
WITHIN = 120.0
_TAIL = 600


class KubectlError(Exception):
    """A command that failed, and what it said."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program answered."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """The end of what it complained of, or else of what it said."""
        return (self.err.strip() or self.out.strip())[-_TAIL:]


async def run(
    words: Sequence[str],
    *,
    stdin: str | None = None,
    within: float = WITHIN,
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Said:
    """Any program to its end. Ctrl-C reaches us alone, so that what has to be put back still can be."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        cwd=folder,
        env=inherited() | dict(env or {}),
    )
    try:
        async with asyncio.timeout(within):
            out, err = await process.communicate(None if stdin is None else stdin.encode())
    except TimeoutError:
        raise KubectlError(f"{' '.join(words)[:200]}: not done within {within:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Said(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))


@dataclass(frozen=True, slots=True)
class Kubectl:
    """Of one namespace, and of the present context."""

    namespace: str
    program: str = ""

    async def __call__(
        self, *words: str, stdin: str | None = None, within: float = WITHIN, check: bool = True, anywhere: bool = False
    ) -> Said:
        """One command; `anywhere` leaves the namespace to the words."""
        home = () if anywhere else ("--namespace", self.namespace)
        said = await run([self.program or find(), *home, *words], stdin=stdin, within=within)
        if check and said.code:
            raise KubectlError(f"kubectl {' '.join(words)[:200]}: {said.told}")
        return said

    async def json(self, *words: str, anywhere: bool = False) -> Json:
        """What a command prints as JSON."""
        found: Json = json.loads((await self(*words, "--output=json", anywhere=anywhere)).out)
        return found

    async def list(self, kinds: str, *words: str, anywhere: bool = False) -> list[Json]:
        """All objects of these kinds."""
        items: list[Json] = (await self.json("get", kinds, *words, anywhere=anywhere))["items"]
        return items

    async def get(self, kind: str, name: str) -> Json | None:
        """One object, if there is such a one."""
        said = await self("get", kind, name, "--output=json", "--ignore-not-found")
        return json.loads(said.out) if said.out.strip() else None

    async def raw(self, path: str) -> Json:
        """What the API server answers at a path."""
        found: Json = json.loads((await self("get", "--raw", path, anywhere=True)).out)
        return found

    async def create(self, objects: Iterable[Json]) -> None:
        """Makes these; all at once, so that nothing of them is there for long without the rest."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        await self("create", "--filename=-", stdin=text)

    async def exec(
        self, pod: str, *command: str, stdin: str | None = None, container: str = "", within: float = WITHIN
    ) -> Said:
        """A command in a pod; whatever comes of it."""
        which = ("--container", container) if container else ()
        flags = ("--stdin",) if stdin is not None else ()
        return await self("exec", pod, *flags, *which, "--", *command, stdin=stdin, within=within, check=False)

    async def secret(self, name: str) -> dict[str, str]:
        """What a secret holds."""
        found = await self.get("secret", name)
        if found is None:
            raise KubectlError(f"there is no secret {name} in {self.namespace}")
        return decoded(found)


def find() -> str:
    """The one on PATH, as for `infra.cluster`, or else the one that is installed beside our Python."""
    return shutil.which("kubectl") or str(Path(sys.executable).with_name("kubectl"))
