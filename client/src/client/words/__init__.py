"""Every word that the shop says, in one catalogue for each language; names in braces are filled in."""

from collections.abc import Mapping

from markupsafe import Markup

from .en import ENGLISH

__all__ = ["ENGLISH", "Words"]


class Words:
    """One language. What is filled into a sentence is escaped, unless it is markup already."""

    def __init__(self, catalogue: Mapping[str, str]) -> None:
        self._catalogue = {key: Markup(sentence) for key, sentence in catalogue.items()}  # noqa: S704 (our own words)

    def __call__(self, key: str, /, **values: object) -> Markup:
        """The sentence named `key`; `KeyError` where there is none, or where it wants a value that was not given."""
        return self._catalogue[key].format(**values) if values else self._catalogue[key]

    def count(self, key: str, count: int, /, **values: object) -> Markup:
        """The form of the sentence that fits the number: `key.one` or `key.other`."""
        return self(f"{key}.{'one' if count == 1 else 'other'}", count=f"{count:,}", **values)

    def __contains__(self, key: str) -> bool:
        return key in self._catalogue
