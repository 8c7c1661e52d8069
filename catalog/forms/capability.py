"""What is typed into the register of in-house capability and into the intake of a technology."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, User
from catalog import announcing
from catalog.forms.authority import PaperForm
from catalog.models import CapabilityProduct, GeneTest
from documents.fields import day_field, long_text


def yes_no(label: Any, yes: Any, no: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=[("yes", yes), ("no", no)], coerce=lambda value: value == "yes")


class RegisterForm(forms.Form):
    test = forms.ModelChoiceField(label=_("Test"), queryset=GeneTest.objects.all(), empty_label=_("Choose"))
    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), empty_label=_("Choose")
    )
    registered_on = day_field(_("Registered on"), initial=timezone.localdate)

    def __init__(self, *args: Any, institution: Any, **options: Any):
        super().__init__(*args, **options)
        self.fields["department"].queryset = Department.objects.filter(institution=institution)  # type: ignore[attr-defined]


class EquipmentForm(forms.Form):
    name = forms.CharField(label=_("Equipment"), max_length=80)
    serial = forms.CharField(label=_("Serial number"), max_length=60)
    valid_from = day_field(_("Calibrated (accepted) on"))
    valid_to = day_field(_("Calibration valid to"), required=False)


class StaffForm(forms.Form):
    user = forms.ModelChoiceField(
        label=_("Pathologist or technician"), queryset=User.objects.none(), empty_label=_("Choose")
    )

    def __init__(self, *args: Any, institution: Any = None, **options: Any):
        super().__init__(*args, **options)
        skilled = announcing.holders(institution, "referrals.assess_specimen")
        self.fields["user"].queryset = skilled.order_by("username")  # type: ignore[attr-defined]


class ProductForm(PaperForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=CapabilityProduct.Kind.choices)
    name = forms.CharField(label=_("Product"), max_length=120)
    basis = forms.ChoiceField(label=_("Basis"), choices=CapabilityProduct.Basis.choices)
    number = forms.CharField(label=_("Registration or approval number"), max_length=60, required=False)
    valid_from = day_field(_("Valid from"))
    valid_to = day_field(_("Valid to"), required=False)
    field_order = ("kind", "name", "basis", "number", "valid_from", "valid_to", "file")


class RoundForm(forms.Form):
    organiser = forms.CharField(label=_("Organiser"), max_length=80)
    name = forms.CharField(label=_("Round"), max_length=60)
    held_on = day_field(_("Held on"))
    passed = yes_no(_("Result"), _("Passed"), _("Not passed"))
    correction = forms.CharField(label=_("Corrective action"), required=False, widget=long_text())


class IntakeForm(forms.Form):
    test = forms.ModelChoiceField(label=_("Test"), queryset=GeneTest.objects.all(), empty_label=_("Choose"))
    need = forms.CharField(label=_("Clinical need"), widget=long_text(), max_length=2000)
    ability = forms.CharField(label=_("Technical capability"), widget=long_text(), max_length=2000)
    safety = forms.CharField(label=_("Safety and emergency measures"), widget=long_text(), max_length=2000)


class OpinionForm(forms.Form):
    agreed = yes_no(_("Opinion"), _("Agreed"), _("Not agreed"))
    text = forms.CharField(label=_("Grounds"), widget=long_text(), max_length=300)


class DecisionForm(forms.Form):
    approved = yes_no(_("Decision"), _("Approved"), _("Not approved"))
    note = forms.CharField(label=_("Grounds"), widget=long_text(), max_length=300)
