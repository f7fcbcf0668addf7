"""Which language the shop speaks to whoever looks."""

from starlette.responses import Response

from client.domain import safe_next
from client.words import LANGUAGES
from common.errors import Invalid

from .forms import Typed
from .front import CurrentPage
from .router import page_router

router = page_router()


@router.post("/language")
async def language(page: CurrentPage, typed: Typed) -> Response:
    """Remembers the language that was chosen, and goes back."""
    chosen = typed.get("language", "")
    if chosen not in LANGUAGES:
        raise Invalid
    return page.speak(chosen, safe_next(typed.get("back")))
