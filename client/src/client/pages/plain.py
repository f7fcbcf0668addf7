"""Files, and colours."""

from starlette.responses import Response

from client.domain import safe_next
from common.errors import Invalid, NotFound

from .forms import Typed
from .front import AUTO, THEMES, CurrentPage
from .router import page_router

router = page_router()
_FOR_GOOD = "public, max-age=31536000, immutable"


@router.get("/static/{name}")
async def static(page: CurrentPage, name: str) -> Response:
    """A file with its content's hash in its name."""
    found = page.front.renderer.assets.find(name)
    if found is None:
        raise NotFound
    asset, exact = found
    caching = {"Cache-Control": _FOR_GOOD if exact else "no-store"}
    return Response(asset.content, media_type=asset.media_type, headers=caching)


@router.post("/theme")
async def theme(page: CurrentPage, typed: Typed) -> Response:
    """Remembers light or dark, and goes back."""
    chosen = typed.get("theme", "")
    if chosen not in (*THEMES, AUTO):
        raise Invalid
    return page.theme(chosen, safe_next(typed.get("back")))
