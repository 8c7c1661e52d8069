"""The shape of calls, opinions, conclusions and teams."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from documents.fields import long_text
from referrals import deliberating
from referrals.models import Deliberation, MDTReview, MDTTeam, Opinion

PREFIX = re.compile(r"[A-Z]\d{2}(\.\d{1,2})?")


class CallMDTForm(forms.Form):
    team = forms.ModelChoiceField(MDTTeam.objects.none(), label=_("Team"), empty_label=None, widget=forms.RadioSelect)

    def __init__(self, *args: Any, referral: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = deliberating.teams(referral.institution_id)  # type: ignore[attr-defined]
        self.fields["team"].initial = deliberating.suggested_team(referral)


class CallDiscussionForm(forms.Form):
    quorum = forms.IntegerField(
        label=_("Doctors needed for a conclusion"),
        min_value=deliberating.DISCUSSION_QUORUM,
        max_value=20,
        initial=deliberating.DISCUSSION_QUORUM,
    )


class OpinionForm(forms.Form):
    """A first opinion: three factors, a stance, reasons."""

    discipline = forms.ChoiceField(label=_("Speaking for"))
    risk = forms.CharField(label=_("Risk of the disease"), max_length=300, widget=long_text())
    cost = forms.CharField(label=pgettext_lazy("factor", "Cost"), max_length=300, widget=long_text())
    evidence = forms.CharField(label=pgettext_lazy("factor", "Level of evidence"), max_length=300, widget=long_text())
    stance = forms.ChoiceField(label=_("Opinion"), choices=Opinion.Stance.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Reasons"),
        max_length=2000,
        required=False,
        widget=long_text(),
        help_text=_("Needed unless you agree."),
    )

    def __init__(self, *args: Any, deliberation: Deliberation, user: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        mine = [one.discipline for one in deliberating.seats_of(deliberation, user)]
        if len(mine) > 1:
            self.fields["discipline"].choices = [(one, one) for one in mine]  # type: ignore[attr-defined]
        else:
            del self.fields["discipline"]


class RemarkForm(forms.Form):
    """A further opinion in the open discussion."""

    stance = forms.ChoiceField(label=_("Opinion now"), choices=Opinion.Stance.choices, widget=forms.RadioSelect)
    note = forms.CharField(label=_("Reasons"), max_length=2000, widget=long_text(3))


def reason_groups() -> list[tuple[Any, list[tuple[str, str]]]]:
    labels = dict(MDTReview.Conclusion.choices)
    rows = deliberating.REASONS.items()
    return [
        (labels[conclusion], [(code, f"{code} {label}") for code, label in reasons]) for conclusion, reasons in rows
    ]


def covers_plan() -> forms.BooleanField:
    return forms.BooleanField(
        label=_("The conclusion also holds for the planned further steps"), required=False,
        help_text=_("Otherwise each step that needs it is discussed again when it comes."),
    )  # fmt: skip


class ConcludeMDTForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput)
    conclusion = forms.ChoiceField(
        label=_("Conclusion"), choices=MDTReview.Conclusion.choices, widget=forms.RadioSelect
    )
    reason_code = forms.ChoiceField(label=_("Reason code"))
    advice = forms.CharField(label=_("Advice on treatment"), max_length=2000, widget=long_text(3))
    note = forms.CharField(label=_("Explanation, dissent"), max_length=2000, required=False, widget=long_text())
    covers_plan = covers_plan()

    def __init__(self, *args: Any, planned: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not planned:
            del self.fields["covers_plan"]
        self.fields["reason_code"].choices = [("", _("Choose")), *reason_groups()]  # type: ignore[attr-defined]


class ConcludeDiscussionForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput)
    agreed = forms.TypedChoiceField(
        label=_("Conclusion"),
        choices=[("yes", _("The department agrees to test")), ("no", _("The department decides against testing"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    note = forms.CharField(label=_("The department's opinion"), max_length=2000, widget=long_text(3))
    covers_plan = covers_plan()

    def __init__(self, *args: Any, planned: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not planned:
            del self.fields["covers_plan"]


class CallOffForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)


class TeamForm(forms.Form):
    name = forms.CharField(label=_("Team"), max_length=60)
    diagnosis_prefixes = forms.CharField(
        label=_("Diagnoses (ICD-10), first places"),
        max_length=200,
        required=False,
        help_text=_("Parted by blanks or commas, for example C34 C37 C38. Empty: every diagnosis no other team takes."),
    )
    quorum = forms.IntegerField(label=_("Disciplines needed"), min_value=deliberating.AT_LEAST, max_value=20, initial=5)
    needs_pathology = forms.BooleanField(label=_("Pathology must take part"), required=False, initial=True)

    def clean_diagnosis_prefixes(self) -> list[str]:
        found = [one for one in re.split(r"[\s,，、;；]+", self.cleaned_data["diagnosis_prefixes"].upper()) if one]
        if wrong := [one for one in found if not PREFIX.fullmatch(one)]:
            raise ValidationError(_("Not the beginning of an ICD-10 code: %(wrong)s") % {"wrong": "、".join(wrong)})
        return list(dict.fromkeys(found))


class SeatForm(forms.Form):
    expert = forms.ModelChoiceField(User.objects.none(), label=_("Expert"), empty_label=_("Choose"))
    discipline = forms.CharField(label=_("Discipline"), max_length=30)
    is_remote = forms.BooleanField(label=_("Remote"), required=False)

    def __init__(self, *args: Any, team: MDTTeam, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["expert"].queryset = deliberating.experts(team.institution_id)  # type: ignore[attr-defined]
        self.fields["expert"].label_from_instance = lambda one: f"{one.name}（{one.username}）{one.title}"  # type: ignore[attr-defined]
