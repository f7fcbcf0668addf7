"""Published by expiration."""

from .envelope import EventData, EventType, Moment


class ExpirationComplete(EventData):
    """The time of a reservation is over, by expiration's clock."""

    order_id: str
    expires_at: Moment

    @property
    def subject(self) -> str:
        return self.order_id


EXPIRATION_COMPLETE = EventType("expiration.complete.v1", ExpirationComplete)
