"""Files kept by the hospital: what was uploaded or made, by whom, and the hash that proves it unchanged."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class StoredFileQuerySet(models.QuerySet):
    def visible_to(self, user) -> "StoredFileQuerySet":
        """Files of the institutions this person's post sees, and files of no institution.

        A file that holds patient identities (an uploaded ledger, say) stays with its own hospital's staff:
        the bureau never reads identity.
        """
        mine = Q(institution__isnull=True) | Q(institution__in=user.institution_ids)
        return self.filter(mine) if user.sees_identity else self.filter(mine, holds_identity=False)


def place(instance: "StoredFile", name: str) -> str:
    """Files lie under their hash, never under a name somebody typed."""
    return f"{instance.sha256[:2]}/{instance.sha256}"


class StoredFile(models.Model):
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    name = models.CharField(_("file name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size in bytes"))
    content_type = models.CharField(_("content type"), max_length=100)
    file = models.FileField(_("file"), upload_to=place, max_length=200)
    institution = models.ForeignKey(
        "accounts.Institution", models.PROTECT, null=True, blank=True, verbose_name=_("institution")
    )
    holds_identity = models.BooleanField(_("holds patient identities"), default=False)
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )

    objects = StoredFileQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        ordering = ["-uploaded_at", "-id"]
        indexes = [models.Index(fields=["sha256"], name="stored_file_sha256")]
        constraints = [
            models.CheckConstraint(
                name="stored_file_identity_has_owner",
                condition=Q(holds_identity=False) | Q(institution__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("documents:download", args=[self.pk])
