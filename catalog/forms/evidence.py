"""The shape of what is typed of sources, citations, reviews and the rule on evidence."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.queries import holders
from catalog import citing
from catalog.forms.editions import REASON
from catalog.models import EvidenceRule, EvidenceSource, Indication, LevelSystem, SourceReview
from documents.fields import PDFField, day_field, long_text


class SourceForm(forms.Form):
    """A source as its title page says; with a former edition, who reviews the rows."""

    title = forms.CharField(
        label=_("Title"), max_length=120, help_text=_("With its edition, e.g. 胃癌诊疗指南（2025年版）.")
    )
    issuer = forms.CharField(label=_("Issuer"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("Choose")), *EvidenceSource.Kind.choices])
    system = forms.ModelChoiceField(
        LevelSystem.objects.all(), label=_("System of levels"), empty_label=_("Choose"),
        help_text=_("How this source itself grades. Levels of different systems are never converted."),
    )  # fmt: skip
    year = forms.IntegerField(label=_("Year"), required=False, min_value=1990, max_value=2100)
    edition = forms.CharField(label=_("Edition"), max_length=40, required=False)
    doc_no = forms.CharField(label=_("Document number"), max_length=80, required=False)
    in_force_from = day_field(_("In force from"), required=False)
    file = PDFField(label=_("Text (PDF)"), required=False)
    unsettled = forms.BooleanField(label=_("Year and number are still to be checked (待核)"), required=False)
    supersedes = forms.ModelChoiceField(
        EvidenceSource.objects.none(), label=_("Newer edition of"), required=False, empty_label=_("None"),
        help_text=_("Every row in force that cites the former edition is then put up for review."),
    )  # fmt: skip
    owner = forms.ModelChoiceField(
        EvidenceSource.objects.none(), label=_("Who reviews the rows"), required=False, empty_label=_("Myself")
    )

    def __init__(self, *args: Any, institution: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        key = institution.pk
        mine = EvidenceSource.objects.filter(institution=key, supersedes__isnull=False).order_by()
        fields["supersedes"].queryset = EvidenceSource.objects.known_to(key).exclude(pk__in=mine.values("supersedes"))
        fields["owner"].queryset = holders(key, "catalog.review_source")


class CompleteForm(forms.Form):
    year = forms.IntegerField(label=_("Year"), required=False, min_value=1990, max_value=2100)
    edition = forms.CharField(label=_("Edition"), max_length=40, required=False)
    doc_no = forms.CharField(label=_("Document number"), max_length=80, required=False)
    in_force_from = day_field(_("In force from"), required=False)
    file = PDFField(label=_("Text (PDF)"), required=False)
    settled = forms.BooleanField(label=_("Checked against the original"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=REASON, widget=long_text(2))


class ConcludeForm(forms.Form):
    """A level of the newer edition's own system, at a page of it."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=SourceReview.Outcome.choices, widget=forms.RadioSelect)
    place = forms.CharField(
        label=_("Page or section of the newer edition"), max_length=80, required=False,
        help_text=_("Required to confirm."),
    )  # fmt: skip
    recommendation = forms.ChoiceField(label=_("Recommendation"), required=False)
    evidence_class = forms.ChoiceField(label=_("Evidence class"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=REASON, widget=long_text(2))

    def __init__(self, *args: Any, system: LevelSystem, **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["recommendation"].choices = _levels(system.recommendations)
        fields["evidence_class"].choices = _levels(system.classes)


def _levels(allowed: list[str]) -> list[tuple[str, Any]]:
    return [("", _("None given")), *((one, one) for one in allowed)]


class HandOverForm(forms.Form):
    owner = forms.ModelChoiceField(
        EvidenceSource.objects.none(), label=_("Who reviews the row"), empty_label=_("Choose")
    )

    def __init__(self, *args: Any, institution: int, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = holders(institution, "catalog.review_source")  # type: ignore[attr-defined]


class RuleForm(forms.Form):
    accepts = forms.ChoiceField(
        label=_("What counts as evidence"), choices=EvidenceRule.Accepts.choices, widget=forms.RadioSelect
    )
    grace_days = forms.IntegerField(label=_("Days until an unreviewed row closes"), min_value=0, max_value=365)
    review_days = forms.IntegerField(label=_("Working days for a review"), min_value=1, max_value=90)
    reason = forms.CharField(label=_("Reason"), max_length=REASON, widget=long_text(2))


class CitationsForm(forms.Form):
    """The row's citations, one a line, as text; each line names a source of the register."""

    citations = forms.CharField(
        label=_("Citations"), required=False, widget=long_text(5),
        help_text=_("One a line: 《title》｜recommendation｜evidence class｜page or section｜待核. What is unknown stays empty."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason of this change"), max_length=REASON, widget=long_text(2))
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class CiteForm(forms.Form):
    """One citation more, chosen from the register."""

    source = forms.ModelChoiceField(EvidenceSource.objects.none(), label=_("Source"), empty_label=_("Choose"))
    recommendation = forms.CharField(label=_("Recommendation"), max_length=30, required=False)
    evidence_class = forms.CharField(label=_("Evidence class"), max_length=30, required=False)
    place = forms.CharField(label=_("Page or section"), max_length=80, required=False)
    unsettled = forms.BooleanField(label=_("Still to be checked (待核)"), required=False)
    reason = forms.CharField(label=_("Reason of this change"), max_length=REASON, widget=long_text(2))

    def __init__(self, *args: Any, line: Indication, **kwargs: Any):
        super().__init__(*args, **kwargs)
        known = EvidenceSource.objects.known_to(line.edition.institution_id)
        self.fields["source"].queryset = known.exclude(citations__indication=line)  # type: ignore[attr-defined]

    def as_text(self) -> str:
        one = {name: self.cleaned_data[name] for name in ("recommendation", "evidence_class", "place", "unsettled")}
        return citing.Cited(self.cleaned_data["source"], **one).as_text


class SupportForm(forms.Form):
    """Clause A22: the evidence, and the departmental discussion, of one or several rows."""

    codes = forms.MultipleChoiceField(label=_("Rows"), widget=forms.CheckboxSelectMultiple)
    evidence_text = forms.CharField(
        label=_("Evidence"),
        max_length=2000,
        widget=long_text(3),
        help_text=_("Paper, journal, year, level, main finding."),
    )
    file = PDFField(label=_("Text (PDF)"), required=False)
    department = forms.CharField(label=_("Department"), max_length=60)
    discussed_on = day_field(_("Discussed on"))
    present = forms.CharField(label=_("Present"), max_length=300)
    conclusion = forms.CharField(label=_("Conclusion"), max_length=2000, widget=long_text(2))

    def __init__(self, *args: Any, lines: list[Indication], **kwargs: Any):
        super().__init__(*args, **kwargs)
        field: Any = self.fields["codes"]
        field.choices = [(one.code, f"{one.code} {one.tumour} · {one.genes}") for one in lines]
