"""The list of cases and the page of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import grants
from accounts.models import LetIn, Role
from audit import declaring
from audit.guards import needs
from documents import together
from documents.paging import address, newest_first
from documents.templatetags.formats import day
from referrals import correcting, next_steps, planning, portrait, queries, timeline, ways
from referrals.forms.cases import CaseFilter, LetInForm
from referrals.gates.case import POINTED_AT
from referrals.models import Referral, Status
from referrals.models.referral import ENDED
from referrals.strip import case_judgements

PERMISSION = "referrals.view_referral"


@require_GET
@needs(PERMISSION)
def index(request: HttpRequest) -> HttpResponse:
    """The cases one's post sees, by stage; without filters, those under way."""
    user: Any = request.user
    visible = Referral.objects.visible_to(user)
    form = CaseFilter(request.GET, user=user, found=visible)
    asked = form.asked
    found = visible.none() if asked is None else queries.filtered(visible, asked)
    stage = request.GET.get("stage", "")
    if stage not in queries.STAGE_CODES and stage not in queries.WAITING_CODES:
        stage = "under_way" if asked is not None and not any(asked.values()) else "all"
    tabs = [(code, label) for code, label, *_rest in queries.WAITING if code == stage]
    tabs += [(code, label) for code, label, _statuses in queries.STAGES]
    counts = together.counts({code: queries.in_stage(found, code) for code, _label in tabs}, cap=queries.CAP)
    related = [*POINTED_AT, "patient", "department", "institution"]
    if user.sees_identity:
        related.append("patient__identity")
    page, older, newer = newest_first(
        queries.in_stage(found, stage).select_related(*related),
        "requested_at",
        request.GET,
        size=queries.PAGE,
    )
    rows = queries.rows(page)
    stations = next_steps.main_stations(page, user, stage)
    context = {
        "form": form,
        "several": form.several,
        "tabs": [
            (label, _tab(request, code), together.capped(counts[code], queries.CAP), code == stage)
            for code, label in tabs
        ],
        "keep": [("stage", stage)],
        "rows": [(row, *stations.get(row.referral.pk, (None, ""))) for row in rows],
        "may_request": user.may("referrals.submit_referral"),
        "sees_identity": user.sees_identity,
        "own_only": user.scope == Role.Scope.OWN,
        "total": min(counts[stage], queries.CAP),
        "more": counts[stage] > queries.CAP,
        "reset_url": reverse("referrals:list"),
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "referrals/list.html", context, status=200 if form.is_valid() else 400)


def _tab(request: HttpRequest, stage: str) -> str:
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query["stage"] = stage
    return f"?{query.urlencode()}"


@require_GET
@needs(PERMISSION, on=Referral)
def case(request: HttpRequest, referral: Referral) -> HttpResponse:
    """One case; opening it is recorded as a reading."""
    return _page(request, referral)


def _page(
    request: HttpRequest, referral: Referral, let_in_form: LetInForm | None = None, status: int = 200
) -> HttpResponse:
    user: Any = request.user
    declaring.record_reading("referrals_referral", referral.pk, "case")
    case = portrait.load(referral.pk)
    may_let_in = user.may("accounts.let_in", referral)
    sections = portrait.sections(case, user)
    plan = planning.strip(case.referral)
    context = {
        "referral": case.referral,
        "who": portrait.patient(case, user),
        "judgements": ways.nameless(case_judgements(case), case.referral, user),
        "plan": plan,
        "ahead": next_steps.ahead(case.referral, user, case=case),
        "way": ways.shown(case, user),
        "ended": case.referral.status in ENDED,
        "sections": sections,
        "nothing_yet": [one for one in sections if not one.rows],
        "findings": portrait.findings(case, user),
        "differences": portrait.differences(case, user),
        "records": timeline.of_records(case),
        "trail": timeline.of_trail(case),
        "corrections": correcting.corrections(case.referral),
        "may_correct": correcting.may_correct(case.referral, user),
        "may_let_in": may_let_in,
        "prints": user.sees_identity and referral.status != Status.DRAFT,
        "tells_fee": user.sees_identity and not referral.is_research and bool(case.referral.charges.all()),
        "let_ins": _let_ins(referral) if may_let_in else [],
        "let_in_form": let_in_form or LetInForm(referral=referral, by=user),
        "breadcrumb": [(_("Cases"), reverse("referrals:list")), (referral.number, "")],
    }
    return render(request, "referrals/case.html", context, status=status)


def _let_ins(referral: Referral) -> list[LetIn]:
    found = LetIn.objects.filter(
        content_type=ContentType.objects.get_for_model(Referral),
        object_pk=str(referral.pk),
        withdrawn_at__isnull=True,
        ends_on__gte=timezone.localdate(),
    )
    return list(found.select_related("user", "given_by").order_by("ends_on", "pk"))


@require_POST
@needs("accounts.let_in", on=Referral)
def let_in(request: HttpRequest, referral: Referral) -> HttpResponse:
    by: Any = request.user
    form = LetInForm(request.POST, referral=referral, by=by)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            with declaring.step("case.let_in", reason=asked["reason"]):
                grants.let_in(
                    user=asked["user"],
                    obj=referral,
                    ends_on=asked["ends_on"],
                    reason=asked["reason"],
                    by=by,
                )
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            said = _("%(name)s may see this case until %(day)s.")
            messages.success(request, said % {"name": asked["user"].name, "day": day(asked["ends_on"])})
            return redirect("referrals:case", referral.pk)
    return _page(request, referral, form, status=422)


@require_POST
@needs("accounts.let_in", on=Referral)
def withdraw(request: HttpRequest, referral: Referral, grant: int) -> HttpResponse:
    found = next((one for one in _let_ins(referral) if one.pk == grant), None)
    if found is None:
        raise Http404(_("No such record, or not one of yours."))
    by: Any = request.user
    with declaring.step("case.let_in_withdrawn"):
        grants.withdraw(grant=found, by=by)
    messages.success(request, _("%(name)s no longer sees this case.") % {"name": found.user.name})
    return redirect("referrals:case", referral.pk)
