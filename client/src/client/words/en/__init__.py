"""English."""

from .live import LIVE
from .offline import OFFLINE
from .orders import ORDERS
from .paying import PAYING
from .problems import PROBLEMS
from .shop import SHOP

ENGLISH = {**SHOP, **LIVE, **OFFLINE, **ORDERS, **PAYING, **PROBLEMS}

__all__ = ["ENGLISH"]
