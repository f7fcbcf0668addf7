"""What people type: read, checked on the spot, and shown again with what is wrong beside its field."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from client.domain import MOST_CENTS, TITLE_LENGTH, typed_cents
from client.errors import Refused, Silent
from client.formats import Formats
from client.render import Localizer
from client.words import Words

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_EMAIL_LENGTH = 254
_PASSWORD_LEAST, _PASSWORD_MOST = 8, 128
_MOST_FIELDS = 20
_UNANSWERED = 503
_UNAUTHORIZED, _NOT_FOUND = 401, 404
T = TypeVar("T")


async def _typed(request: Request) -> Mapping[str, str]:
    form = await request.form(max_files=0, max_fields=_MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}


Typed = Annotated[Mapping[str, str], Depends(_typed)]
"""The fields of a posted form."""


@dataclass(frozen=True, slots=True)
class General:
    """What is wrong with a form as a whole."""

    title: str
    say: str


@dataclass(slots=True)
class Form:
    """A form with what was typed and what is wrong."""

    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict)
    general: General | None = None
    status: int = 400

    @property
    def wrong(self) -> bool:
        return bool(self.errors or self.general)

    def value(self, name: str) -> str:
        """What was typed."""
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        """What is wrong with this field, if anything."""
        return self.errors.get(name, "")

    def refuse(self, problem: Refused | Silent, words: Words, title: str) -> "Form":
        """With what an API refused: by field where it names one of ours, otherwise under `title`."""
        if isinstance(problem, Silent):
            self.status = _UNANSWERED
            self.general = General(words("form.unanswered"), words("form.unanswered.say"))
            return self
        for one in problem.errors:
            if one.field and one.field in self.values:
                self.errors[one.field] = words.problem(problem.reason, one.field)
        if not self.errors:
            self.general = General(title, words.problem(problem.reason))
        return self


async def attempt(action: Awaitable[T], *, all_refusals: bool = False) -> T | Refused | Silent:
    """What it gives, or why not. Unless `all_refusals`, what nobody can put right in a form goes on to its own page."""
    try:
        return await action
    except Refused as refused:
        if refused.answered in {_UNAUTHORIZED, _NOT_FOUND} and not all_refusals:
            raise
        return refused
    except Silent as silent:
        return silent


def offer(values: Mapping[str, str], localizer: Localizer) -> tuple[Form, str, int]:
    """The form of a ticket, its title and its price in cents (0 where it is none)."""
    words, formats = localizer.words, localizer.formats
    form = Form({name: values.get(name, "") for name in ("title", "price")})
    title = " ".join(form.value("title").split(" ")).strip()
    if not title:
        form.errors["title"] = words("form.title.none")
    elif len(title) > TITLE_LENGTH:
        form.errors["title"] = words("form.title.long", most=TITLE_LENGTH)
    elif any(unicodedata.category(one) in {"Cc", "Cs"} for one in title):
        form.errors["title"] = words("form.title.lines")
    cents = typed_cents(form.value("price"), formats.style)
    if cents is None:
        form.errors["price"] = words("form.price.bad", least=formats.money(0), example=formats.typed(8400))
    elif cents > MOST_CENTS:
        form.errors["price"] = words("form.price.much", most=formats.money(MOST_CENTS))
    return form, title, cents or 0


def filled(title: str, cents: int, formats: Formats) -> Form:
    """The form of a ticket as it is."""
    return Form({"title": title, "price": formats.typed(cents)})


def _credentials(values: Mapping[str, str], words: Words) -> Form:
    form = Form({name: values.get(name, "") for name in ("email", "password")})
    email = form.value("email").strip()
    if len(email) > _EMAIL_LENGTH or not _EMAIL.fullmatch(email) or not email.isprintable():
        form.errors["email"] = words("form.email.bad")
    if not form.value("password"):
        form.errors["password"] = words("form.password.none")
    return form


def signing_in(values: Mapping[str, str], words: Words) -> Form:
    """An email address and a password."""
    return _credentials(values, words)


def signing_up(values: Mapping[str, str], words: Words) -> Form:
    """An email address and a password that is good enough."""
    form = _credentials(values, words)
    length = len(form.value("password"))
    if 0 < length < _PASSWORD_LEAST:
        form.errors["password"] = words("form.password.short")
    elif length > _PASSWORD_MOST:
        form.errors["password"] = words("form.password.long")
    return form


Check = Callable[[Mapping[str, str], Words], Form]
