"""The hospital's table of grades as a form: nine cells that make a grade, and a row of requirements for each grade."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.actions.grading import MOST_PAPERS
from catalog.models import Grade, GradeRules, Indication
from catalog.models.grading import CRITERIA, FLOORS, PROPOSALS, Title
from documents.fields import day_field, long_text

TITLES = [(one.value, one.label) for one in Title]
PARTS = ("discussion", "mdt", "papers", "title", "chair_title")


class RulesForm(forms.Form):
    """Fields `risk_level-high` … and `mdt-papers` …, beside the first day and the reason."""

    starts_on = day_field(_("In force from"), initial=timezone.localdate)
    criteria_needed = forms.BooleanField(
        label=_("A row without its three criteria stops the review of its edition"), required=False
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())

    def __init__(self, *args: Any, rules: GradeRules | None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["criteria_needed"].initial = bool(rules and rules.criteria_needed)
        table = rules.proposals if rules else PROPOSALS
        for name, (choices, _basis) in CRITERIA.items():
            label = Indication._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            for value, word in choices.choices:
                self.fields[f"{name}-{value}"] = forms.ChoiceField(
                    label=f"{label}：{word}", choices=Grade.choices, initial=table[name][value]
                )
        for grade in Grade:
            asked = rules.requirement(grade.value) if rules else FLOORS[grade]
            for part in PARTS:
                self.fields[f"{grade.value}-{part}"] = _field(part, grade, getattr(asked, part))

    @property
    def criteria(self) -> list[tuple[Any, list[Any]]]:
        """(criterion, its cells) for the first table."""
        names = {name: Indication._meta.get_field(name).verbose_name for name in CRITERIA}  # type: ignore[union-attr]
        return [
            (names[name], [(word, self[f"{name}-{value}"]) for value, word in choices.choices])
            for name, (choices, _basis) in CRITERIA.items()
        ]

    @property
    def grades(self) -> list[tuple[Grade, list[Any]]]:
        """(grade, its cells) for the second table."""
        return [(grade, [self[f"{grade.value}-{part}"] for part in PARTS]) for grade in Grade]

    @property
    def given(self) -> dict[str, Any]:
        typed = self.cleaned_data
        return {
            "starts_on": typed["starts_on"],
            "reason": typed["reason"],
            "criteria_needed": typed["criteria_needed"],
            "proposals": {
                name: {value: typed[f"{name}-{value}"] for value in choices.values}
                for name, (choices, _basis) in CRITERIA.items()
            },
            "requirements": {grade.value: {part: typed[f"{grade.value}-{part}"] for part in PARTS} for grade in Grade},
        }


def _field(part: str, grade: Grade, initial: Any) -> forms.Field:
    labels = {
        "discussion": _("departmental discussion"), "mdt": _("MDT discussion"), "papers": _("papers of evidence"),
        "title": _("title of who requests, at least"), "chair_title": _("title of who concludes, at least"),
    }  # fmt: skip
    label = f"{grade.label}：{labels[part]}"
    if part in ("discussion", "mdt"):
        return forms.BooleanField(label=label, required=False, initial=initial)
    if part == "papers":
        return forms.IntegerField(label=label, min_value=0, max_value=MOST_PAPERS, initial=initial)
    return forms.ChoiceField(label=label, choices=TITLES, required=False, initial=initial)
