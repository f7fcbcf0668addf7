"""HTTP in: the shop's pages, one module for each thing that people do."""

from . import accounts, installed, language, listing, live, orders, paying, plain, selling, tickets
from .front import Front
from .refusals import install

_PAGES = (listing, live, tickets, selling, accounts, orders, paying, language, installed, plain)
ROUTERS = [*(one.router for one in _PAGES), live.streams]

__all__ = ["ROUTERS", "Front", "install"]
