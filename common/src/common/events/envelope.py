"""CloudEvents 1.0 in structured JSON (https://github.com/cloudevents/spec), with our extension attribute `repeat`."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from common.clock import rfc3339

Moment = Annotated[AwareDatetime, PlainSerializer(rfc3339, return_type=str, when_used="json")]
"""A time as it travels: RFC 3339, UTC, milliseconds."""


class EventData(BaseModel):
    """What an event carries: the whole public state of its aggregate, frozen. Unknown members are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    @property
    def subject(self) -> str:
        """The id of the aggregate it tells of."""
        return str(getattr(self, "id"))  # noqa: B009 (every state but two has an id; those say otherwise)


D = TypeVar("D", bound=EventData)
D_co = TypeVar("D_co", bound=EventData, covariant=True)


@dataclass(frozen=True, slots=True)
class EventType(Generic[D_co]):
    """A kind of event: its name (which ends in the schema's version) and what it carries."""

    name: str
    data: type[D_co]

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True, slots=True)
class Said:
    """An event that a decision wants published. `repeat`: said again, because an answer is missing."""

    type: EventType[Any]
    data: EventData
    repeat: bool = False


class Event(BaseModel, Generic[D]):
    """One event in its envelope; `time` is when it was said. A repeat has an id of its own and the state's version."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str | None = Field(default=None, exclude_if=lambda value: value is None)
    repeat: bool = Field(default=False, exclude_if=lambda value: not value)
    data: D

    def wire(self) -> bytes:
        """The bytes that are published."""
        return self.model_dump_json(by_alias=True).encode()


def parse(event_type: "EventType[D]", payload: bytes) -> "Event[D]":
    """The event in these bytes; `pydantic.ValidationError` where they are not one of this type."""
    kind: Any = Event[event_type.data]  # type: ignore[name-defined]
    event: Event[D] = kind.model_validate_json(payload)
    return event
