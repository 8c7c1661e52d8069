"""The cashier's window: a scan opens the case, Enter charges it, and the next scan is waited for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.guards import needs
from documents.files import XLSX
from documents.paging import address, newest_first
from documents.spreadsheets import Column, SheetOut, attachment, workbook
from documents.templatetags.formats import isoday, moment
from referrals import cashier, papers, pathway, refunding
from referrals.actions import charging, deferring
from referrals.forms import cashier as forms
from referrals.forms.stations import ReasonForm
from referrals.gates.words import yuan
from referrals.models import Referral, Status
from referrals.models.referral import ENDED_EARLY
from referrals.views.station import ask, page, panel, sent, take
from vendors import insurance

PAGE = 50
WINDOW = "referrals:charge_lookup"


@ask
@needs("referrals.record_charge", on=Referral)
def charge(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The fee is charged, settled where it was put off, or given back; then the next scan."""
    made = charging.standing(referral)
    leave = charging.leave_to_put_off(referral)
    pay = forms.ChargeForm(request.POST if sent(request, None, "charge") else None, referral=referral, deferral=leave)
    late = forms.SettleForm(request.POST if sent(request, None, "settle") else None, referral=referral)
    back = forms.RefundForm(request.POST if sent(request, None, "refund") else None, referral=referral)
    # HIS gave the refund a number; what was only put off gives no money back and has none.
    back.fields["reversal_no"].required = not (made and made.is_put_off)
    done: HttpResponse | None = None
    refusals: list = []
    values = {"number": referral.number}
    for form, act, said in (
        (pay, charging.charge, _("%(number)s: the fee is charged.")),
        (late, deferring.settle, _("%(number)s: the fee is settled.")),
        (back, charging.refund, _("%(number)s: the fee is refunded.")),
    ):
        if form.is_bound:
            done, refusals = take(request, referral, form, act, said=said % values, to=reverse(WINDOW))
            break
    if done:
        return done
    panels = []
    if referral.status in pathway.CHARGE.sources:
        panels.append(panel(pay, _("Charge the fee"), _("Record the charge"), do="charge"))
    owed = bool(made and made.is_put_off)
    if owed and referral.status in deferring.SETTLE.sources:
        panels.append(panel(late, _("Settle the fee that was put off"), _("Record the settlement"), do="settle"))
    if made and referral.status in {*pathway.REFUND.sources, *ENDED_EARLY}:
        title = _("Take the entry back") if owed else _("Refund")
        panels.append(
            panel(back, title, _("Refund the fee"), do="refund", danger=True, folded=owed and not back.is_bound)
        )
    # A fee that may be given back is no question of the next charge.
    step = None if made and panels else pathway.CHARGE
    return page(
        request, referral, panels, title=_("Charge"), step=step, refusals=refusals,
        rows=[*money(referral, made, charging.price_today(referral), leave), *_papers(referral, request.user)],
        template="referrals/cashier.html", scan=True, focus_scan=not panels,
    )  # fmt: skip


def money(referral: Referral, made: Any, price: Any, leave: Any = None) -> list[tuple]:
    """What is to be paid and was told, and how the fee stands."""
    if referral.is_research:
        return [(_("To be paid"), _("nothing: a research test"))]
    rows: list[tuple] = []
    if price:
        rows.append((_("To be paid"), yuan(price.amount), "", f"{price.item_code} {price.item_name}"))
        split = insurance.shares(price)
        rows.append((_("The patient pays"), split.patient, "", split.insurance_class or _("class not stated")))
        rows.append((_("The insurance pays"), split.insurance))
    consent = referral.consents.filter(withdrawn_at__isnull=True, lapsed_at__isnull=True).order_by("-signed_at").first()
    if consent:
        told = consent.price.amount if consent.price else consent.amount
        if told is not None:
            rows.append((_("Price told in the consent"), yuan(told), "", moment(consent.signed_at)))
    if leave:
        rows.append((_("Fee put off"), leave.get_kind_display(), "", _put_off(leave)))
    if made:
        label = _("Entered, not paid yet") if made.is_put_off else _("Charged")
        rows.append((label, f"{yuan(made.amount)}　{made.receipt_no}", "", moment(made.charged_at)))
        if made.deferral:
            said = made.deferral.get_kind_display()
            rows.append((_("Fee put off"), said, "", _put_off(made.deferral)))
    elif last := referral.charges.order_by("-reversed_at").first():
        why = last.reversal_reason or last.get_reversal_cause_display()
        note = "　".join(part for part in (moment(last.reversed_at), why) if part)
        rows.append((_("Refunded"), f"{yuan(last.amount)}　{last.reversal_no}", "", note))
    return rows


def _papers(referral: Referral, user: Any) -> list[tuple]:
    """By when a fee is given back, and the paper that tells the patient of it or of a fee put off."""
    rows: list[tuple] = []
    if by := refunding.due_by(referral):
        rows.append((_("To be refunded by"), isoday(by)))
    if user.sees_identity and papers.has_fee(referral):
        url = reverse("referrals:fee_paper", args=[referral.pk])
        rows.append((_("Paper for the patient"), _("Print what becomes of the fee"), url))
    return rows


def _put_off(leave: Any) -> str:
    by = leave.approved_by.name if leave.approved_by else "—"
    return f"{leave.document} {by} " + _("until %(day)s") % {"day": isoday(leave.until)}


