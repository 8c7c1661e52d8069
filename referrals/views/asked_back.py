"""A request asked back: cancelled, supplemented, or changed to another test."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from audit.gates import Refused
from audit.guards import needs
from audit.steps import Step
from referrals import next_steps, offering, pathway
from referrals.actions import requests as actions
from referrals.actions.held import as_drawn
from referrals.forms.requests import (
    CancelForm,
    ChangeTestForm,
    EvidenceRows,
    SupplementForm,
)
from referrals.gates.requesting import NOT_LISTED
from referrals.models import Referral
from referrals.views.common import back_to_case, put_errors, who
from referrals.views.requests import quiet

PERMISSION = "referrals.submit_referral"

# What may be done to a request before consent


def _station(
    request: HttpRequest, referral: Referral, form: Any, act: Any, step: Step, *, title: str, submit: str, done: str,
    lead: str = "", danger: bool = False, template: str = "referrals/station.html", extra: dict | None = None,
) -> HttpResponse:  # fmt: skip
    """A small page with one form on one case: shape, action, refusal or back to the case."""
    refusals: list[Any] = []
    rows = (extra or {}).get("evidence")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (rows is None or rows.is_valid()):
            try:
                as_drawn(referral, form.cleaned_data.pop("drawn", ""))
                act(form.cleaned_data)
            except Refused as refused:
                refusals = refused.refusals
            except ValidationError as wrong:
                put_errors(wrong, form)
            else:
                messages.success(request, done)
                return redirect(back_to_case(referral))
    off = referral.status not in step.sources
    if off and not refusals:
        refusals = next_steps.stops(step, referral, request.user)
    context = {
        "referral": referral, "form": None if off else form, "refusals": refusals, "title": title, "submit": submit,
        "lead": "" if off else lead,
        "danger": danger, "back": back_to_case(referral), **(extra or {}),
    }  # fmt: skip
    return render(request, template, context, status=status)


@needs("referrals.cancel_referral", on=Referral)
def cancel(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The requester or medical affairs ends a request before sampling."""
    form = CancelForm(request.POST or None, initial={"drawn": referral.status})
    return _station(
        request, referral, form,
        lambda asked: actions.cancel(referral=referral, by=who(request), **asked),
        pathway.CANCEL,
        title=_("Cancel the request"), submit=_("Cancel the request"), danger=True,
        done=_("Request %(number)s is cancelled.") % {"number": referral.number},
        lead=_("The case ends here. It stays readable with the reason; it cannot be opened again."),
    )  # fmt: skip


@needs(PERMISSION, on=Referral)
def supplement(request: HttpRequest, referral: Referral) -> HttpResponse:
    """Information the MDT asked for."""
    initial = {"drawn": referral.status, "pathology": referral.pathology, "stage": referral.stage}
    form, rows = SupplementForm(request.POST or None, initial=initial), EvidenceRows(request.POST or None)
    review = referral.mdt_reviews.order_by("concluded_at").last()
    return _station(
        request, referral, form,
        lambda asked: actions.supplement(referral=referral, by=who(request), evidence=rows.rows, **asked),
        pathway.SUPPLEMENT,
        title=_("Add information for the MDT"), submit=_("Add and return to the MDT"),
        done=_("The information is added; the case waits for the MDT again."), extra={"evidence": rows, "review": review},
    )  # fmt: skip


@needs(PERMISSION, on=Referral)
def change(request: HttpRequest, referral: Referral) -> HttpResponse:
    """Another test, as the MDT advised."""
    user = who(request)
    initial = {"drawn": referral.status, "necessity": referral.necessity}
    form = ChangeTestForm(request.POST or None, initial=initial, user=user)
    rows = EvidenceRows(request.POST or None)
    searching = request.method == "POST" and request.POST.get("do") == "search"
    key = request.POST.get("indication", "")
    words = request.POST.get("test_query", request.GET.get("q", ""))[:60]
    found = offering.offers(
        referral.institution, words, referral.diagnosis_code, int(key) if key.isdecimal() else None,
        pathology=referral.pathology, stage=referral.stage, patient=referral.patient, by=user,
    )  # fmt: skip
    extra = {
        "offers": found, "words": words, "not_listed": NOT_LISTED if words and not found.lines else "",
        "evidence": rows, "review": referral.mdt_reviews.order_by("concluded_at").last(),
    }  # fmt: skip
    if searching:
        quiet(form)
        context = {
            "referral": referral, "form": form, "title": _("Take another test"),
            "submit": _("Take another test"), "back": back_to_case(referral), **extra,
        }  # fmt: skip
        return render(request, "referrals/change.html", context)
    return _station(
        request, referral, form,
        lambda asked: actions.change_test(
            referral=referral, by=user, evidence=rows.rows, laboratory_chosen="laboratory" in request.POST,
            **{name: value for name, value in asked.items() if name != "test_query"},
        ),
        pathway.CHANGE,
        title=_("Take another test"), submit=_("Take another test"), done=_("The test is changed."),
        template="referrals/change.html", extra=extra,
    )  # fmt: skip
