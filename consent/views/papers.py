"""Signed papers handed out to those who see the case."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.declaring import record_reading
from audit.guards import needs
from consent import paper
from consent.models import Consent, SelfPayNotice
from documents import files
from documents.models import StoredFile
from documents.spreadsheets import attachment
from referrals.gates.words import link
from referrals.models import Referral

VIEW = "referrals.view_referral"


@require_GET
@needs(VIEW, on=Consent)
def signed_paper(request: HttpRequest, consent: Consent) -> HttpResponse:
    return _hand_out(request, consent)


@require_GET
@needs(VIEW, on=SelfPayNotice)
def self_pay_paper(request: HttpRequest, notice: SelfPayNotice) -> HttpResponse:
    return _hand_out(request, notice)


@require_GET
@needs(VIEW, on=Consent)
def scan(request: HttpRequest, consent: Consent) -> HttpResponse:
    if consent.scan is None:
        raise Http404(_("No such record, or not one of yours."))
    return _file(request, consent.scan)


def _hand_out(request: HttpRequest, signed: Consent | SelfPayNotice) -> HttpResponse:
    if not signed.content_sha256:
        raise Http404(_("No such record, or not one of yours."))
    return _file(request, paper.ensure(signed, by=request.user))


def _file(request: HttpRequest, stored: StoredFile) -> HttpResponse:
    record_reading(StoredFile._meta.db_table, stored.pk, request.path)
    return pdf_response(files.read(stored), stored.name, stored.content_type)


def pdf_response(content: bytes, name: str, kind: str = files.PDF) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = attachment(name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def case_url(referral: Referral) -> str:
    return link("referrals:case", referral.pk) or "/"
