"""What the acts on laboratories share."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from audit.gates import Refusal, Refused
from documents import files
from documents.files import Upload

LONGEST_REASON = 300


def hospital_of(by: Any, permission: str, obj: Any = None) -> Any:
    """The hospital somebody acts for; a bureau's post does nothing here. PermissionDenied."""
    if not by.may(permission, obj) or by.post is None or by.post.institution.is_bureau:
        raise PermissionDenied(permission)
    return by.post.institution


def refused(code: str, message: Any, *clauses: str, mend: str = "", label: Any = "") -> Refused:
    return Refused(Refusal(code, message, clauses, mend, label))


def reason_of(text: str, *clauses: str) -> str:
    """A reason, which nothing here is done without."""
    text = (text or "").strip()
    if not text:
        raise refused("reason", _("Give the reason."), *(clauses or ("A25",)))
    return text[:LONGEST_REASON]


def in_order(first: date | None, last: date | None, field: str = "valid_to") -> None:
    if first and last and last < first:
        raise ValidationError({field: _("The last day lies before the first.")})


def kept(file: Upload | None, by: Any, institution: Any = None) -> Any:
    """The stored file, or None. What belongs to no institution is a fact of the laboratory's, common to the county."""
    return files.store(file, by=by, institution=institution) if file else None
