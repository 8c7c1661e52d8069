"""Filters of the coverage page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from policy.models import Clause, PolicyDocument
from policy.queries import Stand


class CoverageFilter(forms.Form):
    document = forms.ModelChoiceField(
        PolicyDocument.objects.filter(clauses__isnull=False).distinct(),
        to_field_name="code",
        required=False,
        label=_("Document"),
        empty_label=_("All documents"),
    )
    tag = forms.ChoiceField(required=False, label=_("Theme"))
    stand = forms.ChoiceField(
        required=False,
        label=_("Where it stands"),
        choices=[("", _("All")), *((one.value, one.label) for one in Stand)],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        tags = Clause.objects.order_by("tag").values_list("tag", flat=True).distinct()
        self.fields["tag"].choices = [("", _("All themes")), *((tag, tag) for tag in tags)]
        self.fields["document"].label_from_instance = lambda document: f"{document.code} {document.doc_no}"
