"""One supervisor for one folder."""

import fcntl
import os
from types import TracebackType
from typing import Self

from .errors import StackError
from .layout import Layout


class Lock:
    """Held while the block runs, and let go by the system whatever becomes of the process."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._file = -1

    def __enter__(self) -> Self:
        self._file = os.open(self._layout.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise StackError(
                f"A stack already runs in {self._layout.root}: look at it with `make status`, end it with `make stop`."
            ) from None
        os.ftruncate(self._file, 0)
        os.write(self._file, str(os.getpid()).encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)


def is_held(layout: Layout) -> bool:
    """Whether a supervisor lives there."""
    if not layout.lock.exists():
        return False
    file = os.open(layout.lock, os.O_RDWR)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def holder(layout: Layout) -> int:
    """The process id of the supervisor that holds it."""
    return int(layout.lock.read_text())
