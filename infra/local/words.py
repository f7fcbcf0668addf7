"""What the stack says to a person in a terminal."""

from collections.abc import Mapping
from typing import Any

from .layout import Layout
from .memory import proportional_bytes

_MIB = 2**20


def summary(addresses: Mapping[str, str | list[str]], layout: Layout, seconds: float) -> str:
    """Everything is ready: where, and what to try."""
    if "gateway" not in addresses:
        return f"Ready after {seconds:.1f} s: {', '.join(addresses)}. Ctrl-C stops everything."
    gateway = addresses["gateway"]
    return f"""
Ticketing is ready, after {seconds:.1f} s.

  The shop        {gateway}
                  {addresses["gateway-https"]} (once ticketing.dev means 127.0.0.1)
  Its mail        {gateway}/stand-in/mail/
  A card to try   4242 4242 4242 4242, any date to come, any code
                  4000 0000 0000 0002 is declined
  To fill it      make demo
  Logs            {layout.root / "log"}

Ctrl-C stops everything; from elsewhere, make stop does.
"""


def status(parts: list[dict[str, Any]], addresses: Mapping[str, str | list[str]], supervisor: int) -> str:
    """A table of the parts with their memory."""
    rows = [("part", "state", "pid", "restarts", "MiB", "address")]
    total = 0
    for part in [*parts, {"name": "supervisor", "state": "ready", "pid": supervisor, "restarts": 0}]:
        size = proportional_bytes(part["pid"]) if part["pid"] else 0
        total += size
        address = addresses.get(part["name"], "")
        rows.append(
            (
                part["name"],
                part["state"],
                str(part["pid"] or "-"),
                str(part["restarts"]),
                f"{size / _MIB:.0f}",
                address if isinstance(address, str) else "",
            )
        )
    rows.append(("all", "", "", "", f"{total / _MIB:.0f}", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
