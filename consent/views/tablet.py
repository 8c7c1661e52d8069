"""The tablet in the patient's hands: the text, the signature, the refusal."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from audit.gates import Refusal, Refused
from audit.guards import needs
from consent import actions, paper, queries
from consent.forms import ConsentForm, SayNoForm, SignerForm
from consent.signing import OWN_INFORMATION, age_of
from consent.views.desk import after_signing, start_page
from consent.views.papers import case_url
from referrals import pathway
from referrals.models import Referral

RECORD = "consent.record_consent"


@require_http_methods(["GET", "POST"])
@needs(RECORD, on=Referral)
def sign(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The tablet: one topic a screen, then who signs and the signature."""
    if request.method == "POST":
        return _signed(request, referral)
    try:
        text, _facts = queries.text_now(referral, timezone.now())
    except Refused as refused:
        return start_page(request, referral, refused.refusals, status=422)
    if referral.status not in pathway.CONSENT.sources or not queries.told(referral, text.sha256):
        return redirect("consent:start", referral.pk)
    return _tablet(request, referral, text, ConsentForm(initial={"shown": text.sha256}))


def _signed(request: HttpRequest, referral: Referral) -> HttpResponse:
    form = ConsentForm(request.POST, request=request)
    valid = form.is_valid()
    shown = request.POST.get("shown", "")
    try:
        if valid:
            with transaction.atomic():
                if form.cleaned_data["told_again"] and not queries.told(referral, shown):
                    actions.disclose(referral=referral, by=cast(User, request.user), shown=shown)
                consent = actions.record_consent(
                    referral=referral,
                    by=cast(User, request.user),
                    shown=shown,
                    signer=form.signed_by,
                    signature=form.signature,
                    choices=form.choices,
                )
            return after_signing(request, referral, consent)
    except Refused as refused:
        return _refused(request, referral, form, refused)
    except ValidationError as fault:
        form.add_faults(fault)
    try:
        text, _facts = queries.text_now(referral, timezone.now())
    except Refused as refused:
        return start_page(request, referral, refused.refusals, status=422)
    if text.sha256 != shown:
        return _redrawn(request, referral, form, text, _changed(referral, shown))
    return _tablet(request, referral, text, form, status=422)


def _changed(referral: Referral, shown: str) -> list[Refusal]:
    return actions.told_otherwise(referral, shown, timezone.now())


def _refused(request: HttpRequest, referral: Referral, form: ConsentForm, refused: Refused) -> HttpResponse:
    """A second click finds the consent signed; a changed text is drawn again with all that was typed."""
    referral.refresh_from_db()
    shown = form.data.get("shown", "")
    if referral.consents.standing().filter(content_sha256=shown).exists():
        messages.info(request, _("This consent is signed already; nothing was recorded twice."))
        return redirect("consent:done", referral.pk)
    if referral.status not in pathway.CONSENT.sources:
        return start_page(request, referral, refused.refusals, status=409)
    try:
        text, _facts = queries.text_now(referral, timezone.now())
    except Refused as more:
        return start_page(request, referral, more.refusals, status=422)
    return _redrawn(request, referral, form, text, refused.refusals)


def _redrawn(request: HttpRequest, referral: Referral, form: ConsentForm, text: Any, refusals: Any) -> HttpResponse:
    again = ConsentForm(initial={**form.typed_so_far(), "shown": text.sha256, "told_again": False}, request=request)
    return _tablet(request, referral, text, again, refusals=refusals, status=422)


def _age(referral: Referral) -> dict[str, bool]:
    """Whether the patient's age has to be confirmed, and whether a guardian gives the separate consent."""
    age = age_of(referral.patient, timezone.localdate())
    return {
        "ask_age": bool(age and not age.is_adult and (not age.is_minor or age.may_support_self)),
        "is_child": bool(age and age.high < OWN_INFORMATION),
    }


def _tablet(
    request: HttpRequest, referral: Referral, text: Any, form: Any, *, refusals: Any = (), status: int = 200
) -> HttpResponse:
    context = {
        "referral": referral,
        "person": paper.person(referral),
        "text": text,
        "sections": text.content[1:],
        "recap": next((one["facts"] for one in text.content if one["key"] == "key"), []),
        "form": form,
        "refusals": refusals,
        "retell": not queries.told(referral, text.sha256),
        **_age(referral),
        "case_url": case_url(referral),
    }
    return render(request, "consent/tablet_sign.html", context, status=status)


@require_http_methods(["GET", "POST"])
@needs(RECORD, on=Referral)
def self_pay(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The notice of what insurance does not pay: its own text, its own signature."""
    standing, now = queries.standing(referral), timezone.now()
    if standing is None or not queries.self_pay_notice_due(referral):
        return redirect("consent:start" if standing is None else "consent:done", referral.pk)
    try:
        text = actions.self_pay_text(referral, now)
        refusals = queries.changes(standing, referral, now) and actions.told_otherwise(
            referral, standing.content_sha256, now
        )
    except Refused as refused:
        return start_page(request, referral, refused.refusals, status=422)
    if refusals:
        return start_page(request, referral, refusals, status=422)
    form = SignerForm(request.POST or None, initial={"shown": text.sha256}, request=request)
    if request.method == "POST" and form.is_valid():
        try:
            actions.sign_self_pay_notice(
                referral=referral,
                by=cast(User, request.user),
                shown=form.cleaned_data["shown"],
                signer=form.signed_by,
                signature=form.signature,
            )
            return redirect("consent:done", referral.pk)
        except Refused as refused:
            refusals = refused.refusals
        except ValidationError as fault:
            form.add_faults(fault)
    context = {
        "referral": referral,
        "person": paper.person(referral),
        "text": text,
        "sections": text.content[1:],
        "recap": text.content[1]["facts"][:3],
        "form": form,
        "refusals": refusals,
        **_age(referral),
        "self_pay": True,
        "case_url": case_url(referral),
    }
    return render(request, "consent/tablet_sign.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@needs(RECORD, on=Referral)
def refuse(request: HttpRequest, referral: Referral) -> HttpResponse:
    """Saying no: one page, one button, no reason asked."""
    form, refusals = SayNoForm(request.POST or None), []
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            actions.refuse(
                referral=referral,
                by=cast(User, request.user),
                signer=asked["signer"],
                reason=asked["reason"],
                drawn=asked["strokes"],
            )
            return redirect("consent:done", referral.pk)
        except Refused as refused:
            refusals = refused.refusals
    elif request.method == "GET" and referral.status not in pathway.REFUSE_CONSENT.sources:
        return redirect("consent:done", referral.pk)
    context = {"referral": referral, "form": form, "refusals": refusals, "case_url": case_url(referral)}
    return render(request, "consent/tablet_refuse.html", context, status=422 if request.method == "POST" else 200)


@require_GET
@needs(RECORD, on=Referral)
def done(request: HttpRequest, referral: Referral) -> HttpResponse:
    """What was done, in the patient's words; then the tablet goes back to the doctor."""
    context = {
        "referral": referral,
        "standing": queries.standing(referral),
        "refused": referral.status == pathway.REFUSE_CONSENT.target,
        "notices": referral.self_pay_notices.all(),
        "self_pay_due": queries.self_pay_notice_due(referral),
        "case_url": case_url(referral),
    }
    return render(request, "consent/tablet_done.html", context)
