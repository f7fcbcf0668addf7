"""The services' APIs, as the shop speaks to them for one person at a time; `http` is the real way."""

from .protocol import Backend, OrderPage, Payment, Session, Written

__all__ = ["Backend", "OrderPage", "Payment", "Session", "Written"]
