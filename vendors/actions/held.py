"""What the actions of prices and publications share."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from audit.gates import Refusal, Refused


def may(by: Any, permission: str, obj: Any = None) -> None:
    """Machines load demo and reference data; people need their post's permission."""
    if not by.is_machine and not by.may(permission, obj):
        raise PermissionDenied(permission)


def needed(**texts: str) -> dict[str, str]:
    """The texts stripped; ValidationError by field for each that is empty."""
    stripped = {name: (text or "").strip() for name, text in texts.items()}
    if empty := [name for name, text in stripped.items() if not text]:
        raise ValidationError({name: _("This has to be filled in.") for name in empty})
    return stripped


def refused(code: str, message: Any, clauses: tuple[str, ...] = (), mend: str = "", label: Any = "") -> Refused:
    return Refused(Refusal(code, message, clauses, mend, label))
