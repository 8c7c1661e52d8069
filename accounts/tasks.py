"""Sweeps of accounts."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts.models import KeptAnswer, User
from audit import declaring

KEPT = timedelta(days=7)


@shared_task
def forget_answers() -> int:
    """Answers kept for repeated requests go after a week; how many went."""
    with declaring.acting(User.objects.machine(), step="answers.forgotten"):
        gone, _by_model = KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    return gone
