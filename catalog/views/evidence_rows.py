"""What the rows of an edition rest on: the citations of one row, and the check of them all (clauses B2, A22)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from catalog import actions, citing, evidence, readiness
from catalog.actions import evidence as evidence_actions
from catalog.actions import rows as row_actions
from catalog.forms import evidence as forms
from catalog.models import Edition, Indication
from catalog.views.edition_rows import line_of
from catalog.views.editions import VIEW, attempt, head

ask = require_http_methods(["GET", "POST"])


@ask
@needs(VIEW, on=Edition)
def citations(request: HttpRequest, edition: Edition, code: str) -> HttpResponse:
    """The citations of one row; in a draft they are written anew, or one is added, with the reason."""
    user: Any = request.user
    line, shown = line_of(edition, code), head(edition, user)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do and not shown["may_write"]:
        raise PermissionDenied("catalog.draft_edition")
    now = citing.of(line)
    seen = row_actions.last_change(edition, line.code)
    form = forms.CitationsForm(
        request.POST if do == "write" else None, initial={"citations": citing.text(now), "seen": seen}, prefix="w"
    )
    one = forms.CiteForm(request.POST if do == "add" else None, line=line, prefix="a")
    asked = {"write": form, "add": one}.get(do)
    refusals: list = []
    if asked is not None and asked.is_valid():
        typed = asked.cleaned_data
        wanted = typed["citations"] if do == "write" else "\n".join([citing.text(now), one.as_text()])
        refusals = attempt(
            request,
            lambda: actions.change_row(
                line=line,
                values={citing.FIELD: wanted.strip()},
                reason=typed["reason"],
                seen=typed.get("seen"),
                by=user,
            ),
            _("The citations are changed; the row has to be confirmed anew."),
        )
        if not refusals:
            return redirect("catalog:citations", edition.pk, line.code)
    systems = {item.source.system.pk: item.source.system for item in now}
    context = {**shown, "line": line, "citations": now, "form": form, "one": one, "refusals": refusals,
               "systems": systems.values(), "support": getattr(line, "support", None), "here": "rows"}  # fmt: skip
    status = 409 if refusals else 422 if form.errors or one.errors else 200
    return render(request, "catalog/evidence_citations.html", context, status=status)


@ask
@needs(VIEW, on=Edition)
def check(request: HttpRequest, edition: Edition) -> HttpResponse:
    """What stands in the way of the edition by its evidence; A22's two elements are recorded here."""
    user: Any = request.user
    shown = head(edition, user)
    if request.method == "POST" and not shown["may_write"]:
        raise PermissionDenied("catalog.draft_edition")
    lines = list(Indication.objects.filter(edition=edition).select_related("test", "support").order_by("code"))
    kinds, rule = evidence.kinds_of(lines), evidence.rule_for(edition.institution_id)
    weak = [one for one in lines if evidence.standing_of(kinds[one.pk]) in ("consensus", "other")]
    form = forms.SupportForm(request.POST or None, request.FILES or None, lines=weak) if shown["may_write"] else None
    refusals: list = []
    if form is not None and form.is_valid():
        refusals = attempt(
            request,
            lambda: evidence_actions.record_support(edition=edition, by=user, **form.cleaned_data),
            _("Evidence and discussion are recorded."),
        )
        if not refusals:
            return redirect("catalog:evidence_check", edition.pk)
    counted: dict[str, int] = {}
    for one in lines:
        name = str(evidence.standing_of(kinds[one.pk]))
        counted[name] = counted.get(name, 0) + 1
    context = {
        **shown, "missing": readiness.of_evidence(edition), "rule": rule, "counted": counted, "form": form,
        "weak": [(one, getattr(one, "support", None)) for one in weak], "refusals": refusals, "here": "evidence",
    }  # fmt: skip
    status = 409 if refusals else 422 if form is not None and form.errors else 200
    return render(request, "catalog/evidence_check.html", context, status=status)
