"""What the platform asks: is it alive, is it ready, how does it do."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from .draining import Draining

Check = Callable[[], Awaitable[object]]
"""Raises when the part does not answer."""
_PATIENCE = 2.0


def router(checks: Mapping[str, Check], draining: Draining) -> APIRouter:
    """`/livez` touches nothing; `/readyz` asks every part, for 2 s at most; `/metrics` is Prometheus text.

    A process that is leaving is alive and not ready.
    """
    health = APIRouter(include_in_schema=False)

    @health.get("/livez")
    async def livez() -> Response:
        return JSONResponse({"status": "ok"})

    @health.get("/readyz")
    async def readyz() -> Response:
        if draining.active:
            return JSONResponse({"status": "leaving", "parts": {}}, 503)
        results = await asyncio.gather(*(_answers(check) for check in checks.values()))
        parts = dict(zip(checks, ("ok" if result else "down" for result in results), strict=True))
        return JSONResponse({"status": "ok" if all(results) else "down", "parts": parts}, 200 if all(results) else 503)

    @health.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return health


async def _answers(check: Check) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await check()
    except Exception:  # noqa: BLE001 (any failure to answer is the answer)
        return False
    return True
