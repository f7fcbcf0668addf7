"""In the place of `subprocess`: what is in one folder is called as a function, all else is run."""

import io
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess
from typing import Any, Self

from .programs import answer


class InProcess:
    """As much of `subprocess` as `infra.cluster.shell` uses."""

    DEVNULL, PIPE = DEVNULL, PIPE

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(self, command: Sequence[str], **options: Any) -> CompletedProcess[str]:
        found = Path(shutil.which(command[0]) or "")
        if found.parent != self._folder:
            return subprocess.run(command, **options)  # noqa: PLW1510 (it is among the options)
        code, out, err = answer(str(self._folder), found.name, [*command[1:]], options.get("input") or "")
        return CompletedProcess(command, code, out, err)

    def Popen(self, command: Sequence[str], **_: Any) -> "_Said":  # noqa: N802
        _, out, __ = answer(str(self._folder), Path(command[0]).name, [*command[1:]], "")
        return _Said(io.StringIO(out))


class _Said:
    """A program that has ended already."""

    def __init__(self, stdout: io.StringIO) -> None:
        self.stdout = stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def kill(self) -> None:
        pass
