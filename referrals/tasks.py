"""Sweeps: find what is due, take one, do it, stamp it. A second run finds nothing."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import notices
from accounts.models import User
from audit import declaring
from audit.gates import Refused
from referrals import ways
from referrals.actions import bill_running, charge_imports
from referrals.actions.onward import onward
from referrals.gates.words import link
from referrals.models import Referral, Status
from vendors.models import Origin

log = logging.getLogger(__name__)
STEP, WATCHED = "case.swept", "case.way_watched"
# Where a case waits for nobody but the system: no laboratory could take it when it came there.
AWAITS_THE_SYSTEM = (Status.SUBMITTED, Status.DISCUSSED, Status.MDT_AGREED)


@shared_task
def go_on() -> int:
    """Take every case onward that stood still because no laboratory might take its test, and now may (A24, A25, B8):
    a contract was renewed, a credential recorded, the test is done in-house. How many went on."""
    machine, moved = User.objects.machine(), 0
    with declaring.acting(machine, step=STEP):
        standing = Referral.objects.filter(status__in=AWAITS_THE_SYSTEM, origin=Origin.LIVE).order_by("requested_at")
        due = list(standing.values_list("pk", flat=True))
    for pk in due:
        try:
            with declaring.acting(machine, step=STEP):
                moved += _take_on(pk)
        except Refused:
            # Somebody moved the case while we looked; the next sweep sees it as it stands.
            log.info("A case was not taken onward: it had moved on.")
    return moved


def _take_on(pk: int) -> bool:
    """One case, unless somebody is at work on it at this moment."""
    free = Referral.objects.select_for_update(of=("self",), skip_locked=True)
    case = free.filter(pk=pk, status__in=AWAITS_THE_SYSTEM).first()
    if case is None:
        return False
    before = case.status
    onward(case, at=timezone.now())
    if case.status == before:
        return False
    if case.requester:
        text = _("Case %(number)s goes on: a place of testing has been found. It stands at “%(status)s” now.")
        values = {"number": case.number, "status": case.get_status_display()}
        notices.tell([case.requester], text % values, link("referrals:case", case.pk))
    return True


@shared_task
def watch_ways() -> int:
    """Notice each open case whose way out has shut or opened since (A25, B8, B35), and take it elsewhere where the rule
    finds a place: after every change, and every hour, so that the day a paper lapses is marked in its first hour. How
    many changed."""
    machine, at = User.objects.machine(), timezone.now()
    with declaring.acting(machine, step=WATCHED):
        due = list(ways.changed(at))
    found = []
    for pk in due:
        try:
            with declaring.acting(machine, step=WATCHED):
                noticed = ways.notice(pk, at)
        except Refused:
            log.info("A way out was not noticed: its case moved on.")
            continue
        if noticed:
            found.append(noticed)
    with declaring.acting(machine, step=WATCHED):
        ways.tell_affairs(found)
    return len(found)


@shared_task
def run_waiting_statements() -> None:
    """Laboratories' bills given in: check what waits to be checked, record what was confirmed."""
    while bill_running.run_next():
        pass


@shared_task
def take_in_charges() -> None:
    """Files of charges from HIS: look through what was given in, record what was confirmed."""
    while charge_imports.work_next():
        pass


def wake_statements() -> None:
    _wake(run_waiting_statements)


def wake_charges() -> None:
    _wake(take_in_charges)


def _wake(task: Any) -> None:
    """Tell a worker after the commit. If nobody hears it, the sweep finds the file some seconds later."""

    def tell() -> None:
        try:
            task.apply_async(retry=False)
        except Exception:
            log.warning("no worker could be told; the sweep will find the file", exc_info=True)

    transaction.on_commit(tell, robust=True)
