"""What the register's actions share."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _


def may(by: Any, permission: str, obj: Any = None) -> None:
    if not by.may(permission, obj):
        raise PermissionDenied(permission)


def needed(**texts: str) -> dict[str, str]:
    """The texts stripped; ValidationError by field for each that is empty."""
    stripped = {name: (text or "").strip() for name, text in texts.items()}
    if empty := [name for name, text in stripped.items() if not text]:
        raise ValidationError({name: _("This has to be filled in.") for name in empty})
    return stripped
