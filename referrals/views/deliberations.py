"""The doors of deliberations: who waits for one, the decision page, minutes, teams."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from audit import declaring
from audit.gates import Refused
from audit.guards import needs
from audit.steps import Step
from documents import pdf
from documents.spreadsheets import attachment
from referrals import deliberating, next_steps, offering, planning
from referrals.actions import deliberations as actions
from referrals.deliberating import OPEN, Phase
from referrals.forms.deliberations import (
    CallDiscussionForm,
    CallMDTForm,
    CallOffForm,
    ConcludeDiscussionForm,
    ConcludeMDTForm,
    OpinionForm,
    RemarkForm,
)
from referrals.gates import Case
from referrals.models import Deliberation, Referral
from referrals.views.common import back_to_case, named, put_errors, who

MDT, DEPARTMENT = Deliberation.Kind.MDT, Deliberation.Kind.DEPARTMENT
MINUTES_CSS = "col.who { width: 22% } col.stance { width: 14% } td { line-height: 1.5 } h2 { font-size: 12pt }"


# Calling one


def _call(
    request: HttpRequest, referral: Referral, kind: str, step: Step, form: Any, call: Any, context: dict
) -> HttpResponse:
    """The page that calls a deliberation; one that is open already is shown instead."""
    held = referral.deliberations.filter(kind=kind, status__in=OPEN).first()
    if held and request.method == "GET":
        return redirect("referrals:deliberation", held.pk)
    refusals, status = [], 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = call(form.cleaned_data)
            except Refused as refused:
                refusals = refused.refusals
            except ValidationError as wrong:
                put_errors(wrong, form)
            else:
                messages.success(request, _("%(number)s is called.") % {"number": made.number})
                return redirect("referrals:deliberation", made.pk)
    waits = referral.status in step.sources
    if not waits and not refusals:
        refusals = next_steps.stops(step, referral, request.user)
    context |= {
        "referral": referral, "form": form, "waits": waits, "refusals": refusals, "back": back_to_case(referral),
        "facts": facts(referral, request.user), "earlier": referral.deliberations.filter(kind=kind).order_by("pk"),
    }  # fmt: skip
    return render(request, "referrals/call.html", context, status=status)


@needs("referrals.call_mdt", on=Referral)
def mdt(request: HttpRequest, referral: Referral) -> HttpResponse:
    """Choose the team; the one for this disease is suggested."""
    form = CallMDTForm(request.POST or None, referral=referral)
    seated = [(team, list(deliberating.seats(team))) for team in deliberating.teams(referral.institution_id)]
    return _call(
        request, referral, MDT, deliberating.CALL_MDT, form,
        lambda asked: actions.call_mdt(referral=referral, by=who(request), **asked),
        {
            "title": _("Call an MDT"), "submit": _("Call the team"), "seated": seated,
            "suggested": deliberating.suggested_team(referral),
        },
    )  # fmt: skip


@needs("referrals.call_discussion", on=Referral)
def discussion(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The department's head calls its doctors."""
    form = CallDiscussionForm(request.POST or None)
    return _call(
        request, referral, DEPARTMENT, deliberating.CALL_DISCUSSION, form,
        lambda asked: actions.call_discussion(referral=referral, by=who(request), **asked),
        {
            "title": _("Call a departmental discussion"), "submit": _("Call the department"),
            "colleagues": [one for one in deliberating.colleagues(referral.department_id)
                           if one.pk != referral.requester_id],
        },
    )  # fmt: skip


# The decision page


def facts(referral: Referral, user: Any) -> list[tuple[Any, ...]]:
    """What is decided on: the left side of the page."""
    line, patient = referral.indication, referral.patient
    born = patient.birth_year
    age = _("%(n)s years") % {"n": timezone.localtime(referral.requested_at).year - born} if born else ""
    rows: list[tuple[Any, ...]] = []
    if user.sees_identity:
        rows.append((_("Patient"), f"{named(user, referral)}（{patient.record_no}）"))
    rows += [
        (_("Sex and age"), f"{patient.get_sex_display()} {age}"),
        (_("Diagnosis"), referral.diagnosis_code),
        (_("Histological type"), referral.pathology),
        (_("Stage of the tumour"), referral.stage),
        (_("First visit"), (_("yes") if referral.first_visit else _("no")) + f"：{referral.first_visit_reason}"),
        (_("Test"), referral.test.name),
        (_("What the result will change in the treatment"), referral.necessity),
    ]
    if line:
        rows += [
            (_("Basis"), f"{line.guideline}（{line.issuer}，{line.year}）", line.get_absolute_url()),
            (_("Recommendation"), f"{line.recommendation}　{line.evidence_class}"),
            (_("Grade"), line.get_grade_display()),
            (_("Linked drugs"), line.drugs),
        ]
    offer = offering.offer(referral)
    if offer:
        rows += [
            (_("Price"), f"{offer.price:,.2f} " + _("yuan") if offer.price is not None else _("no price in force")),
            (_("Where"), offer.where),
        ]
    rows.append((_("Requesting doctor"), referral.requester.name if referral.requester else ""))
    return rows


