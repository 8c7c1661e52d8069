"""Other programs at the door: the tokens they show, and the answers kept for requests they repeat."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.constraints import both_or_neither


class ApiToken(models.Model):
    """Another program acts in one post of one account, for the permissions named and until a last day. The secret
    itself is shown once and not kept, only its digest."""

    name = models.CharField(_("name"), max_length=60)
    user = models.ForeignKey("accounts.User", models.PROTECT, related_name="tokens")
    post = models.ForeignKey("accounts.Post", models.PROTECT, related_name="tokens")
    scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("What it may do"))
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12, help_text="The first places of the secret, to know it by.")
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    expires_on = models.DateField(_("last day"))
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            both_or_neither("revoked"),
            models.CheckConstraint(condition=~Q(scopes=[]), name="token_is_for_something"),
        ]
        verbose_name = _("access token")

    class Trail:
        digest = ("digest",)

    def __str__(self):
        return self.name

    def is_in_force(self, on: date) -> bool:
        return self.revoked_at is None and self.expires_on >= on


class KeptAnswer(models.Model):
    """What was answered to a request that carried an Idempotency-Key, so that sending it again does nothing again. Of a
    refusal only that it was one, and of what (`config.api.idempotency`). Swept after `accounts.tasks.KEPT`."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+")
    key = models.CharField(max_length=120)
    request = models.CharField(max_length=300, help_text="Method and path.")
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]
