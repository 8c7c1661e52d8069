"""Requirements per grade: the hospital's table in force, the versions before it, and setting a new one (A23)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from audit.refusing import tried
from catalog import grading
from catalog.actions import grading as actions
from catalog.forms.grading import RulesForm
from catalog.models import Grade, GradeRules
from catalog.models.grading import CRITERIA, PROPOSALS
from documents.paging import address, keyset

PAGE = 10


@require_http_methods(["GET", "POST"])
@needs("catalog.view_catalog")
def grades(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    institution = user.post.institution if user.post else None
    may = user.may(actions.KEEP) and institution is not None and not institution.is_bureau
    if request.method == "POST" and not may:
        raise PermissionDenied(actions.KEEP)
    rules = grading.rules_on(institution, timezone.now())
    newest = GradeRules.objects.filter(institution=institution).order_by("-starts_on", "-pk").first()
    form = RulesForm(request.POST or None, rules=newest) if may else None
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.set_rules(by=user, **form.given))
        if made:
            messages.success(request, _("The requirements per grade are set."))
            return redirect("catalog:grades")
    versions, older, newer = keyset(
        GradeRules.objects.visible_to(user).select_related("institution", "decided_by"), "id", request.GET, size=PAGE,
        newest=True,
    )  # fmt: skip
    context = {
        "rules": rules, "asked": [grading.requirement(rules, grade.value) for grade in Grade],
        "table": table_of(rules), "versions": [(one, _asked(one)) for one in versions], "form": form,
        "refusals": refusals, "may": may, "today": timezone.localdate(),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    status = 409 if refusals else 422 if form is not None and form.errors else 200
    return render(request, "catalog/grades.html", context, status=status)


def _asked(rules: GradeRules) -> list[Any]:
    return [rules.requirement(grade.value) for grade in Grade]


def table_of(rules: GradeRules | None) -> list[tuple[str, list[tuple[str, Grade]]]]:
    """(criterion, [(value, the grade it makes)]), for pages."""
    known = rules.proposals if rules else PROPOSALS
    return [
        (grading.label_of(name), [(str(word), Grade(known[name][value])) for value, word in choices.choices])
        for name, (choices, _basis) in CRITERIA.items()
    ]


def of_row(line: Any, rules: GradeRules | None) -> dict[str, Any]:
    """A row's grade for a page: the criteria with their reasoning, what they make, and what the grade asks for."""
    criteria = grading.criteria_of(line)
    shown = [
        (grading.label_of(name), getattr(line, f"get_{name}_display")(), getattr(line, basis), name in criteria)
        for name, (_choices, basis) in CRITERIA.items()
    ]
    return {"criteria": shown, "proposed": grading.proposed(criteria, rules), "asked": grading.asked_of(line, rules)}
