"""Sweeps: find what is due, take one, do it, stamp it. A second run finds nothing."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from accounts.models import User
from audit import declaring
from audit.gates import Refused
from consent import actions, paper, queries
from consent.models import Consent, SelfPayNotice
from referrals.models import Referral

log = logging.getLogger(__name__)
BATCH = 50


@shared_task
def lapse_stale() -> int:
    """Let every consent lapse whose price, place or test is no longer the case's. How many did."""
    machine = User.objects.machine()
    with declaring.acting(machine, step="consent.swept"):
        due = list(queries.stale_consents(timezone.localdate()).values_list("referral_id", flat=True))
    lapsed = 0
    for pk in due:
        try:
            with declaring.acting(machine, step="consent.swept"):
                lapsed += actions.lapse_if_changed(referral=Referral.objects.select_for_update().get(pk=pk))
        except Refused:
            # Somebody moved the case while we looked; the next sweep sees it as it stands.
            log.info("A consent was not let lapse: its case moved on.")
    return lapsed


@shared_task
def make_papers() -> int:
    """Make the PDF of what was signed and has none yet. How many were made."""
    machine, made = User.objects.machine(), 0
    for model in (Consent, SelfPayNotice):
        with declaring.acting(machine, step="consent.paper_made"):
            due = list(model.objects.filter(pdf=None).exclude(content_sha256="").order_by("pk")[:BATCH])
        for one in due:
            with declaring.acting(machine, step="consent.paper_made"):
                paper.ensure(one, by=machine)
            made += 1
    return made
