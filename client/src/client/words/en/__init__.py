"""English."""

from .orders import ORDERS
from .shop import SHOP

ENGLISH = {**SHOP, **ORDERS}

__all__ = ["ENGLISH"]
