"""Which clauses reports and indicators carry out, and the figure of each indicator in the last quarter."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from policy import coverage
from policy.coverage import Standing
from referrals.models import Referral
from reports import indicators, periods
from reports.models import Report


def _reports(institution: int) -> Any:
    return Report.objects.filter(institution_id=institution)


def _submitted(institution: int) -> Any:
    return _reports(institution).filter(submitted_at__isnull=False)


def claim_all() -> None:
    for one in indicators.recorded():
        coverage.claim(one.clauses, "indicator", f"{one.code} {one.name}", "reports:indicators")
    reports = "reports:list"
    periodic = _("Reports by period, with the findings of self-inspection")
    coverage.claim(["A59", "B21"], "record", periodic, reports, rows=_reports, at="requested_at")
    coverage.claim("A59", "record", _("Reports submitted to the bureau"), reports, rows=_submitted, at="submitted_at")
    coverage.claim("B45", "form", _("Work status table"), reports)
    coverage.claim("B46", "page", _("The bureau's county overview"), "reports:county")
    coverage.claim("B26", "page", _("The bureau's view of every hospital"), "reports:county")


@coverage.standing("indicators")
def last_quarter(user: Any, institution: Any) -> dict[str, list[Standing]]:
    """Each indicator of the last closed quarter, and whether it misses cases."""
    period = periods.last_closed()
    if not user.may("reports.view_indicators"):
        return {}
    rates = indicators.rates(Referral.objects.filter(institution=institution), institution.pk, period)
    found: dict[str, list[Standing]] = defaultdict(list)
    for one in indicators.recorded():
        rate = rates[one.code]
        name = f"{one.code} {one.name}（{period.code}）"
        line = Standing(name, str(rate), reverse("reports:indicators"), is_bad=rate.missing > 0)
        for clause in one.clauses:
            found[clause].append(line)
    return found
