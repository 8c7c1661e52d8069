"""Every write of the catalog, one subject a file."""

from catalog.actions.drafting import discard, name_expert, release_expert, set_head, start_draft
from catalog.actions.editions import call_back, put_in_force, retire
from catalog.actions.reviewing import (
    accept_objection,
    answer,
    check,
    close_review,
    comment,
    confirm_rows,
    open_review,
    reject_objection,
    return_to_draft,
    sign_off,
    take_back_confirmation,
    withdraw_objection,
)
from catalog.actions.rows import add_row, change_row, remove_row, take_from

__all__ = [
    "accept_objection",
    "add_row",
    "answer",
    "call_back",
    "change_row",
    "check",
    "close_review",
    "comment",
    "confirm_rows",
    "discard",
    "name_expert",
    "open_review",
    "put_in_force",
    "reject_objection",
    "release_expert",
    "remove_row",
    "retire",
    "return_to_draft",
    "set_head",
    "sign_off",
    "start_draft",
    "take_back_confirmation",
    "take_from",
    "withdraw_objection",
]
