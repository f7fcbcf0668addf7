"""The language of the services: one module per publisher, each event declared once, there."""

from .catalogue import DEADLETTERS, STREAMS, Stream, stream_of
from .envelope import Event, EventData, EventType, Moment, Said, parse
from .expiration import EXPIRATION_COMPLETE, ExpirationComplete
from .orders import (
    HOLDING,
    ORDER_CANCELLED,
    ORDER_COMPLETED,
    ORDER_CONFIRMED,
    ORDER_CREATED,
    ORDER_EVENTS,
    ORDER_UPDATED,
    CancelReason,
    ConfirmedPayment,
    OrderState,
    OrderStatus,
    ReservedTicket,
)
from .payments import (
    PAYMENT_AUTHORIZED,
    PAYMENT_CREATED,
    PAYMENT_DECLINED,
    PAYMENT_FAILED,
    PAYMENT_REFUNDED,
    PaymentState,
    PaymentStatus,
)
from .tickets import (
    RESERVATION_REJECTED,
    TICKET_CREATED,
    TICKET_DELETED,
    TICKET_UPDATED,
    ReservationRejected,
    TicketState,
)
from .users import USER_CREATED, UserState

__all__ = [
    "DEADLETTERS",
    "EXPIRATION_COMPLETE",
    "HOLDING",
    "ORDER_CANCELLED",
    "ORDER_COMPLETED",
    "ORDER_CONFIRMED",
    "ORDER_CREATED",
    "ORDER_EVENTS",
    "ORDER_UPDATED",
    "PAYMENT_AUTHORIZED",
    "PAYMENT_CREATED",
    "PAYMENT_DECLINED",
    "PAYMENT_FAILED",
    "PAYMENT_REFUNDED",
    "RESERVATION_REJECTED",
    "STREAMS",
    "TICKET_CREATED",
    "TICKET_DELETED",
    "TICKET_UPDATED",
    "USER_CREATED",
    "CancelReason",
    "ConfirmedPayment",
    "Event",
    "EventData",
    "EventType",
    "ExpirationComplete",
    "Moment",
    "OrderState",
    "OrderStatus",
    "PaymentState",
    "PaymentStatus",
    "ReservationRejected",
    "ReservedTicket",
    "Said",
    "Stream",
    "TicketState",
    "UserState",
    "parse",
    "stream_of",
]
