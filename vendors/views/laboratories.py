"""Laboratories with their credentials, rounds of quality assessment and contracts."""

from __future__ import annotations

from typing import Any

from django import forms as shapes
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from audit.refusing import tried
from vendors import queries
from vendors.actions import laboratories as actions
from vendors.forms import admissions as forms
from vendors.models import Admission, Contract, Laboratory

VIEW = "vendors.view_vendors"
ask = require_http_methods(["GET", "POST"])


def _keeps(user: Any) -> bool:
    return user.may(actions.KEEP) and bool(user.post) and not user.post.institution.is_bureau


@ask
@needs(VIEW)
def laboratories(request: HttpRequest) -> HttpResponse:
    """Every laboratory and whether it may take anything today; registering one more."""
    user: Any = request.user
    may, today = _keeps(user), timezone.localdate()
    if request.method == "POST" and not may:
        raise PermissionDenied(actions.KEEP)
    form = forms.RegisterForm(request.POST or None) if may else None
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.register(by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("The laboratory is on the register; it is admitted by each hospital apart."))
            return redirect(made)
    context = {
        "laboratories": queries.laboratories(user, today), "today": today, "form": form, "refusals": refusals,
    }  # fmt: skip
    return render(request, "vendors/laboratories.html", context, status=422 if request.method == "POST" else 200)


DOINGS: dict[str, tuple[Any, Any, Any]] = {
    "credential": (forms.CredentialForm, actions.record_credential, gettext_lazy("Record a credential")),
    "round": (forms.RoundForm, actions.record_round, gettext_lazy("Record a quality assessment")),
    "describe": (forms.DescribeForm, actions.describe, gettext_lazy("Put the facts of the licence on record")),
}


@ask
@needs(VIEW)
def laboratory(request: HttpRequest, pk: int) -> HttpResponse:
    """One laboratory: its licence, credentials, rounds, how the hospital admitted it, contracts."""
    user: Any = request.user
    today = timezone.localdate()
    found = get_object_or_404(Laboratory, pk=pk)
    may = _keeps(user)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    if do and not may:
        raise PermissionDenied(actions.KEEP)
    known = {name: getattr(found, name) for name in actions.FACTS}
    for name in ("foreign_controlled", "in_mainland"):
        known[name] = {True: "yes", False: "no"}.get(known[name], "")
    shown: dict[str, shapes.Form] = {
        name: shape(prefix=name, initial=known if name == "describe" else None)
        for name, (shape, _act, _label) in DOINGS.items()
    }
    refusals: list = []
    if do in DOINGS:
        shape, act, _label = DOINGS[do]
        form = shown[do] = shape(request.POST, request.FILES, prefix=do)
        made, refusals = tried(form, lambda: act(laboratory=found, by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("Kept."))
            return redirect(found)
    contracts = (
        Contract.objects.visible_to(user)
        .filter(laboratory=found)
        .select_related("institution")
        .prefetch_related(Prefetch("items", to_attr="listed"), "items__test")
        .order_by("institution", "-valid_from")
    )
    context = {
        "laboratory": found,
        "subjects": [Laboratory.Subject(one).label for one in found.subjects],
        "credentials": [(row, queries.standing(row, today)) for row in found.credentials.select_related("file")],
        "rounds": found.rounds.select_related("test", "file")[:100],
        "admissions": Admission.objects.visible_to(user).filter(laboratory=found).select_related("institution"),
        "contracts": [(row, queries.standing(row, today)) for row in contracts],
        "missing": queries.missing_credentials(found, today),
        "doings": [(name, label, shown[name]) for name, (_s, _a, label) in DOINGS.items()] if may else [],
        "refusals": refusals,
        "tried": do,
    }
    return render(request, "vendors/laboratory.html", context, status=422 if do else 200)
