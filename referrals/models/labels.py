"""Each time a specimen's label was printed, so that a second one in circulation is known (B11)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LabelPrint(models.Model):
    """A label went through the printer: the first for a barcode, or another with the reason."""

    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="label_prints")
    barcode = models.CharField(_("barcode"), max_length=40)
    place = models.PositiveSmallIntegerField(_("which print of this barcode"))
    stock = models.CharField(_("label stock"), max_length=20)
    copies = models.PositiveSmallIntegerField(_("copies"), default=1)
    reason = models.CharField(_("why printed again"), max_length=200, blank=True)
    printed_at = models.DateTimeField(_("printed at"))
    printed_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["barcode", "place"], name="label_print_once"),
            models.CheckConstraint(
                name="reprint_says_why", condition=models.Q(place=1) | models.Q(place__gt=1) & ~models.Q(reason="")
            ),
        ]
        verbose_name = _("printed label")

    class Trail:
        append_only = True

    class Walls:
        via = ("referral_id", "referrals_referral")
