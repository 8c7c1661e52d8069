"""What a person was reminded of, and whether the e-mail went."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ReminderQuerySet(models.QuerySet):
    def to_send(self, now: datetime) -> Self:
        """E-mails that have not gone and may be tried now."""
        return self.filter(sent_at__isnull=True, try_at__lte=now).exclude(email="")


class Reminder(models.Model):
    """One person, reminded once of one thing at one lead before its day. Names no patient.

    `try_at` is when the e-mail is next tried; empty when it went, was given up, or none was to go.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="reminders", verbose_name=_("user"))
    kind = models.CharField(_("kind of reminder"), max_length=60)
    subject = models.CharField(max_length=80)
    due_on = models.DateField(_("due on"))
    lead = models.SmallIntegerField(help_text=_("Days before the day; from -1 on it is overdue."))
    text = models.CharField(_("reminder"), max_length=300)
    url = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    email = models.EmailField(_("e-mail"), blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    try_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("e-mail sent at"), null=True, blank=True)
    failure = models.CharField(_("why the e-mail did not go"), max_length=200, blank=True)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["-id"]
        constraints = [
            # However often the sweep runs, a person hears of one lead once.
            models.UniqueConstraint(name="reminded_once", fields=["user", "kind", "subject", "due_on", "lead"]),
            models.CheckConstraint(
                name="reminder_sent_to_an_address", condition=Q(sent_at__isnull=True) | ~Q(email="")
            ),
        ]
        indexes = [
            models.Index(fields=["try_at"], condition=Q(sent_at__isnull=True), name="reminder_to_send"),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def was_given_up(self) -> bool:
        return bool(self.email) and self.sent_at is None and self.try_at is None
