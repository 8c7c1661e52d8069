"""What the hospital does itself: the register with what closes an item, one item, and first-time technologies."""

from __future__ import annotations

from typing import Any

from django import forms as shapes
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from audit.refusing import tried
from catalog import capability as judging
from catalog.actions import capability as actions
from catalog.forms import capability as forms
from catalog.forms.authority import ReasonForm
from catalog.models import (
    CapabilityEquipment,
    CapabilityProduct,
    CapabilityStaff,
    InHouseCapability,
    QualityRound,
    TechnologyIntake,
)
from documents.paging import address, keyset

VIEW = "catalog.view_catalog"
PAGE = 50
PARTS: dict[str, Any] = {"equipment": CapabilityEquipment, "staff": CapabilityStaff, "product": CapabilityProduct}
ask = require_http_methods(["GET", "POST"])


def _keeps(user: Any, permission: str = actions.KEEP) -> bool:
    return user.may(permission) and bool(user.post) and not user.post.institution.is_bureau


@ask
@needs(VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """Every item in the register and whether it is open today; registering one more."""
    user: Any = request.user
    may = _keeps(user)
    if request.method == "POST" and not may:
        raise PermissionDenied(actions.KEEP)
    form = forms.RegisterForm(request.POST or None, institution=user.post.institution_id) if may else None
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.register(by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("The test is registered; its parts are recorded next."))
            return redirect("catalog:capability", made.pk)
    here = InHouseCapability.objects.visible_to(user).select_related("test", "department", "institution")
    rows, older, newer = keyset(here, "id", request.GET, size=PAGE, newest=True)
    registry, today = judging.Registry.of(rows), timezone.localdate()
    context = {
        "rows": [(one, registry.shut(one, today)) for one in registry.capabilities], "form": form, "refusals": refusals,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "catalog/capabilities.html", context, status=422 if request.method == "POST" else 200)


@ask
@needs(VIEW, on=InHouseCapability)
def detail(request: HttpRequest, one: InHouseCapability) -> HttpResponse:
    """One item: what it stands on, and what closes it; its parts are added and ended here."""
    user: Any = request.user
    do = request.POST.get("do", "") if request.method == "POST" else ""
    shown: dict[str, shapes.Form] = {
        "equipment": forms.EquipmentForm(prefix="equipment"),
        "staff": forms.StaffForm(prefix="staff", institution=one.institution_id),
        "product": forms.ProductForm(prefix="product"),
        "round": forms.RoundForm(prefix="round"),
        "end": ReasonForm(prefix="end"),
    }
    refusals: list = []
    if request.method == "POST":
        form, act = _act(request, one, do)
        shown[do] = form
        made, refusals = tried(form, act)
        if made:
            messages.success(request, _("Kept."))
            return redirect("catalog:capability", one.pk)
    registry = judging.Registry.of([one])
    context = {
        "one": one, "shut": registry.shut(one, timezone.localdate()), "today": timezone.localdate(),
        "equipment": registry.part(CapabilityEquipment, one), "staff": registry.part(CapabilityStaff, one),
        "products": registry.part(CapabilityProduct, one), "rounds": registry.part(QualityRound, one),
        "forms": shown, "refusals": refusals, "may": _keeps(user) and one.is_detailed,
        "may_approve": _keeps(user, actions.APPROVE),
    }  # fmt: skip
    return render(request, "catalog/capability.html", context, status=422 if do else 200)


def _act(request: HttpRequest, one: InHouseCapability, do: str) -> tuple[shapes.Form, Any]:
    by: Any = request.user
    row = request.POST.get("row", "")
    key = row if row.isdecimal() else 0
    add: dict[str, tuple[Any, Any]] = {
        "equipment": (forms.EquipmentForm, actions.add_equipment),
        "product": (forms.ProductForm, actions.add_product),
        "round": (forms.RoundForm, actions.record_round),
    }
    form: shapes.Form
    if do == "staff":
        form = forms.StaffForm(request.POST, prefix=do, institution=one.institution_id)
        return form, lambda: actions.name_staff(capability=one, by=by, **form.cleaned_data)
    if do in add:
        shape, act = add[do]
        form = shape(request.POST, request.FILES, prefix=do)
        return form, lambda: act(capability=one, by=by, **form.cleaned_data)
    if do == "correction":
        quality = get_object_or_404(QualityRound.objects.visible_to(by), pk=key, capability=one)
        return shapes.Form(request.POST), lambda: actions.approve_correction(quality=quality, by=by)
    model = PARTS.get(request.POST.get("part", ""), CapabilityEquipment)
    part = get_object_or_404(model.objects.visible_to(by), pk=key, capability=one)
    form = ReasonForm(request.POST, prefix="end")
    return form, lambda: actions.end_part(part=part, by=by, **form.cleaned_data)


@ask
@needs(VIEW)
def intakes(request: HttpRequest) -> HttpResponse:
    """First-time technologies: proposed, reviewed, decided; proposing one."""
    user: Any = request.user
    may = _keeps(user)
    if request.method == "POST" and not may:
        raise PermissionDenied(actions.KEEP)
    form = forms.IntakeForm(request.POST or None) if may else None
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.propose(by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("The technology is before the technical committee."))
            return redirect("catalog:intake", made.pk)
    here = TechnologyIntake.objects.visible_to(user).select_related("test", "proposed_by", "institution")
    rows, older, newer = keyset(here, "id", request.GET, size=PAGE, newest=True)
    context = {
        "rows": rows, "form": form, "refusals": refusals,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "catalog/intakes.html", context, status=422 if request.method == "POST" else 200)


@ask
@needs(VIEW, on=TechnologyIntake)
def intake(request: HttpRequest, one: TechnologyIntake) -> HttpResponse:
    """One first-time technology: the argument, the committee's opinions, the decision."""
    user: Any = request.user
    do = request.POST.get("do", "") if request.method == "POST" else ""
    opinion = forms.OpinionForm(request.POST if do == "opinion" else None, prefix="opinion")
    decision = forms.DecisionForm(request.POST if do == "decide" else None, prefix="decide")
    made, refusals = tried(opinion, lambda: actions.give_opinion(intake=one, by=user, **opinion.cleaned_data))
    if not made:
        made, more = tried(decision, lambda: actions.decide(intake=one, by=user, **decision.cleaned_data))
        refusals = [*refusals, *more]
    if made:
        messages.success(request, _("Kept."))
        return redirect("catalog:intake", one.pk)
    context = {
        "one": one, "opinions": one.opinions.select_related("given_by"), "opinion": opinion, "decision": decision,
        "refusals": refusals, "may_review": not one.decided_at and _keeps(user, actions.REVIEW),
        "may_decide": not one.decided_at and _keeps(user, actions.APPROVE),
    }  # fmt: skip
    return render(request, "catalog/intake.html", context, status=422 if request.method == "POST" else 200)
