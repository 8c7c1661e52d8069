"""Sweeps of accounts."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts import reminding
from accounts.models import KeptAnswer, User
from audit import declaring

KEPT = timedelta(days=7)
LETTERS = 200  # a run


@shared_task
def forget_answers() -> int:
    """Answers kept for repeated requests go after a week; how many went."""
    with declaring.acting(User.objects.machine(), step="answers.forgotten"):
        gone, _by_model = KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return gone


@shared_task
def remind() -> int:
    """Who is reminded of something now hears it under the bell; how many reminders."""
    with declaring.acting(User.objects.machine(), step="reminders.made"):
        return reminding.remind()


@shared_task
def send_reminders() -> int:
    """E-mails that wait, one a person; how many were tried. Each try is a transaction of its own."""
    tried = 0
    while tried < LETTERS:
        with declaring.acting(User.objects.machine(), step="reminders.sent"):
            if not reminding.send_next():
                return tried
        tried += 1
    return tried
