"""The statement “we send no gene tests out”, made and ended (B35). While it stands, X15 shuts the way out."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution
from audit import declaring
from audit.refusing import needed
from catalog import changes
from documents.files import Upload
from vendors.actions.acting import hospital_of, kept, reason_of, refused
from vendors.models import NotOutsourcingStatement

STATE = "vendors.state_not_outsourcing"


@transaction.atomic
def state(*, number: str, valid_from: date, reason: str, file: Upload, by: Any) -> NotOutsourcingStatement:
    """From its first day, today at the soonest, nothing is sent out; it stands until it is ended."""
    institution = hospital_of(by, STATE)
    # Two at once wait for one another here.
    Institution.objects.select_for_update().get(pk=institution.pk)
    reason, number = reason_of(reason, "B35"), needed(number=number)["number"]
    if valid_from < timezone.localdate():
        raise ValidationError({"valid_from": _("A statement does not begin backwards: today or later.")})
    mine = NotOutsourcingStatement.objects.filter(institution=institution)
    if mine.exclude(valid_to__lt=valid_from).exists():
        raise refused("stale", _("A statement stands on that day already; end it first."), "B35")
    if mine.filter(number=number).exists():
        raise ValidationError({"number": _("This number is taken.")})
    with declaring.step("not_outsourcing.stated", reason=reason, clause="B35"):
        made = NotOutsourcingStatement.objects.create(
            institution=institution, number=number, valid_from=valid_from, reason=reason,
            file=kept(file, by, institution), stated_at=timezone.now(), stated_by=by,
        )  # fmt: skip
    changes.announce()
    return made


@transaction.atomic
def end(*, statement: NotOutsourcingStatement, last_day: date, reason: str, by: Any) -> NotOutsourcingStatement:
    """It stands to the end of its last day, today at the soonest; sending out is open from the next day."""
    hospital_of(by, STATE, statement)
    reason = reason_of(reason, "B35")
    one = NotOutsourcingStatement.objects.select_for_update().get(pk=statement.pk)
    if one.valid_to is not None:
        raise refused("stale", _("This statement was ended already."), "B35")
    if last_day < max(timezone.localdate(), one.valid_from):
        raise ValidationError({"last_day": _("The last day is today or later, and not before the first.")})
    with declaring.step("not_outsourcing.ended", reason=reason, clause="B35"):
        one.valid_to, one.end_reason, one.ended_at, one.ended_by = last_day, reason, timezone.now(), by
        one.save(update_fields=["valid_to", "end_reason", "ended_at", "ended_by"])
    changes.announce()
    return one
