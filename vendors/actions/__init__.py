"""Every write of laboratories, contracts and prices."""

from vendors.actions.contracts import renew_contract
from vendors.actions.prices import publish_price

__all__ = ["publish_price", "renew_contract"]
