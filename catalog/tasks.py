"""The machine's sweep of the catalog."""

from celery import shared_task
from django.utils import timezone

from accounts.models import User
from audit.declaring import acting
from catalog import announcing
from catalog.models import Edition


@shared_task
def announce_editions() -> int:
    """On the first day of an edition approved beforehand the doctors are told once; returns how many editions."""
    told = 0
    today = timezone.localdate()
    with acting(User.objects.machine(), step="catalog.announced"):
        due = Edition.objects.filter(
            status=Edition.Status.IN_FORCE,
            in_force_from__lte=today,
            announced_on__isnull=True,
            approved_at__isnull=False,
        )
        for edition in due.select_for_update(skip_locked=True, of=("self",)):
            announcing.begins_today(edition)
            told += Edition.objects.filter(pk=edition.pk).update(announced_on=today)
    return told
