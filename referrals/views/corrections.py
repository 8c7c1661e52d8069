"""The doors of corrections, and of merging two records of one patient."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from audit import declaring
from audit.gates import Refused
from audit.guards import needs
from referrals import correcting, merging
from referrals.actions import corrections as actions
from referrals.actions import merging as merge_actions
from referrals.forms.corrections import CorrectionForm, FindTwoForm, MergeForm
from referrals.merging import PERMISSION
from referrals.models import Patient, PatientMerge, Referral
from referrals.views.common import back_to_case, named, put_errors


@needs("referrals.view_referral", on=Referral)
def correct(request: HttpRequest, referral: Referral) -> HttpResponse:
    """What this person may correct on the case; `?field=` opens one value."""
    user: Any = request.user
    found = correcting.choices(referral, user)
    if not found:
        raise PermissionDenied(correcting.REQUEST)
    chosen = next((one for one in found if one.field.name == request.GET.get("field")), None)
    form, refusals, status = None, [], 200
    if chosen and not chosen.why_not:
        row = chosen.field.row(referral)
        now = "" if chosen.field.hidden else chosen.field.value(row)
        form = CorrectionForm(request.POST or None, field=chosen.field, initial={"was": now, "value": now})
    if request.method == "POST" and form is not None:
        status = 422
        if form.is_valid():
            asked = form.cleaned_data
            try:
                actions.correct(
                    referral=referral, by=user, field=chosen.field.name, value=asked["value"], reason=asked["reason"],
                    was=None if chosen.field.hidden else asked["was"].replace("\r\n", "\n"),
                )  # fmt: skip
            except Refused as refused:
                refusals = refused.refusals
            except ValidationError as wrong:
                put_errors(wrong, form)
            else:
                messages.success(request, _("Corrected. The old value stays in view."))
                return redirect(f"{request.path}#corrections")
    elif chosen and chosen.field.hidden and request.method == "GET":
        declaring.record_reading("referrals_referral", referral.pk, "correct")
    context = {
        "referral": referral,
        "name": named(user, referral),
        "choices": found,
        "chosen": chosen,
        "form": form,
        "refusals": refusals,
        "corrections": correcting.corrections(referral),
        "elsewhere": correcting.elsewhere(referral),
        "back": back_to_case(referral),
    }
    return render(request, "referrals/correct.html", context, status=status)


@needs(PERMISSION)
def patients(request: HttpRequest) -> HttpResponse:
    """Records that look like one patient, a search for two, and the mergings in force."""
    user: Any = request.user
    form = FindTwoForm(request.GET if "one" in request.GET else None)
    if form.is_bound and form.is_valid():
        pair = {name: merging.find(user, form.cleaned_data[name]) for name in ("one", "other")}
        for name, patient in pair.items():
            if patient is None:
                form.add_error(name, _("No single record with this number here."))
        if all(pair.values()):
            return redirect("referrals:merge", pair["one"].pk, pair["other"].pk)
    context = {
        "form": form,
        "pairs": merging.suggestions(user),
        "standing": merging.standing(user)[: merging.SHOWN],
        "parted": merging.parted(user)[: merging.SHOWN],
    }
    return render(request, "referrals/patients.html", context, status=422 if form.errors else 200)


@needs(PERMISSION, on=Patient, key="one")
def merge(request: HttpRequest, kept: Patient, other: int) -> HttpResponse:
    """The two side by side; merged with a reason."""
    user: Any = request.user
    merged = get_object_or_404(Patient.objects.visible_to(user).select_related("institution"), pk=other)
    form, refusals = MergeForm(request.POST or None), []
    if form.is_valid():
        try:
            made = merge_actions.merge(kept=kept, merged=merged, by=user, reason=form.cleaned_data["reason"])
        except Refused as refused:
            refusals = refused.refusals
        except ValidationError as wrong:
            put_errors(wrong, form)
        else:
            said = _("%(n)s cases now stand with record %(number)s. They can be parted again.")
            messages.success(request, said % {"n": len(made.referral_ids), "number": kept.record_no})
            return redirect("referrals:patients")
    if request.method == "GET":
        declaring.record_reading("referrals_identity", kept.pk, "merge")
        declaring.record_reading("referrals_identity", merged.pk, "merge")
    cases = Referral.objects.filter(patient__in=(kept, merged)).select_related("test", "department")
    context = {
        "kept": kept,
        "merged": merged,
        "rows": merging.side_by_side(kept, merged) if kept.institution_id == merged.institution_id else [],
        "cases": [(one, one.patient_id == kept.pk) for one in cases.order_by("-requested_at")[:100]],
        "form": form,
        "refusals": refusals,
    }
    return render(request, "referrals/merge.html", context, status=422 if refusals or form.errors else 200)


@require_POST
@needs(PERMISSION)
def part(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(PatientMerge.objects.filter(institution_id__in=user.institution_ids), pk=pk)
    try:
        merge_actions.part(merge=found, by=user, reason=request.POST.get("reason", ""))
    except Refused as refused:
        messages.error(request, str(refused.refusals[0]))
    else:
        messages.success(request, _("Parted: each record has its own cases again."))
    return redirect("referrals:patients")
