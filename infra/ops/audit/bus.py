"""How far everybody is in every stream, as lines: read from JetStream, with a user who may ask it."""

import json
from collections.abc import AsyncIterator
from typing import Any

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError

from common.clock import now, rfc3339
from common.events import DEADLETTERS, STREAMS
from infra.ops.operator import OperatorError, OperatorSettings, operating

from .lines import CannotLookError, Line
from .routes import BUS, ROUTES


async def read(settings: OperatorSettings) -> AsyncIterator[bytes]:
    """The lines of the bus; `CannotLookError` where NATS is away."""
    lines = await found(settings)
    for line in [{"service": BUS, "at": rfc3339(now())}, *lines, {"ends": BUS, "lines": len(lines)}]:
        yield json.dumps(line, separators=(",", ":")).encode()


async def found(settings: OperatorSettings) -> list[Line]:
    """The end of each stream, how far each consumer is, and the dead letters; `CannotLookError` as above."""
    try:
        async with operating(settings) as jetstream:
            return [*await _streams(jetstream), *await _consumers(jetstream), *await _dead(jetstream)]
    except (OperatorError, NatsError, OSError) as error:
        raise CannotLookError(str(error)) from error


async def _streams(jetstream: JetStreamContext) -> list[Line]:
    infos = [await jetstream.stream_info(name) for name in STREAMS]
    return [{"stream": info.config.name, "last": info.state.last_seq} for info in infos]


async def _consumers(jetstream: JetStreamContext) -> list[Line]:
    lines = []
    for service, stream in ROUTES:
        try:
            info = await jetstream.consumer_info(stream, service)
        except NotFoundError:
            continue
        lines.append(await _consumer(jetstream, service, stream, info))
    return lines


async def _consumer(jetstream: JetStreamContext, service: str, stream: str, info: ConsumerInfo) -> Line:
    pending, unacked = info.num_pending or 0, info.num_ack_pending or 0
    floor = 0 if info.ack_floor is None else info.ack_floor.stream_seq
    oldest = await _stored_at(jetstream, stream, floor + 1) if pending or unacked else None
    counts = {"pending": pending, "unacked": unacked, "floor": floor}
    return {"consumer": service, "stream": stream, **counts, "alive": bool(info.num_waiting), "oldest": oldest}


async def _stored_at(jetstream: JetStreamContext, stream: str, sequence: int) -> str | None:
    """When the first message from there on was stored."""
    subject = f"$JS.API.STREAM.MSG.GET.{stream}"
    asked = json.dumps({"seq": sequence, "next_by_subj": ">"}).encode()
    answer: dict[str, Any] = json.loads((await jetstream._nc.request(subject, asked)).data)
    message = answer.get("message")
    return None if message is None else str(message["time"])


async def _dead(jetstream: JetStreamContext) -> list[Line]:
    try:
        info = await jetstream.stream_info(DEADLETTERS.name, subjects_filter=">")
    except NotFoundError:
        return []
    return [{"dead": subject, "count": count} for subject, count in sorted((info.state.subjects or {}).items())]
