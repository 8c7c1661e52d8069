"""Clause A23: tests are graded by risk, cost and the level of evidence, and each grade has its own requirements.

The three criteria stand on the row (`Indication`). How they make a grade, and what a grade asks for, is the hospital's
own table: kept in versions, each with its reason, the one of a day binding the requests made on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models.common import Grade, person


class Risk(models.TextChoices):
    LOW = "low", pgettext_lazy("risk of a test", "Low")
    MEDIUM = "medium", pgettext_lazy("risk of a test", "Medium")
    HIGH = "high", pgettext_lazy("risk of a test", "High")


class Cost(models.TextChoices):
    LOW = "low", pgettext_lazy("cost of a test", "Low")
    MEDIUM = "medium", pgettext_lazy("cost of a test", "Medium")
    HIGH = "high", pgettext_lazy("cost of a test", "High")


class Support(models.TextChoices):
    """How well sources support the test; it converts no body's own levels."""

    GUIDELINE = "guideline", _("Recommended by a norm or guideline")
    CONSENSUS = "consensus", _("In an expert consensus only")
    NONE = "none", _("Without guideline or consensus")


class Title(models.TextChoices):
    """Professional titles of doctors, lowest first; empty where no title is asked for."""

    ANY = "", _("no title asked for")
    RESIDENT = "住院医师", _("resident physician")
    ATTENDING = "主治医师", _("attending physician")
    ASSOCIATE = "副主任医师", _("associate chief physician")
    CHIEF = "主任医师", _("chief physician")

    @property
    def rank(self) -> int:
        return list(type(self)).index(self)

    @classmethod
    def of(cls, text: str) -> Title:
        """The title somebody holds, as the staff list writes it: 副主任医师（副教授） and 副主任中医师 are 副主任医师; 医师 is
        住院医师."""
        text = text.replace("中医师", "医师")
        for one in (cls.ASSOCIATE, cls.CHIEF, cls.ATTENDING, cls.RESIDENT):
            if one.value in text:
                return one
        return cls.RESIDENT if text.strip() in ("医师", "执业医师") else cls.ANY


# The criteria of a row, with the values each may take and the field that says why.
CRITERIA: dict[str, tuple[type[models.TextChoices], str]] = {
    "risk_level": (Risk, "risk_basis"),
    "cost_level": (Cost, "cost_basis"),
    "evidence_support": (Support, "evidence_basis"),
}
# Until the hospital decides otherwise. A22 is the floor: high risk or no guideline asks for the department's discussion.
PROPOSALS: dict[str, dict[str, str]] = {
    "risk_level": {"low": "routine", "medium": "routine", "high": "discussion"},
    "cost_level": {"low": "routine", "medium": "routine", "high": "mdt"},
    "evidence_support": {"guideline": "routine", "consensus": "discussion", "none": "discussion"},
}


@dataclass(frozen=True)
class Requirement:
    """What a grade asks for. `papers` is the least number of papers of evidence; `chair_title` is the title at least of
    who concludes the departmental discussion."""

    grade: Grade
    discussion: bool = False
    mdt: bool = False
    papers: int = 0
    title: str = ""
    chair_title: str = ""

    @property
    def title_label(self) -> str:
        return str(Title(self.title).label)

    @property
    def chair_label(self) -> str:
        return str(Title(self.chair_title).label)


# The floors of the clauses: A22 for 需科室讨论, the grade's own name for 需MDT. A hospital's table only adds to them.
FLOORS = {
    Grade.ROUTINE: Requirement(Grade.ROUTINE),
    Grade.DISCUSSION: Requirement(Grade.DISCUSSION, discussion=True, papers=1),
    Grade.MDT: Requirement(Grade.MDT, mdt=True),
}


class GradeRulesQuerySet(models.QuerySet):
    def visible_to(self, user) -> Self:
        return self.filter(institution__in=user.institution_ids)

    def known(self, at: datetime) -> Self:
        """Decided by then and begun by that day, the one that binds first."""
        begun = self.filter(starts_on__lte=timezone.localdate(at), decided_at__lte=at)
        return begun.order_by("-starts_on", "-pk")


class GradeRules(models.Model):
    """A version of the hospital's table. None is ever edited: a new one follows it from its first day on."""

    institution = models.ForeignKey("accounts.Institution", models.PROTECT, related_name="grade_rules")
    starts_on = models.DateField(_("in force from"))
    # {criterion: {value: grade}} and {grade: {discussion, mdt, papers, title, chair_title}}
    proposals = models.JSONField(_("how the criteria make a grade"), default=dict)
    requirements = models.JSONField(_("what each grade asks for"), default=dict)
    criteria_needed = models.BooleanField(_("every row records the three criteria before its edition is reviewed"))
    reason = models.TextField(_("reason"))
    decided_at = models.DateTimeField(_("decided at"), default=timezone.now)
    decided_by = person(_("decided by"), null=False)

    objects = GradeRulesQuerySet.as_manager()

    class Meta:
        verbose_name = _("requirements per grade")
        ordering = ["-starts_on", "-id"]
        constraints = [models.CheckConstraint(name="grade_rules_say_why", condition=~Q(reason=""))]

    class Walls:
        institution = "institution_id"

    def __str__(self) -> str:
        return f"{self.institution} {self.starts_on}"

    def requirement(self, grade: str) -> Requirement:
        """What it asks for a grade, never less than the clauses do."""
        known: dict[str, Any] = self.requirements.get(grade, {})
        floor = FLOORS[Grade(grade)]
        return Requirement(
            floor.grade,
            discussion=floor.discussion or bool(known.get("discussion")),
            mdt=floor.mdt or bool(known.get("mdt")),
            papers=max(floor.papers, int(known.get("papers") or 0)),
            title=known.get("title") or "",
            chair_title=known.get("chair_title") or "",
        )
