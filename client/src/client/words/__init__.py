"""Every word that the shop says, in one catalogue for each language; names in braces are filled in."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from string import Formatter

from babel import Locale
from markupsafe import Markup, escape

from .de import GERMAN
from .en import ENGLISH

__all__ = ["DEFAULT", "ENGLISH", "GERMAN", "LANGUAGES", "Words"]

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "de": GERMAN}
"""By BCP 47 tag; every one has the same keys."""
DEFAULT = "en"
"""For visitors who read none of them."""


class Words:
    """One language. What is filled into a sentence is escaped, unless it is markup already."""

    def __init__(self, catalogue: Mapping[str, str], language: str, number: Callable[[int], str] = str) -> None:
        """`number` writes the numbers that are counted."""
        self.language = language
        self._catalogue = catalogue
        self._form: Callable[[int], str] = Locale.parse(language).plural_form
        self._number = number

    def __call__(self, key: str, /, **values: object) -> Markup:
        """The sentence named `key`; `KeyError` where there is none, or where it wants a value that was not given."""
        sentence = self._catalogue[key]
        return Markup("".join(_filled(sentence, values)) if values else sentence)  # noqa: S704 (escaped there)

    def count(self, key: str, count: int, /, **values: object) -> Markup:
        """The form of the sentence that fits the number: `key.one`, `key.other`, or whatever the language has."""
        return self(f"{key}.{self._form(count)}", count=self._number(count), **values)

    def problem(self, code: str, field: str | None = None) -> Markup:
        """What an API refused, by its problem's code; what it says itself is in English, and meant for programs."""
        keys = (f"problem.{code}", f"problem.field.{field}", "problem")
        return self(next(key for key in keys if key in self._catalogue))

    def __contains__(self, key: str) -> bool:
        return key in self._catalogue


def _filled(sentence: str, values: Mapping[str, object]) -> Iterator[str]:
    for said, name in _taken_apart(sentence):
        yield said
        if name is not None:
            yield escape(values[name])


@cache
def _taken_apart(sentence: str) -> list[tuple[str, str | None]]:
    """What is said before each value, and the value's name. `Markup.format` would do this again for each row."""
    return [(said, name) for said, name, _, _ in Formatter().parse(sentence)]
