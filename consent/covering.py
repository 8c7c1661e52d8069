"""Which clauses telling and consenting carry out."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from consent.models import Consent, Disclosure
from policy import coverage

CASES = "referrals:list"


def _told(institution: int) -> Any:
    return Disclosure.objects.filter(referral__institution_id=institution)


def _signed(institution: int) -> Any:
    return Consent.objects.filter(referral__institution_id=institution)


def _ended(institution: int) -> Any:
    return _signed(institution).filter(Q(withdrawn_at__isnull=False))


def claim_all() -> None:
    claim = coverage.claim
    claim(["A10", "A44", "B16"], "record", _("Telling the patient"), CASES, rows=_told, at="told_at")
    claim(["A11", "B17"], "record", _("Written informed consent"), CASES, rows=_signed, at="signed_at")
    claim("B15", "record", _("Consents withdrawn"), CASES, rows=_ended, at="withdrawn_at")