@require_GET
@needs("referrals.record_charge")
def charge_lookup(request: HttpRequest) -> HttpResponse:
    """A scan or a number at the cashier's window opens the charge of that case."""
    text = request.GET.get("q", "").strip()[:80]
    meant = cashier.scanned(request.user, text)
    if len(meant.found) == 1:
        return redirect("referrals:charge", meant.found[0].pk)
    today = cashier.Day(request.user, timezone.localdate())
    lines = today.lines()
    context = {"found": meant.found, "said": meant.said, "q": text, "lines": lines, "total": cashier.total(lines)}
    return render(request, "referrals/charge_lookup.html", context)


# The day


def _asked(request: HttpRequest) -> cashier.Day:
    try:
        on: date | None = parse_date(request.GET.get("day", ""))
    except ValueError:
        on = None
    return cashier.Day(request.user, on or timezone.localdate(), everybody=request.GET.get("who") == "all")


@require_GET
@needs("referrals.record_charge")
def day(request: HttpRequest) -> HttpResponse:
    """The day's entries, one's own or the window's, with their sums by kind: what is held against HIS."""
    asked = _asked(request)
    rows, older, newer = newest_first(asked.entries, "charged_at", request.GET, size=PAGE)
    lines = asked.lines()
    context = {
        "day": asked,
        "rows": [(one, asked.happened(one)) for one in rows],
        "lines": lines,
        "total": cashier.total(lines),
        "query": request.GET.urlencode(),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "referrals/charge_day.html", context)


@require_GET
@needs("referrals.record_charge")
def day_xlsx(request: HttpRequest) -> HttpResponse:
    """The same as a workbook; without patients' names."""
    asked = _asked(request)
    columns = [
        Column(_("Charged at"), 17, "moment"), Column(_("Referral number"), 20), Column(_("Record number"), 16),
        Column(_("Test"), 30), Column(_("Price item"), 18), Column(_("Amount (yuan)"), 12, "money"),
        Column(_("Kind of entry"), 14), Column(_("Settlement or account entry number"), 22),
        Column(_("Line of the settlement"), 10, "integer"), Column(_("Admission number"), 16),
        Column(_("Receipt code (票据代码)"), 14), Column(_("Receipt number (票据号码)"), 14), Column(_("Charged by"), 10),
        Column(_("Settled at"), 17, "moment"), Column(_("Refunded at"), 17, "moment"), Column(_("Refund number"), 18),
        Column(_("That day"), 16),
    ]  # fmt: skip
    rows = (
        (
            one.charged_at, one.referral.number, one.referral.patient.record_no, one.referral.test.name,
            one.price.item_code if one.price else "", one.amount, one.get_kind_display(), one.receipt_no,
            one.settlement_line, one.inpatient_no, one.invoice_code, one.invoice_no,
            one.charged_by.name if one.charged_by else "", one.settled_at, one.reversed_at, one.reversal_no,
            "、".join(asked.happened(one)),
        )
        for one in asked.entries.order_by("charged_at", "pk").iterator(2000)
    )  # fmt: skip
    sums = SheetOut(
        _("Sums by kind"),
        [
            Column(_("Kind of entry"), 18), Column(_("Entries"), 10, "integer"), Column(_("Amount (yuan)"), 14, "money"),
            Column(_("Refunds"), 10, "integer"), Column(_("Refunded (yuan)"), 14, "money"),
            Column(_("Remaining (yuan)"), 14, "money"),
        ],
        [(str(one.label), one.entered, one.amount, one.refunds, one.refunded, one.net) for one in asked.lines()],
        notes=[_("Arrears and the green channel are on record and no money of the day.")],
    )  # fmt: skip
    name = _("Charges of %(day)s.xlsx") % {"day": isoday(asked.on)}
    content = workbook([SheetOut(_("Entries"), columns, rows), sums], title=name)
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": attachment(name)})


# Arrears and the green channel


@ask
@needs("referrals.put_off_fee", on=Referral)
def put_off(request: HttpRequest, referral: Referral) -> HttpResponse:
    """Leave to test before the fee is paid, given or taken back (practice.md 1)."""
    leave = charging.leave_to_put_off(referral)
    give = forms.PutOffForm(request.POST if sent(request, None, "put_off") else None, referral=referral)
    back = ReasonForm(request.POST if sent(request, None, "take_back") else None, referral=referral)
    done: HttpResponse | None = None
    refusals: list = []
    if give.is_bound:
        done, refusals = take(request, referral, give, deferring.put_off, said=_("The fee is put off."))
    elif back.is_bound:
        done, refusals = take(request, referral, back, deferring.take_back, said=_("The approval is withdrawn."))
    if done:
        return done
    give.fields["until"].help_text = _("Empty for the green channel: within %(days)s days.") % {
        "days": (deferring.made_up_by(timezone.localdate()) - timezone.localdate()).days
    }
    panels = []
    if referral.status == Status.AWAITING_CHARGE:
        if leave:
            panels.append(panel(back, _("Withdraw the approval"), _("Withdraw"), do="take_back", danger=True))
        else:
            panels.append(panel(give, _("Put off the fee"), _("Approve"), do="put_off"))
    made = charging.standing(referral)
    return page(
        request, referral, panels, title=_("Put off the fee"), step=deferring.PUT_OFF, refusals=refusals,
        rows=[*money(referral, made, charging.price_today(referral), leave), *_papers(referral, request.user)],
    )  # fmt: skip
