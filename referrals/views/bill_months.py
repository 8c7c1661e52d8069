"""A month of a laboratory's bill: what it comes to, where it differs, and its closing by two offices."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from audit.declaring import record_reading
from audit.gates import Refused
from audit.guards import needs
from documents import files
from documents.paging import address, keyset
from documents.spreadsheets import attachment
from referrals.actions import bills, month_closing, settling
from referrals.billing import figures, lines, sheet, waiting
from referrals.forms.bills import MarginForm, NoteForm, SettleForm, SupplementForm
from referrals.models import Reconciliation, StatementDifference
from referrals.views.common import who
from referrals.views.station import pdf
from vendors.models import Origin, Statement

VIEW = "referrals.view_statement_differences"
PAGE = 50
Kind = StatementDifference.Kind
SHOWS = {
    "open": Q(settled_at__isnull=True),
    "awaiting": Q(settled_at__isnull=False, confirmed_at__isnull=True),
    "settled": Q(confirmed_at__isnull=False),
}
STATES = (
    ("", gettext_lazy("All")),
    ("open", gettext_lazy("To settle")),
    ("awaiting", gettext_lazy("Awaiting a second person")),
    ("settled", gettext_lazy("Settled")),
)


@require_GET
@needs(VIEW)
def months(request: HttpRequest) -> HttpResponse:
    """The months of one's hospitals, newest first, and the lists of what waits."""
    user = who(request)
    visible = Reconciliation.objects.visible_to(user)
    lists = {
        "": (_("Given in here"), visible.filter(origin=Origin.LIVE)),
        "missing": (_("Statements not given in"), visible.open().filter(~waiting.billed(), origin=Origin.LIVE)),
        "differences": (_("Differences to settle"), _with(waiting.to_settle(user))),
        "second": (_("Awaiting a second person"), _with(waiting.to_confirm(user))),
        "sign": (_("To be signed by finance"), waiting.to_sign(user)),
        "countersign": (_("To be countersigned"), waiting.to_countersign(user)),
        "history": (_("From the ledger"), visible.filter(origin=Origin.LEDGER)),
    }
    show = request.GET.get("show", "")
    show = show if show in lists else ""
    found = (
        lists[show][1]
        .select_related("laboratory", "institution", "signed_by", "closed_by")
        .annotate(
            all_differences=Count("differences"),
            left=Count("differences", filter=Q(differences__confirmed_at__isnull=True)),
            is_billed=waiting.billed(),
        )
    )
    rows, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    context = {
        "rows": rows,
        "tabs": [
            (label, f"?show={name}" if name else "?", None, name == show) for name, (label, _rows) in lists.items()
        ],
        "missing": list(waiting.missing(user)) if user.may(bills.GIVE_IN) else [],
        "last_month": waiting.last_month(),
        "several": len(user.institution_ids) > 1,
        "may_give_in": user.may(bills.GIVE_IN),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "bills/months.html", context)


def _with(found: Any) -> Any:
    return Reconciliation.objects.filter(pk__in=found.order_by().values("reconciliation"))


@require_GET
@needs(VIEW, on=Reconciliation)
def month(request: HttpRequest, month: Reconciliation) -> HttpResponse:
    return render(request, "bills/month.html", month_context(request, month))


