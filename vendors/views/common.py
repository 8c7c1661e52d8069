"""What the pages of prices and publications share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audit.gates import Refused
from audit.refusing import put_errors
from documents import files


def attempt(form: forms.Form | None, act: Callable[[], Any], refusals: list[Any]) -> bool:
    """Take the action. False when it said no; it says so where it was typed, or at the top of the page."""
    try:
        act()
    except Refused as refused:
        refusals.extend(refused.refusals)
    except files.BadUpload:
        raise
    except ValidationError as wrong:
        if form is None:
            raise
        put_errors(wrong, form)
    else:
        return True
    return False
