"""HTTP in: the shop's pages, one module for each thing that people do."""

from . import accounts, listing, orders, plain, selling, tickets
from .front import Front
from .refusals import install

ROUTERS = [one.router for one in (listing, tickets, selling, accounts, orders, plain)]

__all__ = ["ROUTERS", "Front", "install"]
