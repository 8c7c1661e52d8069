"""Who may ask for a test, and which tests an institution does itself."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models.common import Grade, period
from catalog.models.editions import GeneTest


class InstitutionQuerySet(models.QuerySet):
    def visible_to(self, user) -> "InstitutionQuerySet":
        return self.filter(institution__in=user.institution_ids)


class RequestAuthorityQuerySet(InstitutionQuerySet):
    def in_force(self, on: date) -> "RequestAuthorityQuerySet":
        """Granted, not ended and not suspended on that day."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            Q(suspended_on__isnull=True) | Q(suspended_on__gt=on),
            starts_on__lte=on,
        )


class RequestAuthority(models.Model):
    """Clauses A23 and A42: up to which grade a doctor may ask for tests in an institution."""

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
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("granted by")
    )

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
                condition=Q(suspended_on__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_grade_display()}"


class InHouseCapability(models.Model):
    """Clauses A2 and A14: a test the institution does itself, once it is registered."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, verbose_name=_("institution"))
    test = models.ForeignKey(GeneTest, models.PROTECT, verbose_name=_("gene test"))
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
