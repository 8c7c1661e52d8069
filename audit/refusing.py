"""How an action refuses, and how a page says what it refused: at the field that bears the name, or at the top."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from audit.gates import Refused


def may(by: Any, permission: str, obj: Any = None) -> None:
    """For acts that move no status: the permission that a step would ask. PermissionDenied without it."""
    if not by.may(permission, obj):
        raise PermissionDenied(permission)


def needed(**texts: str) -> dict[str, str]:
    """The texts stripped; ValidationError by field for each that is empty."""
    stripped = {name: (text or "").strip() for name, text in texts.items()}
    if empty := [name for name, text in stripped.items() if not text]:
        raise ValidationError({name: _("This has to be filled in.") for name in empty})
    return stripped


def tried(form: Any, act: Callable[[], Any]) -> tuple[Any, list[Any]]:
    """Take the action once the form holds: (what was made, refusals). An error of the action stands at its field."""
    if not (form.is_bound and form.is_valid()):
        return None, []
    try:
        return act(), []
    except Refused as refused:
        return None, list(refused.refusals)
    except ValidationError as wrong:
        put_errors(wrong, form)
        return None, []


def put_errors(wrong: ValidationError, *into: Any) -> None:
    """Each error of an action at the form and field that bears its name, the rest at the top of the first form."""
    errors = wrong.message_dict if hasattr(wrong, "error_dict") else {NON_FIELD_ERRORS: wrong.messages}
    for name, said in errors.items():
        form = next((one for one in into if name in one.fields), None)
        if form is not None:
            form.add_error(name, said)
        else:
            into[0].add_error(None, said)
