"""How dead letters look: to a person, and to a program."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from common.clock import rfc3339

from .box import Letter

_REASON_WIDTH = 70
_COLUMNS = ("no", "given up", "by", "subject", "tries", "redrives", "reason")


def table(letters: Sequence[Letter]) -> str:
    """One line for each, oldest first, and how many there are."""
    if not letters:
        return "There are no dead letters."
    rows = [_COLUMNS, *(_row(one) for one in letters)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, f"{len(letters)} dead letter{'s' if len(letters) > 1 else ''}."])


def whole(one: Letter) -> str:
    """Everything about one, with its contents."""
    told = facts(one)
    contents = json.dumps(told.pop("payload"), indent=2, ensure_ascii=False)
    width = max(map(len, told))
    return "\n".join([*(f"{name.ljust(width)}  {value}" for name, value in told.items()), contents])


def facts(one: Letter, *, payload: bool = True) -> dict[str, Any]:
    """As a program wants it; contents that are no JSON are base64."""
    letter = one.letter
    told: dict[str, Any] = {
        "number": one.number,
        "service": letter.service,
        "stream": letter.stream,
        "sequence": letter.sequence,
        "messageId": letter.message_id,
        "subject": letter.subject,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "redrives": letter.redrives,
        "time": rfc3339(letter.time),
    }
    return told | ({"payload": _contents(letter.payload)} if payload else {})


def _row(one: Letter) -> tuple[str, ...]:
    letter = one.letter
    reason = letter.reason if len(letter.reason) <= _REASON_WIDTH else letter.reason[: _REASON_WIDTH - 1] + "…"
    counts = (str(letter.attempts), str(letter.redrives))
    return (str(one.number), rfc3339(letter.time), letter.service, letter.subject, *counts, reason)


def _contents(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return base64.b64encode(payload).decode()
