"""Small processes that stand for parts."""

import sys
from collections.abc import Mapping
from typing import Any

from infra.local.part import Part

PATIENT = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: exit(0)); time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)
SHORT = "raise SystemExit('nothing to do')"


def python(code: str) -> tuple[str, ...]:
    """A Python that starts fast."""
    return (sys.executable, "-S", "-E", "-c", code)


async def at_once(pid: int) -> bool:  # noqa: ARG001
    """Ready as soon as it runs."""
    return True


async def never(pid: int) -> bool:  # noqa: ARG001
    """Not ready, ever."""
    return False


def make_part(name: str = "part", code: str = PATIENT, **overrides: Any) -> Part:
    """A part that runs until it is asked to end."""
    values: Mapping[str, Any] = {"ready": at_once, "patience": 5.0, "grace": 5.0} | overrides
    return Part(name, python(code), **values)
