"""HTTP in: `/api/users`."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from common.web import Provided, api_router
from common.web.identity import maybe_user

from .schemas import CurrentUserOut, Nothing, SignIn, SignUp, UserOut
from .service import Users
from .tokens import clear

router = api_router("/api/users", "users")
Service = Annotated[Users, Provided]


@router.post("/signup", status_code=201)
async def sign_up(users: Service, body: SignUp, request: Request, response: Response) -> UserOut:
    """Makes an account and signs its owner in."""
    session = await users.sign_up(body.email, body.password)
    session.put(request, response)
    return UserOut.of(session.user)


@router.post("/signin")
async def sign_in(users: Service, body: SignIn, request: Request, response: Response) -> UserOut:
    """Signs in."""
    session = await users.sign_in(body.email, body.password)
    session.put(request, response)
    return UserOut.of(session.user)


@router.post("/signout")
async def sign_out(request: Request, response: Response) -> Nothing:
    """Signs out of this browser."""
    clear(request, response)
    return Nothing()


class BareRoute(APIRoute):
    """A route whose function takes the request and gives the answer itself: asked with every page, it costs the least.

    Solving parameters and serialising a model would cost it half as much again.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The function as it is."""
        return self.endpoint


bare_router = APIRouter(prefix="/api/users", tags=["users"], route_class=BareRoute)


@bare_router.get("/currentuser", response_model=CurrentUserOut)
async def current_user(request: Request) -> Response:
    """Who is signed in, by the session alone, without a query."""
    body = CurrentUserOut.of(await maybe_user(request)).model_dump_json(by_alias=True)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