def page_context(request: HttpRequest, held: Deliberation) -> dict[str, Any]:
    """Facts left, one's opinion right, the others' only after one's own (and to nobody else before the end)."""
    user = who(request)
    referral = held.referral
    own = held.opinions.filter(member=user, is_first=True).first()
    is_requester = user.pk == referral.requester_id
    member = deliberating.is_member(held, user) and not is_requester
    is_open = held.status in OPEN
    shows = deliberating.may_see_opinions(held, user)
    all_opinions = list(held.opinions.select_related("member"))
    state = deliberating.quorum(held)
    chairs = "referrals.conclude_mdt" if held.kind == MDT else "referrals.conclude_discussion"
    calls = "referrals.call_mdt" if held.kind == MDT else "referrals.call_discussion"
    given = {one.member_id for one in all_opinions if one.is_first}
    seen = {"seen": len(all_opinions)}
    plan = planning.strip(referral)
    return {
        "held": held,
        "referral": referral,
        "facts": facts(referral, user),
        "evidence": list(referral.evidence.all()),
        "plan": plan,
        "asked": Case(referral).asked(timezone.now()),
        "back": back_to_case(referral),
        "own": own,
        "is_requester": is_requester,
        "is_open": is_open,
        "opinions": all_opinions if shows else [],
        "shows": shows,
        "quorum": state,
        "seats": [(one, one.expert_id in given) for one in deliberating.seats(held.team)] if held.kind == MDT else [],
        "given_count": len(given),
        "opinion_form": OpinionForm(deliberation=held, user=user)
        if member and is_open and not own and user.may("referrals.give_opinion", held)
        else None,
        "remark_form": RemarkForm(initial={"stance": own.stance}) if own and held.status == Phase.DISCUSSION else None,
        "conclude_form": (ConcludeMDTForm if held.kind == MDT else ConcludeDiscussionForm)(
            initial=seen, planned=bool(plan)
        )
        if own and is_open and not is_requester and user.may(chairs, held)
        else None,
        "call_off_form": CallOffForm() if is_open and user.may(calls, held) else None,
        "refusals": [],
        **_ending(held),
    }


def _visible(held: Deliberation) -> Deliberation:
    related = (
        "referral__test", "referral__indication", "referral__institution", "referral__requester", "team",
        "referral__patient", "department", "called_by", "concluded_by",
    )  # fmt: skip
    return Deliberation.objects.select_related(*related).get(pk=held.pk)


@require_GET
@needs("referrals.view_referral", on=Deliberation)
def deliberation(request: HttpRequest, held: Deliberation) -> HttpResponse:
    declaring.record_reading("referrals_deliberation", held.pk, "deliberation")
    return render(request, "referrals/deliberation.html", page_context(request, _visible(held)))


def _acted(request: HttpRequest, held: Deliberation, form: Any, act: Any, *, slot: str, done: str) -> HttpResponse:
    """Take one act on the decision page; refused, the page comes back with what was typed."""
    held = _visible(held)
    refusals: list[Any] = []
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except Refused as refused:
            refusals = refused.refusals
        except ValidationError as wrong:
            put_errors(wrong, form)
        else:
            messages.success(request, done)
            return redirect("referrals:deliberation", held.pk)
    context = page_context(request, _visible(held))
    context |= {slot: form, "refusals": refusals, "acting": slot}
    return render(request, "referrals/deliberation.html", context, status=422)