def month_context(request: HttpRequest, month: Reconciliation, **more: Any) -> dict[str, Any]:
    """The page of a month: totals, kinds with their counts, the differences of the chosen kind and state."""
    user = who(request)
    standings = figures.standings(month)
    kinds = {one.kind: one for one in standings}
    asked = request.GET if request.method == "GET" else request.POST
    kind = asked.get("kind", "")
    kind = kind if kind in kinds else ""
    show = asked.get("show", "")
    show = show if show in SHOWS else ""
    found = month.differences.select_related("line", "referral__test", "settled_by", "confirmed_by")
    found = found.filter(**({"kind": kind} if kind else {}))
    found = found.filter(SHOWS[show]) if show else found
    rows, older, newer = keyset(found, "id", request.GET, size=PAGE)
    statement = _statement(month)
    total = sum(one.total for one in standings)
    may_settle = not month.is_closed and user.may(settling.SETTLE, month)
    may_confirm = not month.is_closed and user.may(settling.CONFIRM, month)
    chosen = [kinds[kind]] if kind else standings
    to_confirm = set()
    if may_confirm and show == "awaiting":
        to_confirm = {one.pk for one in rows if waiting.may_confirm(one, user)}
    states = [(name, label, sum(getattr(one, name or "total") for one in chosen)) for name, label in STATES]
    closing = user.may(month_closing.SIGN, month) or user.may(month_closing.COUNTERSIGN, month)
    return {
        "month": month,
        "statement": statement,
        "figures": figures.of(month),
        "standings": standings,
        "kind": kind,
        "show": show,
        "tabs": [
            (_("All"), _address(show=show), total, not kind),
            *((one.label, _address(kind=one.kind, show=show), one.total, one.kind == kind) for one in standings),
        ],
        "states": [(label, _address(kind=kind, show=name), n, name == show) for name, label, n in states],
        "rows": rows,
        "total": next(n for name, _label, n in states if name == show),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
        "see_case": user.may("referrals.view_referral"),
        "bulk": SettleForm(kind=kind, many=True) if may_settle and kind and show == "open" else None,
        "second": NoteForm() if to_confirm else None,
        "to_confirm": to_confirm,
        "not_mine": may_confirm and show == "awaiting" and not to_confirm,
        "some_open": may_settle and any(one.open for one in standings),
        "supplement": SupplementForm(month=month) if may_settle and _has_closed(month) else None,
        "in_the_way": month_closing.in_the_way(month) if closing and not month.is_closed else [],
        "may_sign": not month.is_closed and user.may(month_closing.SIGN, month),
        "may_close": not month.is_closed and user.may(month_closing.COUNTERSIGN, month),
        **more,
    }


def _has_closed(month: Reconciliation) -> bool:
    """Whether a month of the laboratory is closed, so that something can be put right by a supplement."""
    months = Reconciliation.objects.filter(institution=month.institution_id, laboratory=month.laboratory_id)
    return months.filter(closed_at__isnull=False).exclude(pk=month.pk).exists()


def _address(**asked: str) -> str:
    return "?" + "&".join(f"{name}={value}" for name, value in asked.items() if value)


def _statement(month: Reconciliation) -> Statement | None:
    found = Statement.objects.filter(
        institution=month.institution_id, laboratory=month.laboratory_id, month=month.month
    ).standing()
    return found.select_related("upload__given_in_by").first()


@require_POST
@needs(VIEW, on=Reconciliation)
def work(request: HttpRequest, month: Reconciliation) -> HttpResponse:
    """Many differences of the page at once: settled, confirmed or sent back."""
    user, do = who(request), request.POST.get("do", "")
    keys = [int(one) for one in request.POST.getlist("pk") if one.isdecimal()]
    chosen = month.differences.filter(pk__in=keys)
    try:
        if do == "settle":
            n = settling.settle(
                differences=chosen, resolution=request.POST.get("resolution", ""), reason=request.POST.get("reason", ""), by=user
            )  # fmt: skip
            said = ngettext(
                "%(n)d difference settled; a second person confirms it.",
                "%(n)d differences settled; a second person confirms them.",
                n,
            )
        elif do == "confirm":
            n = settling.confirm(differences=chosen, by=user)
            said = ngettext("%(n)d settlement confirmed.", "%(n)d settlements confirmed.", n)
        elif do == "send_back":
            n = settling.send_back(differences=chosen, note=request.POST.get("note", ""), by=user)
            said = ngettext("%(n)d settlement sent back.", "%(n)d settlements sent back.", n)
        else:
            return redirect(month)
    except Refused as refused:
        return _refused(request, month, refused)
    except ValidationError as wrong:
        return render(request, "bills/month.html", month_context(request, month, wrong=wrong.messages), status=422)
    messages.success(request, said % {"n": n})
    return redirect(
        month.get_absolute_url() + _address(kind=request.POST.get("kind", ""), show=request.POST.get("show", ""))
    )


def _refused(request: HttpRequest, month: Reconciliation, refused: Refused) -> HttpResponse:
    context = month_context(request, month, refusals=refused.refusals)
    return render(request, "bills/month.html", context, status=409)


