"""What every station's page does: show the case, send a form to its action, show what refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from audit.gates import Refused
from audit.steps import Step
from referrals import next_steps
from referrals.actions.held import as_drawn
from referrals.models import Referral
from referrals.views.common import back_to_case, named, put_errors

Act = Callable[..., Any]
ask = require_http_methods(["GET", "POST"])


def facts(referral: Referral, user: Any) -> list[tuple]:
    """Who and what, as every station has to see it."""
    patient = referral.patient
    age = timezone.localdate().year - patient.birth_year if patient.birth_year else None
    rows: list[tuple] = []
    if user.sees_identity:
        who = f"{named(user, referral)}　{patient.get_sex_display()}" + (f"　{age}岁" if age is not None else "")
        rows += [(_("Patient"), who), (_("Record number"), patient.record_no)]
    rows += [
        (_("Test"), referral.test.name, "", f"{referral.test.method} · {referral.test.specimen}"),
        (_("Diagnosis (ICD-10)"), referral.diagnosis_code),
        (_("Done at"), referral.laboratory.name if referral.laboratory else _("this hospital")),
        (_("Stands at"), referral.get_status_display()),
    ]
    return rows


def sent(request: HttpRequest, form: Any, name: str = "") -> bool:
    """Whether this form of the page was sent: pages with two forms name theirs."""
    return request.method == "POST" and (not name or request.POST.get("do", name) == name)


def take(
    request: HttpRequest, referral: Referral, form: Any, act: Act, *, said: Any, to: str = ""
) -> tuple[HttpResponse | None, list]:
    """Call the action with what was typed; the way on, or the refusals."""
    if not form.is_valid():
        return None, []
    try:
        as_drawn(referral, form.cleaned_data.get("drawn", ""))
        act(referral=referral, by=request.user, **form.asked)
    except Refused as refused:
        return None, refused.refusals
    except ValidationError as wrong:
        put_errors(wrong, form)
        return None, []
    messages.success(request, str(said))
    return redirect(to or back_to_case(referral)), []


def page(
    request: HttpRequest, referral: Referral, panels: list[dict], *, title: Any, step: Step | None, refusals: list,
    rows: list[tuple] = (), template: str = "referrals/at_station.html", **context: Any,  # type: ignore[assignment]
) -> HttpResponse:  # fmt: skip
    """A station's page: the facts at the left, the forms at the right, what stops the step above them."""
    tried = request.method == "POST"
    if step and not refusals and (not tried or referral.status not in step.sources):
        refusals = next_steps.stops(step, referral, request.user)
    return render(
        request,
        template,
        {
            "referral": referral,
            "title": title,
            "facts": [*facts(referral, request.user), *rows],
            "panels": panels,
            "refusals": refusals,
            "back": back_to_case(referral),
            **context,
        },
        status=422 if tried else 200,
    )


def panel(form: Any, title: Any, submit: Any, *, do: str = "", danger: bool = False, **more: Any) -> dict:
    return {"form": form, "title": title, "submit": submit, "do": do, "danger": danger, **more}


def pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def simple(
    request: HttpRequest, referral: Referral, form: Any, act: Act, step: Step, title: Any, submit: Any, said: Any,
    *, danger: bool = False, rows: list[tuple] = (), **context: Any,  # type: ignore[assignment]
) -> HttpResponse:  # fmt: skip
    """A station with one form."""
    refusals: list = []
    if request.method == "POST":
        done, refusals = take(request, referral, form, act, said=said)
        if done:
            return done
    panels = [panel(form, title, submit, danger=danger)] if referral.status in step.sources else []
    return page(request, referral, panels, title=title, step=step, refusals=refusals, rows=rows, **context)