@require_POST
@needs("referrals.give_opinion", on=Deliberation)
def opinion(request: HttpRequest, held: Deliberation) -> HttpResponse:
    """A first opinion, or a further one in the open discussion."""
    user = who(request)
    given = held.opinions.filter(member=user, is_first=True).exists()
    if given and "risk" in request.POST:
        # The same first opinion sent again: it stands, and nothing is added.
        messages.info(request, _("Your first opinion is recorded already."))
        return redirect("referrals:deliberation", held.pk)
    form: Any = RemarkForm(request.POST) if given else OpinionForm(request.POST, deliberation=held, user=user)
    return _acted(
        request, held, form, lambda asked: actions.give_opinion(deliberation=held, by=user, **asked),
        slot="remark_form" if given else "opinion_form", done=_("Your opinion is recorded."),
    )  # fmt: skip


def _planned(held: Deliberation) -> bool:
    return bool(planning.strip(held.referral))


@require_POST
@needs("referrals.conclude_mdt", on=Deliberation)
def conclude_mdt(request: HttpRequest, held: Deliberation) -> HttpResponse:
    if held.kind != MDT:
        raise Http404
    return _acted(
        request, held, ConcludeMDTForm(request.POST, planned=_planned(held)),
        lambda asked: actions.conclude_mdt(deliberation=held, by=who(request), **asked),
        slot="conclude_form", done=_("The conclusion is recorded; the minutes stand below."),
    )  # fmt: skip


@require_POST
@needs("referrals.conclude_discussion", on=Deliberation)
def conclude_discussion(request: HttpRequest, held: Deliberation) -> HttpResponse:
    if held.kind != DEPARTMENT:
        raise Http404
    return _acted(
        request, held, ConcludeDiscussionForm(request.POST, planned=_planned(held)),
        lambda asked: actions.conclude_discussion(deliberation=held, by=who(request), **asked),
        slot="conclude_form", done=_("The conclusion is recorded; the minutes stand below."),
    )  # fmt: skip


@require_POST
@needs("referrals.view_referral", on=Deliberation)
def call_off(request: HttpRequest, held: Deliberation) -> HttpResponse:
    """By whoever may call one; the action asks."""
    return _acted(
        request, held, CallOffForm(request.POST),
        lambda asked: actions.call_off(deliberation=held, by=who(request), **asked),
        slot="call_off_form", done=_("The deliberation is called off; the case waits again."),
    )  # fmt: skip


# Minutes


def _ending(held: Deliberation) -> dict[str, Any]:
    """What was concluded; nothing before the end."""
    if held.status != Phase.CONCLUDED:
        return {}
    ending = getattr(held, "review", None) if held.kind == MDT else getattr(held, "discussion", None)
    return {
        "review": ending if held.kind == MDT else None,
        "discussion": ending if held.kind != MDT else None,
        "reason": deliberating.reason_label(ending.reason_code) if held.kind == MDT and ending else "",
    }


def _minutes(request: HttpRequest, held: Deliberation) -> dict[str, Any]:
    if held.status != Phase.CONCLUDED:
        raise Http404(_("There are no minutes before the conclusion."))
    held = _visible(held)
    return {
        "held": held,
        "referral": held.referral,
        "name": named(request.user, held.referral),
        **_ending(held),
        "first": [one for one in held.opinions.select_related("member") if one.is_first],
        "further": [one for one in held.opinions.select_related("member") if not one.is_first],
        "back": back_to_case(held.referral),
    }


@require_GET
@needs("referrals.view_referral", on=Deliberation)
def minutes_page(request: HttpRequest, held: Deliberation) -> HttpResponse:
    context = _minutes(request, held)
    declaring.record_reading("referrals_deliberation", held.pk, "minutes")
    return render(request, "referrals/minutes.html", context)


@require_GET
@needs("referrals.view_referral", on=Deliberation)
def minutes_pdf(request: HttpRequest, held: Deliberation) -> HttpResponse:
    if not who(request).sees_identity:
        raise PermissionDenied("referrals.read_identity")
    context = _minutes(request, held)
    declaring.record_reading("referrals_deliberation", held.pk, "minutes_pdf")
    paper = pdf.make(render_to_string("referrals/minutes_paper.html", context), css=MINUTES_CSS)
    headers = {"Content-Disposition": attachment(f"{held.number}.pdf")}
    return HttpResponse(paper.content, content_type="application/pdf", headers=headers)
