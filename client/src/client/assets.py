"""Files for the browser: read once, named by their content, kept by browsers for good."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOM = Path(__file__).parent / "static"
_BUNDLES: Mapping[str, Sequence[str]] = {
    "shop.css": ("tokens.css", "shop.css"),
    "shop.js": ("zone.js", "shop.js", "offline.js"),
    "live.js": ("live.js",),
    "pay.js": ("pay.js",),
    "icon.svg": ("icon.svg",),
    **{f"icon-{size}.png": (f"icon-{size}.png",) for size in ("48", "192", "512", "maskable-512", "touch-180")},
}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_NAME = re.compile(r"(?P<stem>[a-z0-9-]+)\.(?P<digest>[0-9a-f]{12})(?P<ending>\.[a-z]+)")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    name: str
    content: bytes
    media_type: str


class Assets:
    """The files in `static/`, put together."""

    def __init__(self, room: Path = _ROOM) -> None:
        self._assets = {name: _load(room, name, parts) for name, parts in _BUNDLES.items()}

        self.worker = (room / "sw.js").read_text()
        """Has an address that never changes, and so is none of them."""

    def current(self, name: str) -> Asset:
        """The file, whatever its content."""
        return self._assets[name]

    def path(self, name: str) -> str:
        """Where the browser finds `name`."""
        return f"/static/{self._assets[name].name}"

    def find(self, asked: str) -> tuple[Asset, bool] | None:
        """The file, and whether it is the very one that was asked for.

        While a new version is rolled out, a page of one version may ask a process of the other: it gives what it has.
        """
        found = _NAME.fullmatch(asked)
        asset = self._assets.get(found["stem"] + found["ending"]) if found else None
        return None if asset is None else (asset, asset.name == asked)


def _load(room: Path, name: str, parts: Sequence[str]) -> Asset:
    content = b"\n".join((room / part).read_bytes() for part in parts)
    stem, ending = Path(name).stem, Path(name).suffix
    return Asset(f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{ending}", content, _TYPES[ending])
