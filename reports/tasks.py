"""The sweep that builds what is due: the last closed period of each hospital, and whatever was asked for or left
behind. It takes no objects; a lost message costs one beat, not a report."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import transaction

from accounts.models import Institution, User
from audit import declaring
from referrals.models import Referral
from reports import actions, building, periods
from reports.models import Report

log = logging.getLogger(__name__)


@shared_task(name="reports.tasks.build_due")
def build_due() -> int:
    """Ask for what nobody has asked for, then build everything waiting; returns how many were at hand."""
    machine = User.objects.machine()
    ask_for_last_period(machine)
    with declaring.acting(machine, step="report.sweep"):
        waiting = list(Report.objects.waiting().values_list("pk", flat=True))
    for report in waiting:
        try:
            building.build(report, by=machine)
        except Exception:
            # Written on the report already; the others must not wait for it.
            log.warning("Report %s was not built; see its page", report)
    return len(waiting)


def ask_for_last_period(machine: User) -> None:
    """One report for each hospital that has referrals and none yet on the last closed period."""
    period = periods.last_closed()
    with declaring.acting(machine, step="report.sweep"):
        without = Institution.objects.filter(kind=Institution.Kind.HOSPITAL).exclude(reports__period=period.code)
        for institution in without:
            if Referral.objects.filter(institution=institution, requested_at__lt=period.closes).exists():
                actions.ask(institution=institution, period=period, by=machine)


def wake() -> None:
    """Wake the sweep once this is committed; without a broker the next beat finds the report."""

    def tell() -> None:
        try:
            build_due.apply_async(retry=False)
        except Exception:
            log.warning("The broker did not answer; the next sweep builds the report")

    transaction.on_commit(tell)
