"""Fields the forms of laboratories share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import GeneTest


def named(test: GeneTest) -> str:
    """Several tests have one name; the code tells them apart."""
    return f"{test.code} {test.name}"


class OneTest(forms.ModelChoiceField):
    """One test, by code and name."""

    def __init__(self) -> None:
        super().__init__(label=_("Test"), queryset=GeneTest.objects.order_by("code"), empty_label=_("Choose"))

    def label_from_instance(self, obj: Any) -> str:
        return named(obj)


class SeveralTests(forms.ModelMultipleChoiceField):
    """Any number of tests, ticked, in columns where the screen is wide."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **options: Any):
        options.setdefault("queryset", GeneTest.objects.order_by("code"))
        super().__init__(label=_("Tests"), **options)
        self.widget.attrs["class"] = "choices-wide"

    def label_from_instance(self, obj: Any) -> str:
        return named(obj)
