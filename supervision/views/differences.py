"""Laboratories' statements beside the hospital's own referrals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.guards import needs
from catalog.models import GeneTest
from documents.paging import address, keyset
from referrals.matching import OF_HISTORY
from referrals.models import StatementDifference
from supervision import queries
from supervision.forms import DifferenceFilter
from supervision.views.papers import answer, differences_sheet

PERMISSION = "referrals.view_statement_differences"
Kind = StatementDifference.Kind


@dataclass(frozen=True)
class Side:
    """One of the two records that stand side by side."""

    what: str = ""
    number: str = ""
    test: str = ""
    day: date | None = None
    day_label: str = ""
    amount: Decimal | None = None
    url: str = ""


def asked_for(request: HttpRequest) -> tuple[DifferenceFilter, Any]:
    visible = StatementDifference.objects.visible_to(request.user)
    form = DifferenceFilter(request.GET, user=request.user, found=visible)
    asked = form.asked
    return form, visible.none() if asked is None else queries.filtered_differences(visible, asked)


@require_GET
@needs(PERMISSION)
def index(request: HttpRequest) -> HttpResponse:
    form, found = asked_for(request)
    counts = queries.by_kind(found)
    kind = request.GET.get("kind", "")
    kind = kind if kind in counts else ""
    shown = found.filter(kind=kind) if kind else found
    rows, older, newer = keyset(queries.with_lines(shown), "id", request.GET, size=queries.PAGE, newest=True)
    tests = names_of_tests(rows)
    see_case = request.user.may("referrals.view_referral")
    context = {
        "form": form,
        "kind": kind,
        "keep": [("kind", kind)] if kind else [],
        "total": counts[kind] if kind else sum(counts.values()),
        "tabs": [
            (label, tab_address(request, value), counts[value] if value else sum(counts.values()), value == kind)
            for value, label in [("", _("All")), *Kind.choices]
            if not value or counts[value] or value in OF_HISTORY
        ],
        "rows": [(one, billed(one, tests), own(one, tests, see_case), owing(one)) for one in rows],
        "several": len(form.hospitals) > 1,
        "reset_url": reverse("supervision:differences"),
        "export_url": f"{reverse('supervision:differences_export')}?{request.GET.urlencode()}",
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "supervision/differences.html", context, status=200 if form.is_valid() else 400)


def tab_address(request: HttpRequest, kind: str) -> str:
    query = request.GET.copy()
    for name in ("kind", "after", "before"):
        query.pop(name, None)
    if kind:
        query["kind"] = kind
    return f"?{query.urlencode()}"


def names_of_tests(rows: list[StatementDifference]) -> dict[str, str]:
    codes = {line.test_code for one in rows for line in (one.line, one.earlier_line) if line}
    return dict(GeneTest.objects.filter(code__in=codes).values_list("code", "name"))


def billed(one: StatementDifference, tests: dict[str, str]) -> Side:
    """The laboratory's line; none where it never billed."""
    return line_side(one.line, tests) if one.line else Side(what=_("On no statement"))


def line_side(line: Any, tests: dict[str, str]) -> Side:
    return Side(
        what=_("Statement of %(month)s, line %(line)d") % {"month": line.statement.month, "line": line.line_no},
        number=line.sample_no,
        test=tests.get(line.test_code, line.test_code),
        day=line.received_on,
        day_label=_("received"),
        amount=line.amount,
    )


def own(one: StatementDifference, tests: dict[str, str], see_case: bool) -> Side:
    """What stands against it: the earlier line, or the referral with the contract's price."""
    if one.kind == Kind.BILLED_TWICE and one.earlier_line:
        return line_side(one.earlier_line, tests)
    case = one.referral
    if case is None:
        return Side(what=_("No such referral at this hospital"))
    received = one.kind == Kind.NOT_BILLED
    at = case.received_at if received else case.shipped_at
    return Side(
        what=_("Referral"),
        number=case.number,
        test=case.test.name,
        day=timezone.localdate(at) if at else None,
        day_label=_("received by the laboratory") if received else _("handed over"),
        amount=one.expected_amount,
        url=reverse("referrals:case", args=[case.pk]) if see_case else "",
    )


def owing(one: StatementDifference) -> Decimal | None:
    """How much too much (or too little) was billed; a line without a referral is too much by all of it."""
    if one.kind == Kind.NOT_BILLED:
        return -one.expected_amount if one.expected_amount is not None else None
    if one.kind == Kind.AMOUNT_DIFFERS and one.billed_amount is not None and one.expected_amount is not None:
        return one.billed_amount - one.expected_amount
    return one.billed_amount


@require_GET
@needs(PERMISSION)
def export(request: HttpRequest) -> HttpResponse:
    """The whole filtered list, of the chosen kind."""
    _form, found = asked_for(request)
    kind = request.GET.get("kind", "")
    if kind in Kind.values:
        found = found.filter(kind=kind)
    notes = (_("Amounts by contract are the settlement price in force on the day of shipping."),)
    return answer([differences_sheet(found, notes)], _("Statement differences") + ".xlsx")
