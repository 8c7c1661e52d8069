"""Admissions of laboratories: the hospital's list, and one admission with everything that may be done to it now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as shapes
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from audit.guards import needs
from audit.refusing import tried
from catalog.models import GeneTest
from documents.paging import address, keyset
from vendors import checks, readiness, waiting
from vendors.actions import admissions as actions
from vendors.actions import standing
from vendors.forms import admissions as forms
from vendors.models import Admission

VIEW = "vendors.view_admissions"
PAGE = 25
S = Admission.Status
ask = require_http_methods(["GET", "POST"])


@ask
@needs(VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """Each application and how it stands; applying for one more."""
    user: Any = request.user
    may = user.may(actions.KEEP) and bool(user.post) and not user.post.institution.is_bureau
    if request.method == "POST" and not may:
        raise PermissionDenied(actions.KEEP)
    form = forms.ApplyForm(request.POST or None) if may else None
    refusals: list = []
    if form is not None and request.method == "POST":
        made, refusals = tried(form, lambda: actions.apply(by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("The application is on record; the checks and the panel come next."))
            return redirect(made)
    status = request.GET.get("status", "")
    found = waiting.to_assess(user) if request.GET.get("show") == "mine" else Admission.objects.visible_to(user)
    found = found.select_related("laboratory", "institution")
    if status in S.values:
        found = found.filter(status=status)
    rows, older, newer = keyset(found, "id", request.GET, size=PAGE, newest=True)
    context = {
        "may_vendors": user.may("vendors.view_vendors"), "rows": rows, "form": form, "refusals": refusals, "status": status, "statuses": S.choices,
        "today": timezone.localdate(),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }  # fmt: skip
    return render(request, "vendors/admissions.html", context, status=422 if request.method == "POST" else 200)


@dataclass(frozen=True)
class Doing:
    """One act on an admission: who may, when, which form, what is done, and how the section is headed."""

    permission: str
    when: tuple[str, ...]
    form: Any
    act: Callable[..., Any]
    label: Any
    danger: bool = False


MAKING, STANDING = Admission.MAKING, Admission.STANDING
KEEP, SCORE, DECIDE, SHUT = actions.KEEP, actions.SCORE, standing.DECIDE, standing.SHUT
DOINGS: dict[str, Doing] = {
    "names": Doing(KEEP, MAKING, forms.PutNamesForm, actions.put_names, gettext_lazy("Put the names right")),
    "paper": Doing(
        KEEP, (*MAKING, *STANDING), forms.PaperForm, actions.record_paper, gettext_lazy("Record a finding")
    ),
    "visit": Doing(KEEP, MAKING, forms.VisitForm, actions.record_visit, gettext_lazy("Record the site visit")),
    "member": Doing(KEEP, MAKING, forms.MemberForm, actions.name_member, gettext_lazy("Name a member")),
    "release": Doing(KEEP, MAKING, forms.ReleaseForm, actions.release_member, gettext_lazy("Release a member")),
    "open": Doing(KEEP, (S.APPLIED,), forms.EmptyForm, actions.open_assessment, gettext_lazy("Open the assessment")),
    "return": Doing(
        KEEP, (S.ASSESSING,), forms.ReasonForm, actions.send_back, gettext_lazy("Send the application back")
    ),
    "declare": Doing(SCORE, MAKING, forms.DeclareForm, actions.declare_interest, gettext_lazy("Declare your interests")),
    "score": Doing(SCORE, (S.ASSESSING,), forms.ScoreForm, actions.score, gettext_lazy("Give your score")),
    "conclude": Doing(DECIDE, (S.ASSESSING,), forms.ConcludeForm, standing.conclude, gettext_lazy("Conclude")),
    "extend": Doing(DECIDE, (S.ADMITTED,), forms.TestsForm, standing.extend, gettext_lazy("Admit for further tests")),
    "lift": Doing(
        DECIDE, (S.RESTRICTED, S.SUSPENDED), forms.ReasonForm, standing.lift,
        gettext_lazy("Lift the restriction or suspension"),
    ),
    "restrict": Doing(
        SHUT, (S.ADMITTED, S.RESTRICTED), forms.RestrictForm, standing.restrict, gettext_lazy("Restrict to tests"), True
    ),
    "suspend": Doing(
        SHUT, (S.ADMITTED, S.RESTRICTED), forms.ReasonForm, standing.suspend, gettext_lazy("Suspend"), True
    ),
    "leave": Doing(DECIDE, STANDING, forms.ReasonForm, standing.leave, gettext_lazy("The laboratory leaves"), True),
    "bar": Doing(
        DECIDE, (*MAKING, *STANDING, S.DECLINED, S.LEFT), forms.BarForm, standing.bar,
        gettext_lazy("Bar the laboratory"), True,
    ),
}  # fmt: skip
OF_THE_HOSPITAL = (forms.VisitForm, forms.MemberForm, forms.ReleaseForm)
OF_THE_ADMISSION = (forms.ConcludeForm, forms.RestrictForm)


def shape_of(do: str, admission: Admission, *given: Any, check: str = "") -> shapes.Form:
    """The form of an act, on what was sent or as it begins: a finding with the check at hand."""
    kind = DOINGS[do].form
    more: dict[str, Any] = {}
    if kind in OF_THE_HOSPITAL:
        more = {"institution": admission.institution_id}
    if kind in OF_THE_ADMISSION:
        more = {"admission": admission}
    if do == "names" and not given:
        more["initial"] = {name: getattr(admission, name) for name in kind.base_fields if hasattr(admission, name)}
    if do == "paper" and not given:
        more["initial"] = {"check": check or readiness.next_check(admission)}
    return kind(*given, prefix=do, **more)


@ask
@needs(VIEW, on=Admission)
def detail(request: HttpRequest, one: Admission) -> HttpResponse:
    """The checks, the visit, the panel and how it stands; below, what this post may do now."""
    user: Any = request.user
    do = request.POST.get("do", "") if request.method == "POST" else ""
    refusals: list = []
    bound: shapes.Form | None = None
    if do in DOINGS:
        form = bound = shape_of(do, one, request.POST, request.FILES)
        made, refusals = tried(form, lambda: DOINGS[do].act(admission=one, by=user, **form.cleaned_data))
        if made:
            messages.success(request, _("Kept."))
            # Eighteen findings are typed one after the other: the next form stands open.
            more = do == "paper" and one.status in MAKING and readiness.next_check(one)
            return redirect(f"{one.get_absolute_url()}?do=paper#do-paper" if more else one)
    papers = readiness.latest_papers(one)
    panel = list(one.panel.filter(released_at__isnull=True).select_related("user"))
    seat = next((row for row in panel if row.user_id == user.pk), None)
    span = standing.current_span(one)
    today = timezone.localdate()
    tests = list(one.tests.order_by("code"))
    context = {
        "may_vendors": user.may("vendors.view_vendors"), "one": one, "tests": tests, "today": today, "refusals": refusals,
        "tried": do or request.GET.get("do", ""),
        "open_ids": set(span.test_ids) if span and span.kind != span.Kind.SUSPENDED else set(),
        "checks": [(check, papers.get(check.code)) for check in checks.all_checks().values()],
        "papers": list(one.papers.select_related("file", "recorded_by")),
        "visits": one.visits.prefetch_related("visitors").select_related("file"),
        "panel": panel, "mean": readiness.mean_score(panel),
        "spans": one.spans.order_by("-starts_at", "-pk"), "names": GeneTest.objects.in_bulk(
            {key for each in one.spans.all() for key in each.test_ids}
        ),
        "ahead": _ahead(one, tests), "may_record": one.status in (*MAKING, *STANDING) and user.may(KEEP, one),
        "doings": [
            (name, doing, bound if name == do and bound else shape_of(name, one, check=request.GET.get("check", "")))
            for name, doing in DOINGS.items()
            if one.status in doing.when and user.may(doing.permission, one) and _for_the_seat(name, seat)
        ],
    }  # fmt: skip
    return render(request, "vendors/admission.html", context, status=422 if do else 200)


def _for_the_seat(name: str, seat: Any) -> bool:
    """Declaring and scoring are shown to the member whose turn it is."""
    if name == "declare":
        return seat is not None and seat.is_tied is None
    if name == "score":
        return seat is not None and seat.is_tied is False and seat.score is None
    return True


def _ahead(one: Admission, tests: list) -> list:
    """What still stands against the next step, said before anybody tries."""
    if one.status == S.APPLIED:
        return readiness.against_opening(one)
    return readiness.against_admitting(one, tests) if one.status == S.ASSESSING else []
