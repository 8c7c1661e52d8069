"""The doors from approval to receipt by the laboratory. Each translates and calls an action; the actions decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from audit.guards import needs
from documents.templatetags.formats import moment
from referrals import barcodes, pathway
from referrals.actions import approving, charging, receipts, specimens
from referrals.actions import onward as system
from referrals.forms import stations as forms
from referrals.models import Referral, Status
from referrals.views import cashier
from referrals.views.common import back_to_case, who
from referrals.views.station import ask, page, panel, sent, simple, take

# Approval


@ask
@needs("referrals.approve_outsourcing", on=Referral)
def approve(request: HttpRequest, referral: Referral) -> HttpResponse:
    refusals: list = []
    yes = forms.PlainForm(request.POST if sent(request, None, "approve") else None, referral=referral)
    no = forms.ReasonForm(request.POST if sent(request, None, "disapprove") else None, referral=referral)
    if yes.is_bound:
        done, refusals = take(request, referral, yes, approving.approve, said=_("Outsourcing approved."))
        if done:
            return done
    elif no.is_bound:
        done, refusals = take(request, referral, no, approving.disapprove, said=_("Not approved; the case has ended."))
        if done:
            return done
    panels = []
    if referral.status in pathway.APPROVE.sources:
        panels = [
            panel(yes, _("Approve"), _("Approve sending outside"), do="approve"),
            panel(no, _("Not approved"), _("Do not approve"), do="disapprove", danger=True, folded=not no.is_bound),
        ]
    rows = [
        (_("What the result will change"), referral.necessity),
        (_("Contract"), referral.contract.number if referral.contract else ""),
        *cashier.money(referral, None, charging.price_today(referral)),
    ]
    return page(
        request,
        referral,
        panels,
        title=_("Approval of outsourcing"),
        step=pathway.APPROVE,
        refusals=refusals,
        rows=rows,
    )


# Specimen


@ask
@needs("referrals.collect_specimen", on=Referral)
def specimen(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The label, taking the specimen, and the laboratory's look at it."""
    user: Any = request.user
    refusals: list = []
    held = barcodes.current(referral)
    least = specimens.minimum_tumour_cells(referral.test)
    counted = specimens.counts_tumour_cells(referral.test, held.kind if held else "")
    collect = forms.CollectForm(request.POST if sent(request, None, "collect") else None, referral=referral)
    assess = forms.AssessForm(
        request.POST if sent(request, None, "assess") else None, referral=referral, least=least if counted else 0
    )
    label = forms.PlainForm(request.POST if sent(request, None, "label") else None, referral=referral)
    here = request.path
    done = None
    if collect.is_bound:
        done, refusals = take(request, referral, collect, specimens.collect, said=_("The specimen is taken."))
    elif assess.is_bound:
        done, refusals = take(request, referral, assess, specimens.assess, said=_("The assessment is recorded."))
    elif label.is_bound:
        done, refusals = take(request, referral, label, specimens.label, said=_("The specimen has a barcode."), to=here)
    if done:
        return done
    panels = []
    step = None if referral.status == Status.SAMPLED else pathway.COLLECT
    if referral.status in pathway.COLLECT.sources:
        panels.append(panel(collect, _("Take the specimen"), _("Record the specimen"), do="collect"))
    elif referral.status == Status.SAMPLED:
        if user.may(pathway.FIND_UNFIT.permission, referral):
            panels.append(panel(assess, _("Assess the specimen"), _("Record the assessment"), do="assess"))
        if held and not held.barcode:
            panels.append(panel(label, _("No barcode yet"), _("Give it a barcode"), do="label"))
    return page(
        request, referral, panels, title=_("Specimen"), step=step, refusals=refusals, rows=_held(referral, held),
        label_due=referral.status in pathway.COLLECT.sources or bool(held and held.barcode),
    )  # fmt: skip


def _held(referral: Referral, held: Any) -> list[tuple]:
    rows: list[tuple] = []
    if referral.status in pathway.COLLECT.sources:
        rows.append((_("Barcode of the next label"), barcodes.next_barcode(referral)))
    if held:
        rows += [(_("Last specimen"), held.barcode or _("no barcode"), "", f"{held.kind} {moment(held.collected_at)}")]
        if held.is_fit is not None:
            cells = "" if held.tumour_cell_percent is None else f"{held.tumour_cell_percent}%"
            unfit = pgettext("specimen", "unfit")
            fit = pgettext("specimen", "fit") if held.is_fit else f"{unfit}：{held.unfit_reason}"
            rows.append((_("Assessment"), f"{fit} {cells}", "", moment(held.assessed_at)))
    return rows


# Receipt and rejection


@ask
@needs("referrals.record_receipt", on=Referral)
def receive(request: HttpRequest, referral: Referral) -> HttpResponse:
    form = forms.ReceiveForm(request.POST or None, referral=referral)
    return simple(
        request, referral, form, receipts.receive, pathway.RECEIVE, _("Receipt by the laboratory"), _("Record the receipt"),
        _("The receipt is recorded."),
    )  # fmt: skip


@ask
@needs("referrals.record_receipt", on=Referral)
def reject(request: HttpRequest, referral: Referral) -> HttpResponse:
    form = forms.RejectForm(request.POST or None, referral=referral)
    return simple(
        request, referral, form, receipts.reject, pathway.REJECT, _("Rejected by the laboratory"), _("Record the rejection"),
        _("Recorded. The doctor and the cashier have been told: another specimen is taken, or the fee is refunded."), danger=True,
    )  # fmt: skip


@require_POST
@needs("referrals.allocate_again", on=Referral)
def take_up(request: HttpRequest, referral: Referral) -> HttpResponse:
    """Ask the system once more for its own steps: after a contract was renewed, or for a case from a ledger."""
    before = referral.status
    referral = system.take_up(referral=referral, by=who(request))
    if referral.status == before:
        messages.warning(request, _("The system found no way on: what shuts it is listed on the case."))
    else:
        messages.success(request, _("The case now stands at “%(status)s”.") % {"status": referral.get_status_display()})
    return redirect(back_to_case(referral))
