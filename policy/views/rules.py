"""The hospital's own rules: which it has and lacks, a new one, one version from draft to end."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.guards import needs
from documents import files
from documents.spreadsheets import attachment
from policy import pathway, queries
from policy.actions import rules as actions
from policy.forms.register import (
    DeliberateForm,
    DraftForm,
    IssueForm,
    ReasonForm,
    RepealForm,
    ReviewForm,
    ReviseForm,
)
from policy.models import HospitalRule
from policy.views.common import attempt, where

S = HospitalRule.Status
# What may be done with a rule: the form, the action, who may, and where the rule stands then.
DOINGS: dict[str, tuple[type[forms.Form], Any, str, str]] = {
    "revise": (ReviseForm, actions.revise, pathway.KEEP, S.DRAFT),
    "deliberate": (DeliberateForm, actions.deliberate, pathway.KEEP, S.DRAFT),
    "discard": (ReasonForm, actions.discard, pathway.KEEP, S.DRAFT),
    "issue": (IssueForm, actions.issue, pathway.ISSUE, S.REVIEW),
    "return": (ReasonForm, actions.return_draft, pathway.ISSUE, S.REVIEW),
    "confirm": (ReviewForm, actions.confirm, pathway.ISSUE, S.ISSUED),
    "repeal": (RepealForm, actions.repeal, pathway.ISSUE, S.ISSUED),
}


def _names() -> dict[str, tuple[str, str]]:
    """Heading and button of each act."""
    return {
        "revise": (_("Change the draft"), _("Keep the changes")),
        "deliberate": (_("Put up for deliberation"), _("Put up")),
        "discard": (_("Drop the draft"), _("Drop")),
        "issue": (_("Issue"), _("Issue the rule")),
        "return": (_("Return to the draft"), _("Return")),
        "confirm": (_("Reviewed, still right"), _("Keep until the next review")),
        "repeal": (_("Repeal"), _("Repeal the rule")),
    }


@needs("policy.view_policy")
def rules(request: HttpRequest) -> HttpResponse:
    """The rules the hospital has to have, and all it has."""
    user: Any = request.user
    institution, hospitals = where(request)
    today = timezone.localdate()
    found = (
        HospitalRule.objects.visible_to(user)
        .filter(institution=institution)
        .exclude(status=S.DISCARDED)
        .select_related("file")
    )
    required = queries.rules_due(institution, today)
    context = {
        "institution": institution,
        "hospitals": hospitals,
        "required": required,
        "missing": sum(1 for _kind, _clauses, rule in required if rule is None),
        "rules": [(rule, rule.is_in_force(today)) for rule in found[:300]],
        "today": today,
        "may_draft": user.may(pathway.KEEP) and institution.pk == user.post.institution_id,
    }
    return render(request, "policy/rules.html", context)


@needs(pathway.KEEP)
def new_rule(request: HttpRequest) -> HttpResponse:
    """A draft is begun; `?replaces=` begins the next version of one that is issued."""
    user: Any = request.user
    former = None
    if wanted := request.GET.get("replaces"):
        if not wanted.isdecimal():
            raise Http404
        former = get_object_or_404(HospitalRule.objects.visible_to(user), pk=wanted)
    initial = {"kind": request.GET.get("kind", "")}
    if former:
        initial = {"kind": former.kind, "title": former.title, "drafted_in": former.drafted_in}
    form = DraftForm(request.POST or None, request.FILES or None, initial=initial)
    refusals: list[Any] = []
    given = {"institution": user.post.institution, "by": user, "replaces": former}
    if form.is_bound and (made := attempt(form, actions.draft, refusals, **given)):
        messages.success(request, _("The draft is kept. Put it up for deliberation when its text is ready."))
        return redirect(made)
    context = {"form": form, "former": former, "refusals": refusals}
    return render(request, "policy/rule_new.html", context, status=422 if form.is_bound else 200)


@needs("policy.view_policy", on=HospitalRule)
def rule(request: HttpRequest, rule: HospitalRule) -> HttpResponse:
    """One version: its facts, and what may be done with it now."""
    user: Any = request.user
    do = request.POST.get("do", "")
    refusals: list[Any] = []
    if request.method == "POST":
        if do not in DOINGS:
            raise Http404
        if not user.may(DOINGS[do][2], rule):
            raise PermissionDenied(DOINGS[do][2])
    names = _names()
    doings = []
    for name, (form_class, action, permission, status) in DOINGS.items():
        here = name == do
        if not here and (rule.status != status or not user.may(permission, rule)):
            continue
        initial = {field: getattr(rule, field, None) for field in ("title", "drafted_in")}
        form = form_class(request.POST if here else None, request.FILES if here else None, initial=initial, prefix=name)
        if here and attempt(form, action, refusals, rule=rule, by=user):
            messages.success(request, _("Done: %(what)s.") % {"what": names[name][0]})
            return redirect(rule)
        doings.append((name, *names[name], form))
    context = {
        "rule": rule,
        "basis": rule.basis.order_by("order"),
        "in_force": rule.is_in_force(timezone.localdate()),
        "doings": doings,
        "refusals": refusals,
        "next": HospitalRule.objects.filter(replaces=rule).first(),
        "may_follow": rule.status == S.ISSUED and user.may(pathway.KEEP, rule),
    }
    return render(request, "policy/rule.html", context, status=422 if request.method == "POST" else 200)


@needs("policy.view_policy", on=HospitalRule)
def rule_text(request: HttpRequest, rule: HospitalRule) -> HttpResponse:
    """The text of the rule, proven against its hash. Whoever may see the rule may read it."""
    if rule.file is None:
        raise Http404
    response = HttpResponse(files.read(rule.file), content_type=rule.file.content_type)
    response["Content-Disposition"] = attachment(rule.file.name)
    response["X-Content-Type-Options"] = "nosniff"
    return response
