"""Merging two records of one patient, and parting them again exactly.

The cases of one record are put with the other's; both identities stay as they are, and so does every paper. What was
moved is kept by number, so that parting gives back those cases and no others.
"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from audit.gates import Refusal, Refused
from audit.refusing import needed
from referrals.merging import PERMISSION, id_numbers_differ
from referrals.models import Patient, PatientMerge, Referral


@transaction.atomic
def merge(*, kept: Patient, merged: Patient, by: User, reason: str, at: datetime | None = None) -> PatientMerge:
    """Put the cases of `merged` with those of `kept`. PermissionDenied; ValidationError at `reason`; Refused when the
    two cannot be one patient or one of them stands merged already."""
    at = at or timezone.now()
    for patient in (kept, merged):
        if not by.may(PERMISSION, patient):
            raise PermissionDenied(PERMISSION)
    reason = needed(reason=reason)["reason"][:200]
    if kept.pk == merged.pk:
        raise ValidationError(_("Choose two different records."))
    if kept.institution_id != merged.institution_id:
        raise _refused(_("Records of two institutions are never merged: each keeps its own."))
    # Always in the order of their keys, so that two mergings of the same pair wait for each other.
    locked = {
        one.pk: one for one in Patient.objects.select_for_update().filter(pk__in=(kept.pk, merged.pk)).order_by("pk")
    }
    kept, merged = locked[kept.pk], locked[merged.pk]
    for patient in (kept, merged):
        if patient.merged_into.filter(parted_at__isnull=True).exists():
            message = _("Record %(number)s is merged already: part it first.")
            raise _refused(message % {"number": patient.record_no})
    if merged.merges.filter(parted_at__isnull=True).exists():
        message = _("Another record was merged into %(number)s: keep this one, or part them first.")
        raise _refused(message % {"number": merged.record_no})
    if id_numbers_differ(kept, merged):
        message = _("The two records have different ID numbers. If one of them is wrong, correct it first on a case.")
        raise _refused(message)
    moved = list(
        Referral.objects.select_for_update().filter(patient=merged).order_by("pk").values_list("pk", flat=True)
    )
    with declaring.step("patients.merged", reason=reason):
        Referral.objects.filter(pk__in=moved).update(patient=kept)
        return PatientMerge.objects.create(
            institution=kept.institution, kept=kept, merged=merged, referral_ids=moved, reason=reason, merged_at=at,
            merged_by=by,
        )  # fmt: skip


@transaction.atomic
def part(*, merge: PatientMerge, by: User, reason: str = "", at: datetime | None = None) -> PatientMerge:
    """Give the merged record its own cases back; cases made since stay where they were made."""
    at = at or timezone.now()
    if not by.may(PERMISSION, merge):
        raise PermissionDenied(PERMISSION)
    merge = PatientMerge.objects.select_for_update(of=("self",)).select_related("kept", "merged").get(pk=merge.pk)
    if merge.parted_at:
        raise _refused(_("These records have been parted already."))
    if merge.kept.merged_into.filter(parted_at__isnull=True).exists():
        message = _("Record %(number)s was merged further: part that merging first.")
        raise _refused(message % {"number": merge.kept.record_no})
    with declaring.step("patients.parted", reason=reason.strip()[:200]):
        Referral.objects.filter(pk__in=merge.referral_ids, patient=merge.kept).update(patient=merge.merged)
        merge.parted_at, merge.parted_by = at, by
        merge.save(update_fields=["parted_at", "parted_by"])
    return merge


def _refused(message: str) -> Refused:
    return Refused(Refusal("merge", message))
