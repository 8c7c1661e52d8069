"""A laboratory's bill given in, looked through, confirmed and recorded: all of it or nothing (A28)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from audit.declaring import step
from audit.gates import Refusal, Refused
from audit.refusing import may
from documents import files
from documents.files import Upload
from referrals.gates.words import link
from referrals.models import Reconciliation
from vendors.models import Laboratory, Statement, StatementMapping, StatementUpload
from vendors.statement_reading import FIELDS, fits, plain

GIVE_IN = "referrals.give_in_statement"
MONTH = re.compile(r"20\d{2}-(0[1-9]|1[0-2])")
Status = StatementUpload.Status


def own_hospital(by: User, permission: str) -> Institution:
    """Bills are given in for one's own hospital and no other."""
    place = by.post.institution if by.post else None
    if place is None or place.is_bureau or not by.may(permission, place):
        raise PermissionDenied(permission)
    return place


@transaction.atomic
def give_in(*, upload: Upload, laboratory: Laboratory, month: str, by: User, reason: str = "") -> StatementUpload:
    """Give in a laboratory's bill of a month to be looked through; nothing is recorded yet.

    The same file is not taken twice: the one that has it is returned. Where a statement of the month stands already, the
    new file replaces it when it is recorded, and `reason` says why.
    """
    place = own_hospital(by, GIVE_IN)
    month = checked_month(month)
    refuse_closed(place.pk, laboratory.pk, month)
    same = StatementUpload.objects.filter(institution=place, laboratory=laboratory, file_sha256=upload.sha256)
    if known := same.open().filter(month=month).first():
        return known
    done = same.filter(status=Status.DONE, statement__superseded_at__isnull=True).first()
    if done and done.month == month:
        return done
    if done:
        message = _("This very file is the statement of %(month)s.") % {"month": done.month}
        raise ValidationError({"month": message})
    refuse_silent_replacement(place.pk, laboratory.pk, month, reason)
    remembered = StatementMapping.objects.filter(institution=place, laboratory=laboratory).first()
    columns = remembered.columns if remembered and fits(upload.content, remembered.columns) else {}
    with step("statement.given_in", reason=reason, clause="A28"):
        stored = files.store(upload, by=by, institution=place, holds_identity=True)
        try:
            with transaction.atomic():
                return StatementUpload.objects.create(
                    institution=place,
                    laboratory=laboratory,
                    month=month,
                    file=stored,
                    file_sha256=stored.sha256,
                    file_name=stored.name,
                    reason=reason.strip(),
                    columns=columns,
                    given_in_by=by,
                    given_in_post=by.post,
                    status=Status.TO_CHECK if columns else Status.MAPPING,
                )
        except IntegrityError:
            return same.open().get(month=month)


def checked_month(month: str) -> str:
    month = month.strip()
    if not MONTH.fullmatch(month):
        raise ValidationError({"month": _("A month is written as 2026-09.")})
    if month > f"{timezone.localdate():%Y-%m}":
        raise ValidationError({"month": _("This month has not begun.")})
    return month


def refuse_closed(institution: int, laboratory: int, month: str) -> None:
    closed = Reconciliation.objects.filter(
        institution=institution, laboratory=laboratory, month=month, closed_at__isnull=False
    ).first()
    if closed:
        raise Refused(closed_refusal(closed))


def closed_refusal(month: Reconciliation) -> Refusal:
    """What is wrong with a closed month is put right by a supplement in the next."""
    message = _(
        "%(month)s is closed and is not written again; what has to be put right goes into the next month as a supplement."
    )
    return Refusal(
        "closed_month", message % {"month": month.month}, ("A28",), month.get_absolute_url(), _("To the closed month")
    )  # fmt: skip


def refuse_silent_replacement(institution: int, laboratory: int, month: str, reason: str) -> None:
    standing = Statement.objects.filter(institution=institution, laboratory=laboratory, month=month).standing()
    if not reason.strip() and standing.exists():
        message = _("A statement of this month stands already: say why this file replaces it.")
        raise ValidationError({"reason": message})


@transaction.atomic
def name_columns(*, upload: StatementUpload, columns: Mapping[str, str], by: User) -> StatementUpload:
    """Say which column of the laboratory is which; remembered for its next bill. The check begins at once."""
    may(by, GIVE_IN, upload)
    named = {one.name: (columns.get(one.name) or "").strip() for one in FIELDS}
    wrong: dict[str, Any] = {
        one.name: _("Say which column this is.") for one in FIELDS if one.required and not named[one.name]
    }
    named = {name: heading for name, heading in named.items() if heading}
    if "test_code" not in named and "test_name" not in named:
        wrong.setdefault("test_name", _("Name the column of the test's code, its name, or both."))
    said = [plain(heading) for heading in named.values()]
    for name, heading in named.items():
        if said.count(plain(heading)) > 1:
            wrong.setdefault(name, _("This column is named twice."))
    if wrong:
        raise ValidationError(wrong)
    if not fits(files.read(upload.file), named):
        raise ValidationError(_("These headings do not stand in one row of the file."))
    with step("statement.columns_named", clause="A28"):
        mapping = {"columns": named, "mapped_at": timezone.now(), "mapped_by": by}
        StatementMapping.objects.update_or_create(
            institution_id=upload.institution_id, laboratory_id=upload.laboratory_id, defaults=mapping
        )
        moved(upload, {Status.MAPPING, Status.REFUSED, Status.CHECKED}, Status.TO_CHECK, columns=named)
    return upload


@transaction.atomic
def confirm(*, upload: StatementUpload, by: User) -> StatementUpload:
    """Record what the check found. Confirming twice gives the same."""
    may(by, GIVE_IN, upload)
    if upload.status in (Status.TO_RECORD, Status.RECORDING, Status.DONE):
        return upload
    refuse_closed(upload.institution_id, upload.laboratory_id, upload.month)
    refuse_silent_replacement(upload.institution_id, upload.laboratory_id, upload.month, upload.reason)
    with step("statement.confirmed", reason=upload.reason, clause="A28"):
        moved(upload, {Status.CHECKED}, Status.TO_RECORD)
    return upload


@transaction.atomic
def discard(*, upload: StatementUpload, by: User) -> StatementUpload:
    """Give up a file that has not been recorded."""
    may(by, GIVE_IN, upload)
    with step("statement.discarded"):
        moved(upload, {Status.MAPPING, Status.CHECKED, Status.REFUSED, Status.FAILED}, Status.DISCARDED)
    return upload


@transaction.atomic
def retry(*, upload: StatementUpload, by: User) -> StatementUpload:
    """Look a failed file through once more."""
    may(by, GIVE_IN, upload)
    with step("statement.retried"):
        moved(upload, {Status.FAILED}, Status.TO_CHECK if upload.columns else Status.MAPPING)
    return upload


def moved(upload: StatementUpload, sources: set, target: str, **values: Any) -> None:
    """Compare and set: whoever comes second finds no row."""
    fresh: dict[str, Any] = {"attempts": 0, "claim": None, "message": "", "errors": [], "error_count": 0}
    rows = StatementUpload.objects.filter(pk=upload.pk, status__in=sources)
    try:
        with transaction.atomic():
            found = rows.update(status=target, **fresh, **values)
    except IntegrityError:
        found = 0
    if not found:
        message = _("This file stands elsewhere by now: “%(status)s”. Reload the page.")
        upload.refresh_from_db()
        raise Refused(
            Refusal("stale", message % {"status": upload.get_status_display()}, (), link("bills:upload", upload.pk), _("Reload"))
        )  # fmt: skip
    upload.refresh_from_db()
