"""What is sent to a person or given them by name: notices, one-time links, leave to see one case."""

from __future__ import annotations

from typing import Self

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from accounts.models.places import Institution


def view_codename(model: type[models.Model]) -> str:
    return f"view_{model._meta.model_name}"


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


class LetInQuerySet(models.QuerySet):
    def in_force(self, model: type[models.Model]) -> Self:
        """Into cases of `model`, not withdrawn and not past their last day."""
        return self.filter(
            content_type=ContentType.objects.get_for_model(model),
            ends_on__gte=timezone.localdate(),
            withdrawn_at__isnull=True,
        )

    def keys(self, user: User, model: type[models.Model]) -> list[str]:
        """Primary keys of the objects of `model` the user is let into today: said here and granted at guardian. One
        query for people with no grant."""
        stated = list(self.in_force(model).filter(user=user).values_list("object_pk", flat=True))
        if not stated:
            return []
        # Guardian's models need the app registry, which loads this module first.
        granted = apps.get_model("guardian", "UserObjectPermission").objects.filter(
            user=user,
            permission__codename=view_codename(model),
            permission__content_type=ContentType.objects.get_for_model(model),
            object_pk__in=stated,
        )
        return list(granted.values_list("object_pk", flat=True))


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

    objects = LetInQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "content_type", "ends_on"])]
        verbose_name = _("leave to see one case")
