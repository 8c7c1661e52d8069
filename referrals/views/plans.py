"""The plan of a request: what is due, going on with the next step, leaving it out with the reason."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from audit.refusing import tried
from referrals import planning, requesting
from referrals.actions import plans as actions
from referrals.forms.requests import BeginForm, DropForm, EvidenceRows
from referrals.models import Referral
from referrals.views.common import who


@require_http_methods(["GET", "POST"])
@needs(planning.PERMISSION, on=Referral)
def plan(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The plan that stands on this request; at a step begun from one, the way back to it."""
    if own := planning.step_of(referral):
        return redirect("referrals:plan", own.referral_id)
    user, do, step = who(request), request.POST.get("do", ""), planning.next_of(referral)
    initial = {"position": step.position, "necessity": step.necessity} if step else {}
    begin = BeginForm(request.POST if do == "begin" else None, initial=initial)
    drop = DropForm(request.POST if do == "drop" else None, initial=initial)
    evidence = EvidenceRows(request.POST if do == "begin" else None)
    refusals: list[Any] = []
    if do == "begin" and evidence.is_valid():
        made, refusals = tried(
            begin, lambda: actions.begin(
                referral=referral, by=user, evidence=evidence.rows, laboratory_chosen="laboratory" in request.POST,
                **begin.cleaned_data,
            ),
        )  # fmt: skip
        if made:
            said = _("Request %(number)s is submitted: %(status)s.")
            messages.success(request, said % {"number": made.number, "status": made.get_status_display()})
            return redirect(made)
    elif do == "drop":
        made, refusals = tried(drop, lambda: actions.drop(referral=referral, by=user, **drop.cleaned_data))
        if made:
            messages.success(request, _("The step is left out: %(state)s.") % {"state": made.get_status_display()})
            return redirect(referral)
    context = {
        "referral": referral, "plan": planning.strip(referral), "step": step, "refusals": refusals,
        "judged": planning.judged(step) if step else None, "stops": actions.stops(step) if step else [],
        "begin_form": begin if step else None, "drop_form": drop if step else None, "evidence": evidence,
        "papers_asked": requesting.papers_asked(step.indication, referral.institution_id, timezone.now())
        if step else 0,
    }  # fmt: skip
    status = 409 if refusals else 422 if do else 200
    return render(request, "referrals/plan.html", context, status=status)
