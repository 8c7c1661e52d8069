"""Deliberations: an MDT on whether to test a first-visit patient (B5), and a department's discussion of a risky test or
one without guideline support (A7, A22). Different bodies with different quorums; neither replaces the other."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Role
from audit.constraints import both_or_neither


class TeamQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution_id__in=user.institution_ids)


class MDTTeam(models.Model):
    """A team per disease, with its own quorum (A8; practice.md 12): how many disciplines, and whether pathology must
    be among them. Remote seats count."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="mdt_teams")
    name = models.CharField(_("team"), max_length=60)
    diagnosis_prefixes = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    quorum = models.PositiveSmallIntegerField(_("disciplines needed"), default=5)
    needs_pathology = models.BooleanField(_("pathology must take part"), default=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "name"], name="mdt_team_once")]
        verbose_name = _("MDT team")

    class Walls:
        institution = "institution_id"

    def __str__(self):
        return self.name


class MDTSeat(models.Model):
    """One expert on a team, for one discipline."""

    PATHOLOGY = "病理"

    team = models.ForeignKey(MDTTeam, models.PROTECT, related_name="seats")
    expert = models.ForeignKey("accounts.User", models.PROTECT, related_name="mdt_seats")
    discipline = models.CharField(_("discipline"), max_length=30)
    is_remote = models.BooleanField(_("remote"), default=False)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "expert", "discipline"], name="mdt_seat_once")]
        verbose_name = _("seat on an MDT team")

    class Walls:
        via = ("team_id", "referrals_mdtteam")


class DeliberationQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        """Those of the hospital; for a post in a department, the department's discussions and one's own cases."""
        mine = self.filter(referral__institution_id__in=user.institution_ids)
        if user.scope == Role.Scope.NONE:
            return self.none()
        if user.scope in (Role.Scope.OWN, Role.Scope.DEPARTMENT):
            own = Q(referral__requester_id=user.pk)
            department = user.post.department_id
            if user.scope == Role.Scope.DEPARTMENT:
                own = Q(referral__department_id=department)
            return mine.filter(own | Q(department_id=department, department_id__isnull=False))
        return mine


class Deliberation(models.Model):
    """One question put to one body about one patient: first opinions blind, then discussion, then a conclusion by a
    chair who is not the requester."""

    class Kind(models.TextChoices):
        MDT = "mdt", _("MDT discussion")
        DEPARTMENT = "department", _("Departmental discussion")

    class Phase(models.TextChoices):
        OPINIONS = "opinions", _("First opinions")
        DISCUSSION = "discussion", _("Discussion")
        CONCLUDED = "concluded", pgettext_lazy("deliberation", "Concluded")
        CANCELLED = "cancelled", _("Called off")

    number = models.CharField(_("number"), max_length=40, blank=True)
    referral = models.ForeignKey("referrals.Referral", models.PROTECT, related_name="deliberations")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    team = models.ForeignKey(MDTTeam, models.PROTECT, null=True, blank=True, related_name="deliberations")
    department = models.ForeignKey("accounts.Department", models.PROTECT, null=True, blank=True, related_name="+")
    # A state of its own, moved by steps like any other.
    status = models.CharField(_("phase"), max_length=12, choices=Phase, default=Phase.OPINIONS)
    quorum = models.PositiveSmallIntegerField(_("quorum"))
    needs_pathology = models.BooleanField(default=False)
    called_at = models.DateTimeField(_("called at"))
    called_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    concluded_at = models.DateTimeField(_("concluded at"), null=True, blank=True)
    concluded_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    minutes = models.TextField(_("minutes"), blank=True)

    objects = DeliberationQuerySet.as_manager()

    class Meta:
        constraints = [
            both_or_neither("concluded"),
            models.UniqueConstraint(
                fields=["referral", "kind"],
                condition=Q(status__in=["opinions", "discussion"]),
                name="one_open_deliberation_of_a_kind",
            ),
        ]
        verbose_name = _("deliberation")

    class Walls:
        via = ("referral_id", "referrals_referral")

    @property
    def institution_id(self) -> int:
        return self.referral.institution_id


class Opinion(models.Model):
    """What one member holds on risk, cost and evidence (B5), in the blind first round or in the discussion after it."""

    class Stance(models.TextChoices):
        AGREE = "agree", _("Agree to test")
        DISAGREE = "disagree", _("Do not test")
        MORE_INFORMATION = "more_information", _("More information needed")
        CHANGE_TEST = "change_test", _("Change the test")

    deliberation = models.ForeignKey(Deliberation, models.PROTECT, related_name="opinions")
    member = models.ForeignKey("accounts.User", models.PROTECT, related_name="opinions")
    discipline = models.CharField(_("discipline"), max_length=30)
    is_remote = models.BooleanField(_("remote"), default=False)
    is_first = models.BooleanField(_("first opinion"), default=True)
    risk = models.CharField(_("risk of the disease"), max_length=300, blank=True)
    cost = models.CharField(_("cost"), max_length=300, blank=True)
    evidence = models.CharField(_("evidence"), max_length=300, blank=True)
    stance = models.CharField(_("opinion"), max_length=20, choices=Stance)
    note = models.TextField(_("reasons"), blank=True)
    given_at = models.DateTimeField(_("given at"))

    class Meta:
        ordering = ["given_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["deliberation", "member"], condition=Q(is_first=True), name="one_first_opinion_a_member"
            )
        ]
        verbose_name = _("opinion")

    class Walls:
        via = ("deliberation_id", "referrals_deliberation")
