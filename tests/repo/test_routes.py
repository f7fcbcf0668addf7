"""Who may ask what: every route asks who it is, or stands on the public list; and each is on its service's page."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from client.pages import front
from common.web.identity import current_user

from .conftest import Running
from .services import Route, Service

WHO_IT_IS = frozenset({current_user, front._person})
"""What refuses a request that nobody signed in made."""
_DOCUMENTED = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/(?:[^\s`?|,;.)]|\.(?=\w))*)")


def _calls(dependant: Any) -> Iterator[object]:
    for one in dependant.dependencies:
        yield one.call
        yield from _calls(one)


def asks_who_it_is(route: Route) -> bool:
    return not WHO_IT_IS.isdisjoint(_calls(route.context.dependant))


def test_every_route_asks_who_it_is_or_is_public(service: Service) -> None:
    routes = service.routes()
    assert {route.name for route in routes if not asks_who_it_is(route)} == service.public
    assert service.public <= {route.name for route in routes}


async def test_nobody_gets_in(running: Running) -> None:
    """Not even to be told that what was sent makes no sense."""
    for route in running.service.routes():
        if route.is_public:
            continue
        answer = await running.client.request(route.method, route.at())
        if route.is_page:
            assert answer.status_code == 303, route.name
            assert answer.headers["location"].startswith("/signin"), route.name
        else:
            assert (answer.status_code, answer.json()["title"]) == (401, "Sign in first."), route.name


def test_its_page_tells_of_every_route(service: Service) -> None:
    documented = {f"{method} {path}" for method, path in _DOCUMENTED.findall(service.readme)}
    assert documented - {f"GET {path}" for path in ("/livez", "/readyz", "/metrics")} == {
        route.name for route in service.routes()
    }


def test_a_good_body_is_known_for_every_route_that_takes_one(service: Service) -> None:
    assert {route.name for route in service.routes() if route.context.body_field} == set(service.bodies)


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "NONSENSE"])
async def test_other_methods_are_refused(running: Running, method: str) -> None:
    for path in {route.at() for route in running.service.routes()}:
        answer = await running.client.request(method, path)
        assert (answer.status_code, bool(answer.headers["allow"])) == (405, True), path


async def test_other_addresses_are_unknown(running: Running) -> None:
    for path in ("/nothing", "/api/nothing", "/api", "/docs", "/openapi.json", "/livez/"):
        answer = await running.client.get(path)
        assert answer.status_code == 404, path
