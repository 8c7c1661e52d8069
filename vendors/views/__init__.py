"""Pages of laboratories, contracts and prices; a file a subject."""

from vendors.views.laboratories import laboratories, laboratory
from vendors.views.prices import prices, publish
from vendors.views.public import public_prices

__all__ = ["laboratories", "laboratory", "prices", "public_prices", "publish"]
