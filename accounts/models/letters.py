"""What is sent to a person or given them by name: notices, one-time links, leave to see one case."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from accounts.models.places import Institution


class NoticeQuerySet(models.QuerySet):
    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """One line that tells a person that work came to them. Names no patient; the page it leads to asks its own leave."""

    user = models.ForeignKey(User, models.PROTECT, related_name="notices")
    text = models.CharField(_("notice"), max_length=300)
    url = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notice_unread")]
        verbose_name = _("notice")


class SetPasswordLink(models.Model):
    """A one-time link with which a person sets a password; the secret itself is not kept, only its digest."""

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="password_links")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    first_administrator = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("one-time link")

    class Trail:
        digest = ("digest",)


class LetIn(models.Model):
    """A person is let into one case, by name, with a reason and a last day; guardian holds the grant itself."""

    user = models.ForeignKey(User, models.PROTECT, related_name="let_ins")
    content_type = models.ForeignKey("contenttypes.ContentType", models.PROTECT)
    object_pk = models.CharField(max_length=40)
    institution = models.ForeignKey(Institution, models.PROTECT)
    reason = models.CharField(_("reason"), max_length=200)
    ends_on = models.DateField(_("last day"))
    given_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "content_type", "ends_on"])]
        verbose_name = _("leave to see one case")
