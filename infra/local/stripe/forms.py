"""Stripe's form encoding (`a[b]=c`, `a[0]=x`, `a[]=x`) and a reader that validates as it reads."""

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import InvalidRequest, Json, NoSuchParameter

PART = re.compile(r"\[([^\[\]]*)\]")
LONGEST = 5000
DEEPEST = 8


def decode(encoded: bytes) -> Json:
    """The nested parameters of a query string or form body."""
    try:
        pairs = parse_qsl(encoded.decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=1000)
    except ValueError as error:
        raise InvalidRequest("The request's parameters cannot be read.") from error
    tree: Json = {}
    for name, value in pairs:
        _put(tree, _path(name), value)
    return {name: _listed(value) for name, value in tree.items()}


def _path(name: str) -> list[str]:
    path = [name.partition("[")[0], *PART.findall(name)]
    if len(path) > DEEPEST:
        raise InvalidRequest("The parameters are nested too deeply.", param=name)
    return path


def _put(tree: Json, path: list[str], value: str) -> None:
    *parents, last = path
    for part in parents:
        child = tree.setdefault(part or str(len(tree)), {})
        if not isinstance(child, dict):
            raise InvalidRequest("A parameter is both a value and an object.", param=path[0])
        tree = child
    tree[last or str(len(tree))] = value


def _listed(value: Any) -> Any:
    """Objects whose names are all numbers are lists."""
    if not isinstance(value, dict):
        return value
    value = {name: _listed(child) for name, child in value.items()}
    if value and all(name.isdecimal() for name in value):
        return [value[name] for name in sorted(value, key=int)]
    return value


class Form:
    """Reads each parameter once; `finish` refuses what nobody asked for."""

    def __init__(self, values: Json, prefix: str = "") -> None:
        self._values = dict(values)
        self._prefix = prefix
        self._children: list[Form] = []

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def name(self, name: str) -> str:
        """The full name of a parameter, as errors give it."""
        return f"{self._prefix}[{name}]" if self._prefix else name

    def raw(self, name: str) -> Any:
        """The value as it came; None when absent."""
        return self._values.pop(name, None)

    def string(self, name: str) -> str | None:
        """A text; None when absent or empty."""
        value = self.raw(name)
        if value is not None and not isinstance(value, str):
            raise InvalidRequest(f"Invalid string: {self.name(name)}", param=self.name(name))
        if value and len(value) > LONGEST:
            raise InvalidRequest(f"{self.name(name)} is too long.", param=self.name(name))
        return value or None

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.string(name)
        if value is None:
            raise InvalidRequest(
                f"Missing required param: {self.name(name)}.", code="parameter_missing", param=self.name(name)
            )
        return value

    def integer(self, name: str, least: int = 0) -> int | None:
        """A whole number, not below `least`."""
        value = self.string(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?\d{1,15}", value):
            raise InvalidRequest(f"Invalid integer: {value}", code="parameter_invalid_integer", param=self.name(name))
        if int(value) < least:
            raise InvalidRequest(
                f"{self.name(name)} must be at least {least}.",
                code="parameter_invalid_integer",
                param=self.name(name),
            )
        return int(value)

    def boolean(self, name: str, default: bool = False) -> bool:
        """`true` or `false`."""
        value = self.string(name)
        if value not in {None, "true", "false"}:
            raise InvalidRequest(f"Invalid boolean: {value}", param=self.name(name))
        return default if value is None else value == "true"

    def choice(self, name: str, *choices: str) -> str | None:
        """One of the given texts."""
        value = self.string(name)
        if value is not None and value not in choices:
            raise InvalidRequest(
                f"Invalid {self.name(name)}: must be one of {', '.join(choices)}", param=self.name(name)
            )
        return value

    def strings(self, name: str) -> list[str]:
        """A list of texts; a single one counts as a list."""
        value = self.raw(name)
        values = [value] if isinstance(value, str) else value or []
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            raise InvalidRequest(f"Invalid array: {self.name(name)}", param=self.name(name))
        return [item for item in values if item]

    def child(self, name: str) -> "Form":
        """The parameters below this one; empty when absent."""
        value = self.raw(name)
        if value is not None and value != "" and not isinstance(value, dict):
            raise InvalidRequest(f"Invalid object: {self.name(name)}", param=self.name(name))
        form = Form(value or {}, self.name(name))
        self._children.append(form)
        return form

    def metadata(self, present: Json) -> Json:
        """The metadata after this request: keys are merged, an empty value unsets (docs.stripe.com/api/metadata)."""
        if "metadata" not in self:
            return present
        given = self.raw("metadata")
        if given == "":
            return {}
        if isinstance(given, list):
            given = {str(index): value for index, value in enumerate(given)}
        if not isinstance(given, dict):
            raise InvalidRequest("Invalid object: metadata", param="metadata")
        for key, value in given.items():
            self._check_metadata(key, value)
        merged = {key: value for key, value in {**present, **given}.items() if value != ""}
        if len(merged) > 50:  # noqa: PLR2004
            raise InvalidRequest("Metadata takes at most 50 keys.", param="metadata")
        return merged

    @staticmethod
    def _check_metadata(key: str, value: Any) -> None:
        if not isinstance(value, str) or len(key) > 40 or len(value) > 500:  # noqa: PLR2004
            raise InvalidRequest(
                "Metadata keys have at most 40 characters, values are texts of at most 500.", param=f"metadata[{key}]"
            )

    def finish(self) -> None:
        """Refuses what is left over."""
        for name in self._values:
            raise NoSuchParameter(self.name(name))
        for child in self._children:
            child.finish()
