"""Fields that the forms of every room share: a day, a longer text, a PDF."""

from __future__ import annotations

from typing import Any

from django import forms

from documents import files


def day_field(label: Any, **options: Any) -> forms.DateField:
    """A day, typed or chosen in the browser's own calendar."""
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


def long_text(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class PDFField(forms.FileField):
    """A PDF, checked by what it truly is."""

    def __init__(self, **options: Any):
        options.setdefault("widget", forms.FileInput(attrs={"accept": files.PDF}))
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = super().clean(data, initial)
        return files.check(given, kinds=[files.PDF]) if given else None
