"""The register of studies and their ethics approvals."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from referrals.actions import studies as actions
from referrals.forms.stations import EthicsForm, StudyDatesForm, StudyForm
from referrals.models import Study
from referrals.views.common import put_errors

ask = require_http_methods(["GET", "POST"])


@ask
@needs(actions.PERMISSION)
def studies(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = StudyForm(request.POST or None)
    if form.is_valid():
        try:
            made = actions.register_study(institution=user.post.institution, by=user, **form.cleaned_data)
        except ValidationError as wrong:
            put_errors(wrong, form)
        else:
            messages.success(request, _("The study is registered; add its ethics approval."))
            return redirect("referrals:study", made.pk)
    found = Study.objects.visible_to(user).prefetch_related("ethics_approvals").order_by("-pk")
    today = timezone.localdate()
    rows = [(one, _standing(one, today)) for one in found]
    return render(request, "referrals/studies.html", {"form": form, "rows": rows}, status=422 if form.is_bound else 200)


def _standing(study: Study, today: Any) -> dict[str, Any]:
    """Whether a test may be done under the study today, and why not."""
    approvals = sorted(study.ethics_approvals.all(), key=lambda one: one.valid_to)
    valid = [one for one in approvals if one.in_force(today)]
    approved = study.hospital_approved_on is not None and study.hospital_approved_on <= today
    ended = study.ended_on is not None and study.ended_on < today
    return {"approvals": approvals, "valid": valid, "open": bool(valid) and approved and not ended}


@ask
@needs(actions.PERMISSION, on=Study)
def study(request: HttpRequest, study: Study) -> HttpResponse:
    do = request.POST.get("do", "")
    dates = {"hospital_approved_on": study.hospital_approved_on, "ended_on": study.ended_on}
    ethics = EthicsForm(request.POST if do == "ethics" else None)
    days = StudyDatesForm(request.POST if do == "dates" else None, initial=dates)
    try:
        if ethics.is_bound and ethics.is_valid():
            actions.register_ethics_approval(study=study, by=request.user, **ethics.cleaned_data)
            messages.success(request, _("The ethics approval is registered."))
            return redirect("referrals:study", study.pk)
        if days.is_bound and days.is_valid():
            actions.set_study_dates(study=study, by=request.user, **days.cleaned_data)
            messages.success(request, _("The dates are kept."))
            return redirect("referrals:study", study.pk)
    except ValidationError as wrong:
        put_errors(wrong, ethics if ethics.is_bound else days)
    context = {"study": study, "ethics": ethics, "days": days, **_standing(study, timezone.localdate())}
    return render(request, "referrals/study.html", context, status=422 if request.method == "POST" else 200)
