"""Request authority: the hospital's list, and one person's technical record with what may be done to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as shapes
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from audit.guards import needs
from audit.refusing import tried
from catalog import announcing, technical_record
from catalog.actions import authority, staff
from catalog.forms import authority as forms
from catalog.models import Qualification, RequestAuthority
from documents.paging import address, keyset

PAGE = 50
SHOWS = ("", "7", "30", "90", "lapsing", "suspended", "ended")


@require_GET
@needs(authority.VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """Who may request up to which grade; `?show=` narrows to what lapses, is suspended or has ended."""
    user: Any = request.user
    show = request.GET.get("show", "")
    show = show if show in SHOWS else ""
    rows, older, newer = keyset(technical_record.listed(user, show), "id", request.GET, size=PAGE)
    today = timezone.localdate()
    may = user.may(authority.KEEP) and bool(user.post) and not user.post.institution.is_bureau
    without: list = []
    if may and not show:
        held = RequestAuthority.objects.visible_to(user).filter(withdrawn_on__isnull=True).order_by().values("user_id")
        doctors = announcing.holders(user.post.institution_id, announcing.DOCTORS)
        without = list(doctors.exclude(pk__in=held).order_by("username")[:PAGE])
    context = {
        "rows": [(one, one.state(today), (one.ends_on - today).days if one.ends_on else None) for one in rows],
        "counts": technical_record.tally(user), "show": show, "without": without, "may": may,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "catalog/authorities.html", context)


@require_http_methods(["GET", "POST"])
@needs("catalog.view_catalog")
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own record; for medical affairs everybody's of the hospital, with what they do to it."""
    user: Any = request.user
    found = get_object_or_404(technical_record.people(user), pk=pk)
    do = request.POST.get("do", "") if request.method == "POST" else ""
    shown = {name: shape(prefix=name) for name, (shape, _act, _done) in ACTS.items()}
    refusals: list = []
    if do in ACTS:
        shape, act, done = ACTS[do]
        form = shown[do] = shape(request.POST, request.FILES, prefix=do)
        made, refusals = tried(form, lambda: act(request, found, form.cleaned_data))
        if made:
            messages.success(request, done())
            return redirect("catalog:person", found.pk)
    record = technical_record.record_of(found, user.institution_ids)
    may = user.may(authority.KEEP) and bool(user.post) and not user.post.institution.is_bureau
    context = {
        "record": record, "person": found, "forms": shown, "refusals": refusals, "may": may and found.pk != user.pk,
        "own": found.pk == user.pk, "may_list": user.may(authority.VIEW), "tried": do,
    }  # fmt: skip
    return render(request, "catalog/person.html", context, status=422 if do else 200)


Act = Callable[[HttpRequest, Any, dict[str, Any]], Any]


def _row(request: HttpRequest, model: Any, person: Any) -> Any:
    """The row a button names, among this person's rows that the reader sees."""
    key = request.POST.get("row", "")
    return get_object_or_404(model.objects.visible_to(request.user), pk=key if key.isdecimal() else 0, user=person)


def _grant(request: HttpRequest, person: Any, given: dict[str, Any]) -> Any:
    return authority.grant(user=person, by=request.user, **given)


def _renew(request: HttpRequest, person: Any, given: dict[str, Any]) -> Any:
    return authority.renew(authority=_row(request, RequestAuthority, person), by=request.user, **given)


def _suspend(request: HttpRequest, person: Any, given: dict[str, Any]) -> Any:
    return authority.suspend(user=person, by=request.user, **given)


def _lift(request: HttpRequest, person: Any, given: dict[str, Any]) -> Any:
    return authority.lift(user=person, by=request.user, **given)


def _withdraw(request: HttpRequest, person: Any, given: dict[str, Any]) -> Any:
    return authority.withdraw(authority=_row(request, RequestAuthority, person), by=request.user, **given)


def _train(request: HttpRequest, person: Any, given: dict[str, Any]) -> Any:
    return staff.record_training(user=person, by=request.user, **given)


def _qualify(request: HttpRequest, person: Any, given: dict[str, Any]) -> Any:
    return staff.record_qualification(user=person, by=request.user, **given)


def _end(request: HttpRequest, person: Any, given: dict[str, Any]) -> Any:
    return staff.end_qualification(qualification=_row(request, Qualification, person), by=request.user, **given)


ACTS: dict[str, tuple[type[shapes.Form], Act, Callable[[], str]]] = {
    "grant": (forms.GrantForm, _grant, lambda: _("The authority is granted.")),
    "renew": (forms.RenewForm, _renew, lambda: _("The authority is renewed.")),
    "suspend": (forms.ReasonForm, _suspend, lambda: _("The authority is suspended from today.")),
    "lift": (forms.ReasonForm, _lift, lambda: _("The suspension is lifted.")),
    "withdraw": (forms.ReasonForm, _withdraw, lambda: _("The authority is withdrawn.")),
    "training": (forms.TrainingForm, _train, lambda: _("The training is on record.")),
    "qualification": (forms.QualificationForm, _qualify, lambda: _("The qualification is on record.")),
    "end": (forms.ReasonForm, _end, lambda: _("The certificate ends today.")),
}
