"""Where everything of one stack lies: `.local/data/NAME/`, `.local/run/NAME.pid`, `.local/log/NAME.log`."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from .errors import StackError

REPOSITORY = Path(__file__).resolve().parents[2]
_MARK = ".ticketing-stack"
_SOCKET_LIMIT = 100
"""A unix socket's path has to fit into 104 bytes on some systems, 108 on others."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The folder of one stack; nobody but its owner may read any of it."""

    root: Path

    def claim(self) -> None:
        """Makes the folder ours; refuses one that holds something else, so that `reset` can never wipe a stranger's."""
        if self.root.exists() and not self.is_ours() and any(self.root.iterdir()):
            raise StackError(f"{self.root} holds something else: choose an empty folder with --root.")
        if len(str(self.socket)) > _SOCKET_LIMIT:
            raise StackError(f"The path {self.root} is too long for a socket: choose a shorter one with --root.")
        for folder in (self.root, self.root / "data", self.root / "run", self.root / "log"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        (self.root / _MARK).touch(mode=0o600)

    def is_ours(self) -> bool:
        """Whether a stack has lived here."""
        return (self.root / _MARK).exists()

    def wipe(self) -> None:
        """Removes everything the stack made."""
        if self.is_ours():
            shutil.rmtree(self.root)

    def data(self, name: str) -> Path:
        """The part's own folder, kept over restarts."""
        folder = self.root / "data" / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def wipe_data(self, name: str) -> None:
        """Removes what one part has kept."""
        shutil.rmtree(self.root / "data" / name, ignore_errors=True)
        self.data(name)

    def pid(self, name: str) -> Path:
        """Holds the process id of a part that runs."""
        return self.root / "run" / f"{name}.pid"

    def started(self, name: str) -> Path:
        """Holds when that process began: the same id with another time is somebody else."""
        return self.root / "run" / f"{name}.started"

    def log(self, name: str) -> Path:
        """What the part says, one older generation beside it."""
        return self.root / "log" / f"{name}.log"

    @property
    def credentials(self) -> Path:
        """Every password and key, made at the first start."""
        return self.root / "data" / "secrets.json"

    @property
    def ports(self) -> Path:
        """The ports of the last start, taken again where they are still free."""
        return self.root / "data" / "ports.json"

    @property
    def addresses(self) -> Path:
        """Each part's URL, for people and tests; there while the stack runs."""
        return self.root / "addresses.json"

    @property
    def ready(self) -> Path:
        """Exists from the moment everything answers until the stack begins to stop."""
        return self.root / "run" / "ready"

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.root / "run" / "supervisor.lock"

    @property
    def socket(self) -> Path:
        """Where the supervisor takes commands."""
        return self.root / "run" / "control.sock"


def write_private(path: Path, text: str) -> None:
    """Replaces a file whole, readable by its owner alone."""
    draft = path.with_name(f".{path.name}.draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)
