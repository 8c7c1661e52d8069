"""The desk: the telling, the paper way, the withdrawal."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from audit.declaring import record_reading
from audit.gates import Refused
from audit.guards import needs
from consent import actions, paper, queries
from consent.forms import DiscloseForm, PaperForm, WithdrawForm
from consent.models import Consent
from consent.signing import Method, Signature
from consent.views.papers import case_url, pdf_response
from documents import files
from referrals import next_steps, pathway
from referrals.models import Referral

RECORD, WITHDRAW = "consent.record_consent", "consent.record_withdrawal"
WITHDRAWN_SAYS = gettext_lazy(
    "The consent is withdrawn: what has not been tested is stopped and paid back by the rules; what is done stays done."
)


@require_GET
@needs(RECORD, on=Referral)
def start(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The doctor's page: the text as it stands, the telling, then the tablet, the paper or the refusal."""
    record_reading("referrals_referral", referral.pk, "consent")
    return start_page(request, referral)


def start_page(request: HttpRequest, referral: Referral, refusals: Any = (), form: Any = None, status: int = 200):
    now, text, stopped = timezone.now(), None, list(refusals)
    standing = queries.standing(referral)
    changed = queries.changes(standing, referral, now) if standing and standing.number else []
    is_open = referral.status in pathway.CONSENT.sources
    if not (stopped or is_open or standing):
        stopped = next_steps.stops(pathway.CONSENT, referral, request.user)
    try:
        text, _facts = queries.text_now(referral, now)
    except Refused as refused:
        if is_open or standing or not stopped:
            stopped += [one for one in refused.refusals if one.code not in {other.code for other in stopped}]
    context = {
        "referral": referral,
        "person": paper.person(referral),
        "text": text,
        "sections": text.content[1:] if text else [],
        "told": queries.told(referral, text.sha256) if text else None,
        "form": form or DiscloseForm(initial={"shown": text.sha256 if text else ""}, label_suffix=""),
        "refusals": stopped,
        "standing": standing,
        "changed": changed if referral.status in pathway.LAPSE_CONSENT.sources else [],
        "open": is_open,
        "check_code": paper.check_code(text.sha256) if text else "",
        "breadcrumb": [(referral.number, case_url(referral)), (_("Disclosure and consent"), "")],
        "case_url": case_url(referral),
    }
    return render(request, "consent/start.html", context, status=status)


@require_POST
@needs(RECORD, on=Referral)
def disclose(request: HttpRequest, referral: Referral) -> HttpResponse:
    form = DiscloseForm(request.POST, label_suffix="")
    if not form.is_valid():
        return start_page(request, referral, form=form, status=422)
    try:
        asked = form.cleaned_data
        actions.disclose(referral=referral, by=cast(User, request.user), shown=asked["shown"], at=asked["told_at"])
    except Refused as refused:
        return start_page(request, referral, refused.refusals, status=422)
    except ValidationError as fault:
        form.add_error(None if not hasattr(fault, "error_dict") else "told_at", fault.messages)
        return start_page(request, referral, form=form, status=422)
    if "paper" in request.POST:
        return redirect("consent:paper", referral.pk)
    return redirect("consent:sign", referral.pk)


@require_http_methods(["GET", "POST"])
@needs(WITHDRAW, on=Referral)
def withdraw(request: HttpRequest, referral: Referral) -> HttpResponse:
    form, refusals = WithdrawForm(request.POST or None), []
    if request.method == "POST" and form.is_valid():
        try:
            actions.withdraw(referral=referral, by=cast(User, request.user), reason=form.cleaned_data["reason"])
            messages.success(request, WITHDRAWN_SAYS)
            return redirect(case_url(referral))
        except Refused as refused:
            refusals = refused.refusals
    context = {
        "referral": referral,
        "form": form,
        "refusals": refusals,
        "standing": queries.standing(referral),
        "open": referral.status in pathway.WITHDRAW_CONSENT.sources,
        "charged": referral.charges.filter(reversed_at__isnull=True).exists(),
        "case_url": case_url(referral),
        "breadcrumb": [(referral.number, case_url(referral)), (_("Withdrawal of consent"), "")],
    }
    return render(request, "consent/withdraw.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "POST"])
@needs(RECORD, on=Referral)
def on_paper(request: HttpRequest, referral: Referral) -> HttpResponse:
    """A consent signed on paper: what stands on it, and its scan as evidence."""
    try:
        text, _facts = queries.text_now(referral, timezone.now())
    except Refused as refused:
        return start_page(request, referral, refused.refusals, status=422)
    if referral.status not in pathway.CONSENT.sources or not queries.told(referral, text.sha256):
        return redirect("consent:start", referral.pk)
    refusals: Any = []
    data = {**request.POST.dict(), "shown": text.sha256} if request.method == "POST" else None
    form = PaperForm(data, request.FILES or None, initial={"shown": text.sha256}, request=request)
    if request.method == "POST" and form.is_valid():
        try:
            return after_signing(request, referral, _keep_paper(request, referral, form))
        except Refused as refused:
            refusals = refused.refusals
        except ValidationError as fault:
            form.add_faults(fault)
    context = {
        "referral": referral,
        "form": form,
        "refusals": refusals,
        "text": text,
        "breadcrumb": [(referral.number, case_url(referral)), (_("Consent signed on paper"), "")],
        "cancel_url": reverse("consent:start", args=[referral.pk]),
    }
    return render(request, "consent/paper_upload.html", context, status=422 if request.method == "POST" else 200)


@transaction.atomic
def _keep_paper(request: HttpRequest, referral: Referral, form: PaperForm) -> Consent:
    user: Any = request.user
    kept = files.store(form.cleaned_data["scan"], by=user, institution=referral.institution, holds_identity=True)
    return actions.record_consent(
        referral=referral,
        by=user,
        shown=form.cleaned_data["shown"],
        signer=form.signed_by,
        signature=Signature(Method.PAPER, (), None, kept),
        choices=form.choices,
        at=form.cleaned_data["signed_at"],
    )


@require_GET
@needs(RECORD, on=Referral)
def blank(request: HttpRequest, referral: Referral) -> HttpResponse:
    """The form to print and sign by hand."""
    try:
        text, _facts = queries.text_now(referral, timezone.now())
    except Refused as refused:
        return start_page(request, referral, refused.refusals, status=422)
    record_reading("referrals_referral", referral.pk, "consent form printed")
    return pdf_response(paper.blank(referral, text), f"{text.number}-空白.pdf")


def after_signing(request: HttpRequest, referral: Referral, consent: Consent) -> HttpResponse:
    if queries.self_pay_notice_due(referral):
        return redirect("consent:self_pay", referral.pk)
    return redirect("consent:done", referral.pk)
