"""The shape of what is typed and scanned at the packing table, at the hand-over and when a box has arrived."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from referrals.forms.stations import celsius_field, moment_field
from referrals.models import Referral, Shipment


class CodesField(forms.CharField):
    """Barcodes as a scanner sends them: one a line, or with blanks between."""

    def __init__(self, **options: Any):
        options.setdefault("required", False)
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}))
        super().__init__(max_length=20_000, **options)

    def clean(self, value: Any) -> list[str]:
        return super().clean(value).replace(",", " ").replace("，", " ").split()


class PackForm(forms.Form):
    """Which specimens of one laboratory travel together."""

    scanned = CodesField(label=_("Scanned into the box"))

    def __init__(self, data: Any = None, *, waiting: list[Referral]):
        super().__init__(data)
        self.fields["cases"] = forms.TypedMultipleChoiceField(
            label=_("Specimens"), coerce=int, choices=[(one.pk, one.number) for one in waiting]
        )


class HandOverForm(forms.Form):
    scanned = CodesField(
        label=_("Scanned codes"), help_text=_("One a line; filled by scanning above, or scan straight into this field.")
    )
    carrier = forms.CharField(label=_("Carrier"), max_length=80)
    courier = forms.CharField(
        label=_("Courier"), max_length=60, help_text=_("Name on the badge of the person who takes the box.")
    )
    courier_no = forms.CharField(label=_("Courier's staff number"), max_length=40, required=False)
    celsius = celsius_field(_("Temperature at hand-over"), help_text=_("As the logger in the box shows it."))
    logger_no = forms.CharField(label=_("Temperature logger"), max_length=40, required=False)
    seal_no = forms.CharField(label=_("Seal number"), max_length=40, required=False)
    waybill = forms.CharField(label=_("Waybill"), max_length=60, required=False)
    temperature = forms.CharField(label=_("Remarks on temperature"), max_length=40, required=False)
    unscanned_reason = forms.CharField(
        label=_("Scanner out of order: why not scanned"), max_length=200, required=False,
        help_text=_("Only when codes cannot be read. It is kept with the batch and each specimen, and shown on the manifest."),
    )  # fmt: skip


class ArrivalForm(forms.Form):
    """How each specimen of a batch arrived: fields state-ID and reason-ID for those still on the road."""

    at = moment_field(_("Received at"), help_text=_("As the laboratory signed; empty: now."))
    celsius = celsius_field(_("Temperature on arrival"), required=False, help_text=_("As the laboratory read it."))

    def __init__(self, data: Any = None, *, on_the_road: list[Shipment]):
        super().__init__(data)
        self.on_the_road = on_the_road
        data = data or {}
        for one in on_the_road:
            one.marked = str(data.get(f"state-{one.referral_id}", ""))  # type: ignore[attr-defined]
            one.remark = str(data.get(f"reason-{one.referral_id}", ""))[:200]  # type: ignore[attr-defined]

    @property
    def states(self) -> dict[int, tuple[str, str]] | None:
        """None: every one was received."""
        if self.data.get("all"):
            return None
        marked = [one for one in self.on_the_road if one.marked]  # type: ignore[attr-defined]
        return {one.referral_id: (one.marked, one.remark) for one in marked}  # type: ignore[attr-defined]
