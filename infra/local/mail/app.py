"""The HTTP side: `GET /messages` for programs, a page below /stand-in/mail/ for people."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from .store import MailStore

PREFIX = "/stand-in/mail"
_HERE = Path(__file__).parent
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
)
# A mail is a stranger's HTML: it runs nothing, fetches nothing and can be shown in our own page only.
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
_TRUTH = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class Pages:
    """Every route of the sink."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True)

    def routes(self) -> list[Route | Mount]:
        """What Starlette is given."""
        return [
            Route("/livez", self.alive),
            Route("/messages", self.messages, methods=["GET"]),
            Route("/messages", self.forget, methods=["DELETE"]),
            Route(PREFIX, self.to_list),
            Route(f"{PREFIX}/", self.list, methods=["GET"]),
            Route(f"{PREFIX}/{{id}}", self.mail),
            Route(f"{PREFIX}/{{id}}/html", self.html),
            Mount(f"{PREFIX}/static", StaticFiles(directory=_HERE / "static")),
        ]

    async def alive(self, request: Request) -> Response:  # noqa: ARG002
        return PlainTextResponse("ok")

    async def messages(self, request: Request) -> Response:
        recipient = request.query_params.get("to")
        mails = [mail for mail in self._store.newest_first() if recipient is None or recipient in mail.recipients]
        return JSONResponse([mail.public() for mail in mails], headers=_TRUTH)

    async def forget(self, request: Request) -> Response:  # noqa: ARG002
        self._store.clear()
        return Response(status_code=204)

    async def to_list(self, request: Request) -> Response:  # noqa: ARG002
        return RedirectResponse(f"{PREFIX}/", status_code=308)

    async def list(self, request: Request) -> Response:  # noqa: ARG002
        return self._page("list.html", mails=self._store.newest_first())

    async def mail(self, request: Request) -> Response:
        mail = self._store.get(request.path_params["id"])
        if mail is None:
            return self._page("gone.html", status=404)
        return self._page("mail.html", mail=mail)

    async def html(self, request: Request) -> Response:
        mail = self._store.get(request.path_params["id"])
        if mail is None or not mail.html:
            raise HTTPException(404)
        return HTMLResponse(mail.html, headers=_TRUTH | {"Content-Security-Policy": _MAIL_POLICY})

    def _page(self, template: str, status: int = 200, **values: object) -> Response:
        text = self._templates.get_template(template).render(base=PREFIX, **values)
        return HTMLResponse(text, status, headers=_TRUTH | {"Content-Security-Policy": _PAGE_POLICY})


def create_app(store: MailStore) -> Starlette:
    """The sink's HTTP application over this store."""
    return Starlette(routes=Pages(store).routes())
