"""Clause → evidence: what carries each clause out, and how it stands in a hospital; what the hospital says itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.guards import needs
from documents.files import XLSX
from documents.spreadsheets import Column, SheetOut, attachment, workbook
from policy import coverage as covering
from policy import queries
from policy.actions import register as actions
from policy.forms.coverage import CoverageFilter
from policy.forms.register import FulfilmentForm, ReasonForm
from policy.models import Clause, Fulfilment, PolicyDocument
from policy.views.common import attempt, where


@needs("policy.view_policy")
def coverage(request: HttpRequest) -> HttpResponse:
    """Clause by clause, for one hospital: what carries it out, the last evidence, what is open."""
    user: Any = request.user
    institution, hospitals = where(request)
    today = timezone.localdate()
    form = CoverageFilter(request.GET or None)
    clauses = Clause.objects.select_related("document").defer("document__text")
    wanted = ""
    if form.is_valid():
        if document := form.cleaned_data["document"]:
            clauses = clauses.filter(document=document)
        if tag := form.cleaned_data["tag"]:
            clauses = clauses.filter(tag=tag)
        wanted = form.cleaned_data["stand"]
    rows = [(row, row.stand(today)) for row in queries.rows(user, institution, clauses)]
    counts = Counter(stand for _row, stand in rows)
    if wanted:
        rows = [one for one in rows if one[1] == wanted]
    if request.GET.get("format") == "xlsx":
        return _sheet(institution, rows)
    context = {
        "form": form,
        "rows": rows,
        "counts": [(stand, counts[stand]) for stand in queries.Stand],
        "total": sum(counts.values()),
        "institution": institution,
        "hospitals": hospitals,
        "rules": queries.rules_due(institution, today),
        "register": PolicyDocument.objects.defer("text"),
        "in_force": set(PolicyDocument.objects.in_force(today).values_list("pk", flat=True)),
        "may_register": user.may(actions.KEEP_REGISTER),
    }
    return render(request, "policy/coverage.html", context)


def _sheet(institution: Any, rows: list[Any]) -> HttpResponse:
    """The same table to take along: clause, words, what carries it out, the evidence, where it stands."""
    columns = [
        Column(str(heading), width)
        for heading, width in (
            (_("Clause"), 8), (_("Words of the document"), 50), (_("Who owes it"), 20), (_("Gates"), 30),
            (_("Records"), 40), (_("Indicators"), 24), (_("Statement of the hospital"), 40), (_("Where it stands"), 18),
        )
    ]  # fmt: skip
    lines = []
    for row, stand in rows:
        kept = [
            f"{one.claim.label}：{one.count}" + (f"（{timezone.localtime(one.last):%Y-%m-%d}）" if one.last else "")
            for one in row.evidence
        ]
        figures = [f"{one.label}：{one.value}" for one in row.standings]
        said = f"{row.fulfilment.department}：{row.fulfilment.how}" if row.fulfilment else ""
        gates = "；".join(str(one.label) for one in row.claims["gate"])
        lines.append(
            [row.clause.code, row.clause.quote, row.clause.actor, gates, "；".join(kept), "；".join(figures), said,
             str(stand.label)]
        )  # fmt: skip
    now = timezone.localtime()
    note = _("%(institution)s, as of %(at)s") % {"institution": institution, "at": f"{now:%Y-%m-%d %H:%M}"}
    sheet = SheetOut(str(_("Clauses and evidence")), columns, lines, [note])
    name = institution.code + "-" + _("Clauses and evidence") + f"-{now:%Y%m%d}.xlsx"
    content = workbook([sheet], title=str(_("Clauses and evidence")))
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": attachment(name)})


@needs("policy.view_policy", on=Clause, key="code", lookup="code__iexact")
def clause(request: HttpRequest, clause: Clause) -> HttpResponse:
    """One clause: its words, what carries it out, the evidence here, and the hospital's own statement."""
    user: Any = request.user
    institution, hospitals = where(request)
    refusals: list[Any] = []
    do = request.POST.get("do", "")
    if request.method == "POST" and not user.may(actions.STATE):
        raise PermissionDenied(actions.STATE)
    form = FulfilmentForm(request.POST if do == "state" else None, request.FILES if do == "state" else None)
    ending = ReasonForm(request.POST if do == "take_back" else None)
    mine = user.post.institution
    if do == "state" and attempt(form, actions.state, refusals, institution=mine, clause=clause, by=user):
        messages.success(request, _("The statement is kept."))
        return redirect(clause)
    if do == "take_back":
        standing = get_object_or_404(Fulfilment.objects.standing(), institution=mine, clause=clause)
        if attempt(ending, actions.take_back, refusals, fulfilment=standing, by=user):
            messages.success(request, _("The statement has ended; the clause is open again."))
            return redirect(clause)
    (row,) = queries.rows(user, institution, [clause])
    neighbours = Clause.objects.filter(document=clause.document)
    context = {
        "clause": clause,
        "row": row,
        "stand": row.stand(timezone.localdate()),
        "why_by_hand": covering.by_hand().get(clause.code, ""),
        "institution": institution,
        "hospitals": hospitals,
        "in_force": PolicyDocument.objects.in_force(timezone.localdate()).filter(pk=clause.document_id).exists(),
        "before": neighbours.filter(order__lt=clause.order).last(),
        "after": neighbours.filter(order__gt=clause.order).first(),
        "former": clause.fulfilments.filter(institution=institution, ended_at__isnull=False).select_related(
            "stated_by"
        )[:5],
        "form": form,
        "ending": ending,
        "refusals": refusals,
        "may_state": user.may(actions.STATE) and not user.post.institution.is_bureau and institution.pk == mine.pk,
    }
    return render(request, "policy/clause.html", context, status=422 if request.method == "POST" else 200)
