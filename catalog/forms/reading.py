"""Filters of the catalog."""

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Grade, Indication


class CatalogFilter(forms.Form):
    q = forms.CharField(
        required=False,
        label=_("Search"),
        max_length=60,
        help_text=_("Tumour, gene, drug, code or pinyin initials"),
    )
    tumour = forms.ChoiceField(required=False, label=_("Tumour"))
    grade = forms.ChoiceField(required=False, label=_("Grade"), choices=[("", _("All")), *Grade.choices])

    def __init__(self, *args, edition=None, **kwargs):
        super().__init__(*args, **kwargs)
        tumours = (
            Indication.objects.filter(edition=edition).order_by("tumour").values_list("tumour", flat=True).distinct()
        )
        self.fields["tumour"].choices = [("", _("All tumours")), *((tumour, tumour) for tumour in tumours)]
