"""Every write of laboratories, admissions, contracts and prices."""

from vendors.actions.price_changes import (
    check_change,
    draft_change,
    drop_change,
    drop_charge,
    drop_item,
    end_item,
    publish_change,
    put_charge,
    put_item,
    put_up,
    return_change,
    revise_change,
)
from vendors.actions.prices import publish_price
from vendors.actions.publications import (
    add_place,
    end_place,
    keep_channel,
    publish_list,
    record_check,
)

__all__ = [
    "add_place",
    "check_change",
    "draft_change",
    "drop_change",
    "drop_charge",
    "drop_item",
    "end_item",
    "end_place",
    "keep_channel",
    "publish_change",
    "publish_list",
    "publish_price",
    "put_charge",
    "put_item",
    "put_up",
    "record_check",
    "return_change",
    "revise_change",
]
