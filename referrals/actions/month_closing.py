"""A month closed: finance signs its figures, medical affairs countersigns, the sheet is made, and nothing of the month is
written again (A28)."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from accounts.models import User
from audit.declaring import step
from audit.gates import Refusal, Refused
from audit.refusing import may
from documents import files
from referrals.actions.bills import closed_refusal
from referrals.billing import figures, sheet
from referrals.models import Reconciliation
from vendors.models import Statement

SIGN = "referrals.sign_month"
COUNTERSIGN = "referrals.countersign_month"


def in_the_way(month: Reconciliation) -> list[Refusal]:
    """Everything that keeps the month from being signed, each with where it is mended."""
    if month.is_closed:
        return [closed_refusal(month)]
    found: list[Refusal] = []
    here = month.get_absolute_url()
    if month.month >= f"{timezone.localdate():%Y-%m}":
        found.append(Refusal("month_running", _("The month is not over yet."), ("A28",)))
    standing = Statement.objects.filter(
        institution=month.institution_id, laboratory=month.laboratory_id, month=month.month
    ).standing()
    if not standing.exists():
        message = _("The laboratory's statement of this month has not been given in.")
        where = f"{reverse('bills:uploads')}?laboratory={month.laboratory_id}&month={month.month}"
        found.append(Refusal("statement_missing", message, ("A28",), where, _("Give it in")))
    for one in figures.standings(month):
        if left := one.open + one.awaiting:
            message = _("%(kind)s: %(open)d to settle, %(awaiting)d awaiting the second person.")
            said = message % {"kind": one.label, "open": one.open, "awaiting": one.awaiting}
            where = f"{here}?kind={one.kind}"
            found.append(Refusal("unsettled", said, ("A28",), where, _("To these %(n)d") % {"n": left}))
    return found


def _locked(month: Reconciliation) -> Reconciliation:
    return Reconciliation.objects.select_for_update(of=("self",)).get(pk=month.pk)


@transaction.atomic
def sign(*, month: Reconciliation, by: User) -> Reconciliation:
    """Finance signs the figures as they stand. Refused while a difference is unsettled, and says which."""
    may(by, SIGN, month)
    month = _locked(month)
    if refusals := in_the_way(month):
        raise Refused(refusals)
    with step("month.signed", clause="A28"):
        stands = figures.of(month, sealed=True).kept()
        Reconciliation.objects.filter(pk=month.pk).update(signed_at=timezone.now(), signed_by=by, figures=stands)
    month.refresh_from_db()
    return month


@transaction.atomic
def close(*, month: Reconciliation, by: User) -> Reconciliation:
    """Medical affairs countersigns what finance signed, provided the figures still hold; the sheet is made and the month
    closed."""
    may(by, COUNTERSIGN, month)
    month = _locked(month)
    if month.signed_at is None:
        unsigned = Refusal("unsigned", _("Finance has not signed this month yet."), ("A28",), month.get_absolute_url())
        raise Refused([*in_the_way(month), unsigned])
    if refusals := in_the_way(month):
        raise Refused(refusals)
    if month.signed_by_id in one_with(by):
        message = _("Who signed for finance does not countersign for medical affairs.")
        raise Refused(Refusal("X14", message))
    if figures.of(month, sealed=True).kept() != month.figures:
        message = _("Figures have changed since finance signed: finance has to sign again.")
        raise Refused(Refusal("changed", message, ("A28",), month.get_absolute_url(), _("To the month")))
    at = timezone.now()
    with step("month.closed", clause="A28"):
        paper = sheet.make(month, closed_by=by, at=at)
        name = f"{month.laboratory.code}-{month.month}.pdf"
        stored = files.store(
            files.check(paper.content, kinds=(files.PDF,), name=name), by=by, institution=month.institution
        )
        Reconciliation.objects.filter(pk=month.pk).update(closed_at=at, closed_by=by, sheet=stored)
    month.refresh_from_db()
    return month
