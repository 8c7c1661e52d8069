"""The shape of what a browser sends: the list's filters, and whom to let into a case."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.grants import LONGEST_DAYS
from accounts.models import Department, Institution, Post, Role, User
from documents.fields import day_field
from referrals import queries
from referrals.models import Referral
from vendors.models import Laboratory

ALL = ("", pgettext_lazy("filter", "All"))


class QuarterField(forms.CharField):
    """A quarter from a list; gives its two ends."""

    def __init__(self, **options: Any):
        super().__init__(required=False, max_length=6, widget=forms.Select, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text and queries.quarter_span(text) is None:
            raise ValidationError(_("This is not a quarter such as 2026Q3."))
        return queries.quarter_span(text) if text else None


class CaseFilter(forms.Form):
    """The filters of the list of cases; its choices are those the reader may see."""

    q = forms.CharField(required=False, label=_("Referral number"), max_length=40)
    institution = forms.ChoiceField(required=False, label=_("Hospital"))
    department = forms.TypedChoiceField(required=False, label=_("Department"), coerce=int, empty_value=None)
    doctor = forms.CharField(required=False, label=_("Doctor (name or staff number)"), max_length=60)
    nature = forms.ChoiceField(required=False, label=_("Nature"), choices=[ALL, *Referral.Nature.choices])
    laboratory = forms.TypedChoiceField(required=False, label=_("Laboratory"), coerce=int, empty_value=None)
    quarter = QuarterField(label=_("Requested in"))
    findings = forms.ChoiceField(
        required=False, label=_("Findings"), choices=[ALL, ("yes", _("With open findings")), ("no", _("Without"))]
    )

    def __init__(self, data: Any, *, user: User, found: QuerySet[Referral]):
        super().__init__(data)
        hospitals = list(Institution.objects.filter(pk__in=user.institution_ids, kind=Institution.Kind.HOSPITAL))
        self.several = len(hospitals) > 1
        if self.several:
            self.offer("institution", [ALL, *((one.code, one.name) for one in hospitals)])
        else:
            del self.fields["institution"]
        places = Department.objects.filter(institution__in=hospitals).select_related("institution")
        self.offer(
            "department",
            [
                ALL,
                *((one.pk, f"{one.institution.name} {one.name}" if self.several else one.name) for one in places),
            ],
        )
        if user.scope == Role.Scope.OWN:
            # X16: who requests deals with no laboratory.
            del self.fields["laboratory"]
        else:
            self.offer("laboratory", [ALL, *((one.pk, one.name) for one in Laboratory.objects.all())])
        listed = queries.quarters(found)
        chosen = (self.data.get("quarter") or "").strip().upper()
        if queries.quarter_span(chosen) and chosen not in listed:
            listed = [chosen, *listed]
        widget: Any = self.fields["quarter"].widget
        widget.choices = [ALL, *((code, quarter_label(code)) for code in listed)]

    def offer(self, name: str, choices: list[tuple]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    @property
    def asked(self) -> dict[str, Any] | None:
        """What is asked for; None when the address asks for something that does not exist."""
        return self.cleaned_data if self.is_valid() else None


def quarter_label(code: str) -> str:
    """2026Q3 as 2026年第三季度."""
    return f"{code[:4]}年第{'一二三四'[int(code[-1]) - 1]}季度"


class LetInForm(forms.Form):
    """Whom to let into one case, why, and until which day."""

    username = forms.CharField(label=_("Staff number"), max_length=40)
    reason = forms.CharField(label=_("Why this person needs to see the case"), max_length=200)
    ends_on = day_field(_("Last day"))

    def __init__(self, *args: Any, referral: Referral, by: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.referral, self.by = referral, by
        today = timezone.localdate()
        self.fields["ends_on"].widget.attrs |= {
            "min": today.isoformat(),
            "max": (today + timedelta(days=LONGEST_DAYS)).isoformat(),
        }
        self.fields["ends_on"].help_text = _("At most %(days)s days from today.") % {"days": LONGEST_DAYS}

    def clean_username(self) -> str:
        """Somebody who works at the case's institution; kept as `cleaned_data["user"]`."""
        number = self.cleaned_data["username"].strip()
        here = Post.objects.in_force(timezone.localdate()).filter(institution_id=self.referral.institution_id)
        person = User.objects.filter(username=number, is_active=True, posts__in=here).first()
        if person is None:
            raise ValidationError(_("Nobody with this staff number works at this institution."))
        if person == self.by:
            raise ValidationError(_("You see this case already."))
        self.cleaned_data["user"] = person
        return number