@require_POST
@needs(settling.SETTLE, on=Reconciliation)
def supplement(request: HttpRequest, month: Reconciliation) -> HttpResponse:
    form = SupplementForm(request.POST, month=month)
    try:
        if form.is_valid():
            settling.supplement(month=month, by=who(request), **form.cleaned_data)
            messages.success(request, _("The supplement is recorded; a second person confirms it."))
            return redirect(month)
    except Refused as refused:
        return _refused(request, month, refused)
    except ValidationError as wrong:
        form.add_error(None, wrong.messages)
    return render(request, "bills/month.html", month_context(request, month, supplement=form), status=422)


@require_POST
@needs(month_closing.SIGN, on=Reconciliation)
def sign(request: HttpRequest, month: Reconciliation) -> HttpResponse:
    try:
        month_closing.sign(month=month, by=who(request))
    except Refused as refused:
        return _refused(request, month, refused)
    messages.success(request, _("Signed for finance; medical affairs countersigns."))
    return redirect(month)


@require_POST
@needs(month_closing.COUNTERSIGN, on=Reconciliation)
def close(request: HttpRequest, month: Reconciliation) -> HttpResponse:
    try:
        month_closing.close(month=month, by=who(request))
    except Refused as refused:
        return _refused(request, month, refused)
    messages.success(request, _("The month is closed."))
    return redirect(month)


@require_GET
@needs(VIEW, on=Reconciliation)
def month_sheet(request: HttpRequest, month: Reconciliation) -> HttpResponse:
    if month.sheet is None:
        raise Http404
    record_reading("referrals_reconciliation", month.pk, request.path)
    return pdf(files.read(month.sheet), month.sheet.name)


@require_GET
@needs(VIEW, on=Reconciliation)
def month_lines(request: HttpRequest, month: Reconciliation) -> HttpResponse:
    """Every line of the bill with its standing."""
    show, test = request.GET.get("show", ""), request.GET.get("test", "")
    number = int(test) if test.isdecimal() and len(test) < 10 else None
    rows, older, newer = lines.page(month, request.GET, size=PAGE, agreeing=show == "agreeing", test=number)
    context = {
        "month": month,
        "rows": rows,
        "tabs": [
            (_("All lines"), "?", None, show != "agreeing" and number is None),
            (_("Without a difference"), "?show=agreeing", None, show == "agreeing"),
            *([(_("Of one test"), f"?test={number}", None, True)] if number is not None else []),
        ],
        "see_case": who(request).may("referrals.view_referral"),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "bills/lines.html", context)


@require_GET
@needs(VIEW, on=Reconciliation)
def month_book(request: HttpRequest, month: Reconciliation) -> HttpResponse:
    """All lines with their standing, and all differences with their settlement, as a workbook."""
    name = _("Reconciliation %(laboratory)s %(month)s.xlsx")
    said = name % {"laboratory": month.laboratory.name, "month": month.month}
    record_reading("referrals_reconciliation", month.pk, request.path)
    return HttpResponse(sheet.book(month), content_type=files.XLSX, headers={"Content-Disposition": attachment(said)})


def _months_before(month: str, n: int) -> str:
    """The month `n` months before, as 2026-09."""
    year, place = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - n, 12)
    return f"{year}-{place + 1:02}"


@require_GET
@needs(VIEW)
def margin(request: HttpRequest) -> HttpResponse:
    """What patients were charged beside what is settled with the laboratories, per month, laboratory and test."""
    user = who(request)
    form = MarginForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    last = asked.get("last") or waiting.last_month()
    first = asked.get("first") or _months_before(last, 2)
    laboratory = asked.get("laboratory")
    rows = []
    if form.is_valid():
        places = list(user.institution_ids)
        rows = figures.margins(places, first=first, last=last, laboratory=laboratory.pk if laboratory else None)
    context = {
        "form": form,
        "rows": rows,
        "first": first,
        "last": last,
        "reset_url": reverse("bills:margin"),
        "totals": {
            name: sum(getattr(one, name) for one in rows)
            for name in ("lines", "billed", "payable", "undecided", "charged", "margin")
        },
    }
    return render(request, "bills/margin.html", context, status=200 if form.is_valid() else 400)
