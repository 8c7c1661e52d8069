"""What self-inspection has to say of each clause: the findings that stand open."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from policy import coverage
from policy.coverage import Standing
from referrals.models import StatementDifference
from supervision.models import Alert, Finding


def _findings(institution: int) -> Any:
    return Finding.objects.filter(institution_id=institution)


def _differences(institution: int) -> Any:
    return StatementDifference.objects.filter(institution_id=institution)


def _alerts(institution: int) -> Any:
    return Alert.objects.filter(institution_id=institution)


def claim_all() -> None:
    findings, differences = "supervision:findings", "supervision:differences"
    coverage.claim("B21", "record", _("Findings of self-inspection"), findings, rows=_findings, at="found_at")
    alerts = _("Alerts on tests billed outside the hospital's own way")
    coverage.claim(["B29", "B31"], "record", alerts, "supervision:alerts", rows=_alerts, at="raised_at")
    coverage.claim("A28", "record", _("Differences of laboratories' statements"), differences, rows=_differences)


@coverage.standing("findings")
def open_findings(user: Any, institution: Any) -> dict[str, list[Standing]]:
    """The open findings of this hospital that break a rule of the clause. Counted over all its cases, whoever looks."""
    counted = (
        Finding.objects.open()
        .filter(institution=institution)
        .order_by()
        .values("gate", "clauses")
        .annotate(n=Count("pk"))
    )
    numbers: dict[str, Counter[str]] = defaultdict(Counter)
    for row in counted:
        for clause in row["clauses"]:
            numbers[clause][row["gate"]] += row["n"]
    return {
        clause: [
            Standing(
                _("Findings open (%(gate)s)") % {"gate": gate},
                ngettext("%(n)s case", "%(n)s cases", n) % {"n": n},
                f"{reverse('supervision:findings')}?gate={gate}",
                is_bad=True,
            )
            for gate, n in sorted(by_gate.items())
        ]
        for clause, by_gate in numbers.items()
    }
