"""Specimens: taken under a label, looked at by pathology, fit or to be taken again (A11, B17; `vocab.md` §7)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from audit import declaring
from audit.gates import Refusal, Refused
from audit.refusing import may, needed
from audit.steps import move
from catalog.models import GeneTest, Qualification
from referrals import barcodes, pathway
from referrals.actions import failing
from referrals.actions.held import hold, hold_for, not_in_future, refuse
from referrals.actions.onward import onward
from referrals.gates.words import day, link
from referrals.models import Referral, Specimen

ASSESSED = "specimen.assessed"
LABELLED = "specimen.labelled"
# Specimens in whose words tumour cells are counted; blood and plasma have none to count.
TISSUE = ("组织", "蜡块", "FNA", "细胞", "白片")


def counts_tumour_cells(test: GeneTest, kind: str = "") -> bool:
    """Whether this specimen has tumour cells to count: by what was taken, else by what the test asks for."""
    return any(word in (kind or test.specimen) for word in TISSUE)


def minimum_tumour_cells(test: GeneTest) -> int:
    """The lowest share of tumour cells in percent: the hospital's own by method, else its general one."""
    by_method = settings.TUMOUR_CELL_MINIMUM
    named = [least for method, least in by_method.items() if method and method in test.method]
    return named[0] if named else by_method[""]


@transaction.atomic
def collect(
    *,
    referral: Referral,
    by: User,
    barcode: str,
    kind: str = "",
    at: datetime | None = None,
) -> Specimen:
    """A specimen is taken under the label printed for it. `barcode` is scanned from the label: another case's label is
    refused. Past X01, X03, X05 and X10."""
    referral = hold_for(referral, pathway.COLLECT, by=by)
    at = not_in_future(at, "at", since=_after(referral, at))
    expected = barcodes.next_barcode(referral)
    if barcodes.clean(barcode) != expected:
        raise ValidationError({"barcode": _wrong_label(barcode, expected)})
    move(referral, pathway.COLLECT, by=by, at=at, collected_at=at)
    specimen = Specimen.objects.create(
        referral=referral,
        collected_at=at,
        collected_by=by,
        kind=(kind or "").strip()[:60] or referral.test.specimen.split("；")[0],
        barcode=expected,
    )
    onward(referral, at=at)
    return specimen


def _after(referral: Referral, at: datetime | None) -> datetime | None:
    """What this taking follows: the specimen that failed; or the consent, when it was signed in the very minute that
    was typed (one signed later is X05's to refuse)."""
    if referral.collected_at or at is None or referral.consented_at is None:
        return referral.collected_at
    return referral.consented_at if at < referral.consented_at < at + timedelta(minutes=1) else None


def _wrong_label(scanned: str, expected: str) -> str:
    if not barcodes.is_whole(scanned):
        return _("This is not a whole barcode: its check digit does not fit. Scan it again.")
    return _("This label belongs to another specimen; the label of this one says %(barcode)s.") % {"barcode": expected}


@transaction.atomic
def assess(
    *,
    referral: Referral,
    by: User,
    is_fit: bool,
    tumour_cell_percent: int | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> Specimen:
    """Pathology finds the specimen fit, or unfit: then it has to be taken again. What holds too few tumour cells for
    the test cannot be found fit."""
    referral = hold_for(referral, pathway.FIND_UNFIT, by=by)
    specimen = barcodes.current(referral)
    if specimen is None:
        raise refuse("specimen", _("No specimen is recorded."), referral, anchor="specimen")
    _qualified(referral, by)
    at = not_in_future(at, "at", since=specimen.collected_at)
    if specimen.batch_id and not is_fit:
        message = _("The specimen is packed in batch %(batch)s: take it out of the batch first.")
        raise refuse("packed", message % {"batch": specimen.batch}, referral, anchor="shipment")
    if is_fit and counts_tumour_cells(referral.test, specimen.kind):
        _enough(referral.test, tumour_cell_percent)
    if not is_fit:
        reason = needed(reason=reason)["reason"]
    with declaring.step(ASSESSED if is_fit else pathway.FIND_UNFIT.name, reason=reason):
        specimen.tumour_cell_percent = tumour_cell_percent
        specimen.is_fit, specimen.unfit_reason = is_fit, "" if is_fit else reason[:200]
        specimen.assessed_at, specimen.assessed_by = at, by
        specimen.save(update_fields=["tumour_cell_percent", "is_fit", "unfit_reason", "assessed_at", "assessed_by"])
    if not is_fit:
        move(referral, pathway.FIND_UNFIT, by=by, at=at, reason=reason)
        referral = onward(referral, at=at)
        text = _("%(case)s: pathology found its specimen unfit (%(reason)s). Take another one, or end the request.")
        people = [referral.requester, specimen.collected_by]
        notices.tell(people, text % {"case": referral.number, "reason": reason}, link("referrals:case", referral.pk))
        failing.tell_cashiers(referral, str(_("found unfit")))
    return specimen


def _qualified(referral: Referral, by: User) -> None:
    """Clause A3: only a registered pathologist or pathology technician, with a certificate in force today, signs."""
    today = timezone.localdate()
    held = Qualification.objects.filter(user=by, institution=referral.institution, kind__in=Qualification.SIGNS)
    if held.in_force(today).exists():
        return
    said = _(
        "Only a registered pathologist or pathology technician signs the assessment of a specimen; no certificate of "
        "yours is in force today."
    )
    ended = held.filter(valid_to__lt=today).order_by("-valid_to").first()
    if ended:
        said += _("The certificate %(number)s ended on %(day)s.") % {"number": ended.number, "day": day(ended.valid_to)}
    mend = link("catalog:person", by.pk, anchor="qualification")
    raise Refused(Refusal("A3", said, ("A2", "A3"), mend, _("See your technical record")))


def _enough(test: GeneTest, percent: int | None) -> None:
    least = minimum_tumour_cells(test)
    if percent is None:
        raise ValidationError({"tumour_cell_percent": _("Enter the share of tumour cells.")})
    if percent < least:
        rule = _("The share of tumour cells is below the minimum of this test: enrich it or take another specimen.")
        said = _("Found %(found)s%%, needed %(least)s%%.") % {"found": percent, "least": least}
        raise ValidationError({"tumour_cell_percent": rule + said})


@transaction.atomic
def label(*, referral: Referral, by: User) -> Specimen:
    """A specimen that came without a barcode, from a ledger or a downtime, gets one."""
    referral = hold(referral)
    may(by, pathway.COLLECT.permission, referral)
    specimen = barcodes.current(referral)
    if specimen is None:
        raise refuse("specimen", _("No specimen is recorded."), referral, anchor="specimen")
    if not specimen.barcode:
        with declaring.step(LABELLED):
            specimen.barcode = barcodes.barcode(referral.number, referral.specimens.count())
            specimen.save(update_fields=["barcode"])
    return specimen


def fit_to_go_on(specimen: Specimen | None) -> bool:
    """Whether the specimen may be tested or sent: found fit, or from a ledger, which tells nothing of it."""
    if specimen is None:
        return False
    return specimen.is_fit is True or (specimen.origin == "ledger" and specimen.is_fit is None)
