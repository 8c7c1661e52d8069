"""Who may ask for a test, and which tests an institution does itself."""

from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.common import Grade, period, person
from catalog.models.editions import GeneTest


class InstitutionQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution__in=user.institution_ids)


class RequestAuthorityQuerySet(InstitutionQuerySet):
    def in_force(self, on: date) -> "RequestAuthorityQuerySet":
        """Granted, not ended, not suspended and not withdrawn on that day."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            Q(suspended_on__isnull=True) | Q(suspended_on__gt=on),
            Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=on),
            starts_on__lte=on,
        )

    def lapsing(self, by: date, on: date) -> "RequestAuthorityQuerySet":
        """In force on a day, ended on or before `by`, and with no renewal yet."""
        return self.in_force(on).filter(ends_on__lte=by, followed_by__isnull=True)

    def suspended(self, on: date) -> "RequestAuthorityQuerySet":
        """Suspended and not lifted, withdrawn or ended since. A renewal that follows lifts nothing."""
        lifting = self.model.objects.filter(follows=OuterRef("pk")).exclude(lifted_reason="")
        return self.filter(
            ~Exists(lifting),
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            suspended_on__lte=on,
            withdrawn_on__isnull=True,
        )


class RequestAuthority(models.Model):
    """Clauses A23 and A42: up to which grade a doctor may ask for tests in an institution.

    A row is never edited back: a suspension that is lifted, and a renewal, is a row that follows the former, so that
    the doctor's technical record (个人专业技术档案) reads as it was on any day.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="request_authorities", verbose_name=_("doctor")
    )
    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    grade = models.CharField(_("grade"), max_length=12, choices=Grade)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"), null=True, blank=True)
    suspended_on = models.DateField(_("suspended on"), null=True, blank=True)
    suspended_reason = models.TextField(_("why suspended"), blank=True)
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("suspended by"),
    )
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    withdrawn_reason = models.TextField(_("why withdrawn"), blank=True)
    withdrawn_by = person(_("withdrawn by"))
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("granted by")
    )
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="followed_by", verbose_name=_("follows")
    )
    # The passed training a renewal rests on.
    training = models.ForeignKey(
        "catalog.Training", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("training")
    )
    lifted_reason = models.TextField(_("why the suspension was lifted"), blank=True)

    objects = RequestAuthorityQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("request authority")
        verbose_name_plural = _("request authorities")
        ordering = ["user", "-starts_on"]
        constraints = [
            models.CheckConstraint(
                name="request_authority_runs_forward",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            ),
            models.CheckConstraint(
                name="request_authority_suspension_whole",
                condition=Q(suspended_on__isnull=True, suspended_by__isnull=True, suspended_reason="")
                | Q(suspended_on__isnull=False, suspended_by__isnull=False) & ~Q(suspended_reason=""),
            ),
            models.CheckConstraint(
                name="request_authority_withdrawal_whole",
                condition=Q(withdrawn_on__isnull=True, withdrawn_by__isnull=True, withdrawn_reason="")
                | Q(withdrawn_on__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason=""),
            ),
            # Nobody widens his own authority (X14).
            models.CheckConstraint(name="request_authority_not_by_self", condition=~Q(granted_by=F("user"))),
            ExclusionConstraint(
                name="request_authority_no_overlap",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("institution", RangeOperators.EQUAL),
                    ("grade", RangeOperators.EQUAL),
                    (period("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(suspended_on__isnull=True, withdrawn_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_grade_display()}"

    def state(self, on: date) -> str:
        """What it is on a day: withdrawn, suspended, ended, ahead or in_force."""
        if self.withdrawn_on and self.withdrawn_on <= on:
            return "withdrawn"
        if self.suspended_on and self.suspended_on <= on:
            return "suspended"
        if self.ends_on and self.ends_on < on:
            return "ended"
        return "ahead" if self.starts_on > on else "in_force"


class InHouseCapability(models.Model):
    """Clauses A2 and A14: a test the institution does itself, once it is registered.

    A plain one, from a ledger or from before its parts were kept, counts for days gone by only (`catalog.capability`).
    """

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    test = models.ForeignKey(GeneTest, models.PROTECT, verbose_name=_("gene test"))
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, verbose_name=_("department")
    )
    is_detailed = models.BooleanField(_("its parts are on record"), default=False)
    # Done here before: no first-time technology (A43).
    is_established = models.BooleanField(_("done here before"), default=False)
    registered_on = models.DateField(_("registered on"))
    ends_on = models.DateField(_("to"), null=True, blank=True)

    objects = InstitutionQuerySet.as_manager()

    class Walls:
        institution = "institution_id"

    class Meta:
        verbose_name = _("in-house capability")
        verbose_name_plural = _("in-house capabilities")
        ordering = ["institution", "test"]
        constraints = [
            models.CheckConstraint(
                name="capability_runs_forward",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("registered_on")),
            ),
            ExclusionConstraint(
                name="capability_no_overlap",
                expressions=[
                    ("institution", RangeOperators.EQUAL),
                    ("test", RangeOperators.EQUAL),
                    (period("registered_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.test}"
