"""What is typed into a price change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import GeneTest
from documents import files
from documents.fields import day_field, long_text
from vendors.models import InsuranceClass
from vendors.price_sheets import read_codes, read_parts


class CodesField(forms.CharField):
    """Item codes, apart by commas, blanks or 、."""

    def clean(self, value: Any) -> Any:
        return read_codes(super().clean(value) or "")

    def prepare_value(self, value: Any) -> Any:
        return "、".join(value) if isinstance(value, list) else value


class PartsField(forms.CharField):
    """Lines of an item's code and how many of it: `270700003 × 2`; without a number it is one."""

    widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value: Any) -> Any:
        return read_parts(super().clean(value) or "")

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{code} × {n}" for code, n in value) if isinstance(value, list) else value


class ChangeForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=120)
    basis = forms.CharField(
        label=_("Basis document"), max_length=120, help_text=_("The document that sets the prices, with its number.")
    )
    effective_from = day_field(
        _("Day of the switch"), help_text=_("To the day before under the old items, from this day under the new.")
    )


class ItemForm(forms.Form):
    code = forms.CharField(label=_("Item code"), max_length=40)
    name = forms.CharField(label=_("Item name"), max_length=120)
    content = forms.CharField(label=_("What it covers"), max_length=500, required=False, widget=long_text())
    excludes = forms.CharField(label=_("What it does not cover"), max_length=500, required=False, widget=long_text())
    unit = forms.CharField(label=_("Unit of charge"), max_length=20, initial="次")
    amount = forms.DecimalField(label=_("Price (yuan)"), min_value=Decimal(0), max_digits=10, decimal_places=2)
    insurance_class = forms.ChoiceField(
        label=_("Insurance class"), choices=[("", _("Choose")), *InsuranceClass.choices]
    )
    own_percent = forms.DecimalField(
        label=_("Paid first by the patient (%)"),
        min_value=Decimal(0),
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        help_text=_("甲类 0, 乙类 as the insurance office sets it, 丙类 and 自费 100."),
    )
    most = forms.IntegerField(
        label=_("Most of it for one test"), min_value=1, max_value=200, initial=1, help_text=_("The quantity rule.")
    )
    cap = forms.DecimalField(
        label=_("At most for one specimen (yuan)"), min_value=Decimal("0.01"), max_digits=10, decimal_places=2,
        required=False, help_text=_("Where the province caps several targets of one specimen; empty: no cap."),
    )  # fmt: skip
    not_with = CodesField(
        label=_("Never charged together with"), required=False, help_text=_("Codes of items, apart by commas.")
    )
    replaces = CodesField(
        label=_("Replaces"), required=False, help_text=_("Codes of old items: they end the day before the switch.")
    )
    basis = forms.CharField(
        label=_("Basis document"), max_length=120, required=False, help_text=_("Empty: the one of the price change.")
    )


class EndForm(forms.Form):
    code = forms.CharField(label=_("Code of the item that ends"), max_length=40)


class ChargeForm(forms.Form):
    test = forms.ModelChoiceField(
        GeneTest.objects.all(), to_field_name="code", label=_("Test"), empty_label=_("Choose")
    )
    parts = PartsField(
        label=_("Items and quantities"),
        required=False,
        help_text=_("One item a line with its quantity, such as 270700003 × 2. The price is their sum."),
    )
    ends = forms.BooleanField(label=_("The hospital no longer charges this test"), required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["test"].label_from_instance = lambda one: f"{one.code} {one.name}"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("ends") and not cleaned.get("parts") and "parts" not in self.errors:
            self.add_error("parts", _("Name at least one item, or say that the test is no longer charged."))
        return cleaned


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=long_text())


class SheetForm(forms.Form):
    sheet = forms.FileField(
        label=_("Sheet (XLSX)"),
        widget=forms.FileInput(attrs={"accept": f".xlsx,{files.XLSX}"}),
        help_text=_("Two sheets, 价格项目 and 检测收费; take the one offered here as a form."),
    )
