"""Published by auth."""

from .envelope import EventData, EventType


class UserState(EventData):
    """Somebody with an account."""

    id: str
    email: str
    version: int


USER_CREATED = EventType("user.created.v1", UserState)
