"""How a page says what an action refused: at the field that bears the name, or at the top of the form."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


def put_errors(wrong: ValidationError, *into: Any) -> None:
    """Each error of an action at the form and field that bears its name, the rest at the top of the first form."""
    errors = wrong.message_dict if hasattr(wrong, "error_dict") else {NON_FIELD_ERRORS: wrong.messages}
    for name, said in errors.items():
        form = next((one for one in into if name in one.fields), None)
        if form is not None:
            form.add_error(name, said)
        else:
            into[0].add_error(None, said)
