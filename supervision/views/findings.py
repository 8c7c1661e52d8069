"""Findings: by clause, by rule, by department, by doctor, and the case behind each."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit import declaring
from audit.guards import needs
from audit.steps import STEPS
from documents.paging import address, newest_first
from supervision import queries
from supervision.forms import FindingFilter
from supervision.models import Finding
from supervision.views.papers import answer, findings_sheet

VIEWS = {"gate": queries.by_gate, "clause": queries.by_clause, "department": queries.by_department}
VIEWS |= {"doctor": queries.by_doctor}


def asked_for(request: HttpRequest) -> tuple[FindingFilter, Any]:
    """The filter form and the findings it leaves; a filter that makes no sense leaves none."""
    visible = Finding.objects.visible_to(request.user).open()
    form = FindingFilter(request.GET, user=request.user, found=visible)
    asked = form.asked
    return form, visible.none() if asked is None else queries.filtered_findings(visible, asked)


@require_GET
@needs("supervision.view_findings")
def index(request: HttpRequest) -> HttpResponse:
    form, found = asked_for(request)
    by = request.GET.get("by", "")
    context: dict[str, Any] = {
        "form": form,
        "by": by if by in VIEWS else "",
        "total": found.count(),
        "keep": [("by", by)] if by in VIEWS else [],
        "reset_url": reverse("supervision:findings") + (f"?by={by}" if by in VIEWS else ""),
        "may_export": request.user.may("supervision.export_findings"),
        "export_url": f"{reverse('supervision:findings_export')}?{request.GET.urlencode()}",
        "several": len(form.hospitals) > 1,
    }
    context["tabs"] = [
        (label, tab_address(request, name), context["total"] if not name else None, name == context["by"])
        for name, label in (
            ("", _("All findings")),
            ("clause", _("By clause")),
            ("gate", _("By rule")),
            ("department", _("By department")),
            ("doctor", _("By doctor")),
        )
    ]
    if context["by"]:
        context["groups"] = VIEWS[by](found)
    else:
        rows, older, newer = newest_first(queries.with_cases(found), "judged_as_of", request.GET, size=queries.PAGE)
        context |= {
            "findings": [(row, queries.title_of(row.gate)) for row in rows],
            "older_url": address(request, after=older) if older else "",
            "newer_url": address(request, before=newer) if newer else "",
        }
    return render(request, "supervision/findings.html", context, status=200 if form.is_valid() else 400)


def tab_address(request: HttpRequest, by: str) -> str:
    query = request.GET.copy()
    for name in ("by", "after", "before"):
        query.pop(name, None)
    if by:
        query["by"] = by
    return f"?{query.urlencode()}"


@require_GET
@needs("supervision.view_findings", on=Finding)
def detail(request: HttpRequest, finding: Finding) -> HttpResponse:
    """One finding with its sentence, clauses, facts and the other findings of the case. Reading it is recorded."""
    declaring.record_reading("referrals_referral", finding.referral_id, request.path)
    others = Finding.objects.visible_to(request.user).open().filter(referral=finding.referral_id)
    step = STEPS.get(finding.step)
    context = {
        "finding": finding,
        "case": finding.referral,
        "title": queries.title_of(finding.gate),
        "step": step.label if step else finding.step,
        "others": [(one, queries.title_of(one.gate)) for one in others.exclude(pk=finding.pk).order_by("gate")],
    }
    return render(request, "supervision/finding.html", context)


@require_GET
@needs("supervision.export_findings")
def export(request: HttpRequest) -> HttpResponse:
    """The whole filtered list, not only the page shown."""
    _form, found = asked_for(request)
    notes = (_("Self-inspection by clause B21; each finding judged as of the time of its step."),)
    sheet = findings_sheet(found, identity=request.user.sees_identity, notes=notes)
    return answer([sheet], _("Findings of self-inspection") + ".xlsx")
