"""Where the real servers' programs are: in wheels beside this Python, or on the PATH."""

import importlib.util
import platform
import shutil
import sys
import sysconfig
from pathlib import Path

from .errors import StackError


def require_platform() -> None:
    """Refuses a system on which the stack cannot run."""
    if sys.platform not in {"linux", "darwin"}:
        raise StackError(f"The stack runs on Linux and macOS, not on {platform.system()}: use WSL or a container.")


def mongod() -> str:
    """MongoDB's server; found without importing the package around it, which is slow."""
    spec = importlib.util.find_spec("fiftyone")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(folder) / "db" / "bin" / "mongod"
        if program.exists():
            return str(program)
    return _on_path("mongod", f"there is no wheel of it for {platform.system()} {platform.machine()}: install MongoDB")


def nats_server() -> str:
    """NATS."""
    return _beside_python("nats-server")


def caddy() -> str:
    """The gateway."""
    return _beside_python("caddy")


def redis_server() -> str:
    """The system's Redis where there is one, otherwise the wheel's."""
    return shutil.which("redis-server") or _beside_python("redis-server")


def _beside_python(name: str) -> str:
    program = Path(sysconfig.get_path("scripts")) / name
    return str(program) if program.exists() else _on_path(name, "run `make setup`, or install it")


def _on_path(name: str, remedy: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise StackError(f"{name} is missing: {remedy} so that it is on the PATH.")
    return program


def chromium() -> str:
    """The browser that the browser tests drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (program := shutil.which(name)) is not None:
            return program
    raise StackError("There is no Chromium here; on Debian and Ubuntu: sudo apt-get install chromium.")
