"""The criteria of a drug rule as fields: its uses, and in each the conditions, in groups of which one has to be met whole.

Rows are added and taken away by buttons that send the page back with what was typed; nothing is saved by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from catalog.models import DrugTargetRule
from catalog.targets.criteria import KINDS
from catalog.targets.matching import METHOD_WORDS, SPECIMEN_WORDS

MOST = 20  # uses of a rule, and conditions of a use
BETWEEN = gettext_lazy("Separate several by 、")
KIND_WORDS = dict(
    zip(
        KINDS,
        (gettext_lazy("mutation"), gettext_lazy("fusion or rearrangement"), gettext_lazy("amplification")),
        strict=True,
    )
)


class Names(forms.CharField):
    """Several names in one field, each after the other's `separator`; read as a list. ；always separates."""

    def __init__(self, *, separator: str = "、", **options: Any):
        super().__init__(required=False, max_length=500, **options)
        self.separator = separator

    def prepare_value(self, value: Any) -> Any:
        return self.separator.join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        said = super().clean(self.prepare_value(value))
        return [one.strip() for one in re.split(f"[；;\n{self.separator}]", said) if one.strip()]


def names(label: Any, help_text: Any = BETWEEN) -> Names:
    return Names(label=label, help_text=help_text)


def phrases(label: Any, help_text: Any) -> Names:
    """Names that may hold a 、 of their own, as the wording of an indication does."""
    return Names(label=label, help_text=help_text, separator="；")


def some_of(label: Any, words: Mapping[str, Any], help_text: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=list(words.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=help_text,
    )


class UseForm(forms.Form):
    """For these indications and lines: whether a test is needed."""

    indications = phrases(
        pgettext_lazy("of a drug", "Indications"), gettext_lazy("Empty: every indication. Separate several by ；")
    )
    lines = phrases(gettext_lazy("Lines or settings"), gettext_lazy("Empty: every line. Separate several by ；"))
    icd10 = names(gettext_lazy("ICD-10"), gettext_lazy("Categories or ranges, such as C34 or C18-C20"))
    need = forms.ChoiceField(label=gettext_lazy("Need"), choices=DrugTargetRule.Need.choices)
    fresh_after = forms.CharField(
        label=gettext_lazy("Report made after"),
        required=False,
        max_length=60,
        help_text=gettext_lazy("An event, such as progression under a drug; its day is asked for."),
    )


class ConditionForm(forms.Form):
    """One thing a report has to say."""

    group = forms.IntegerField(
        label=gettext_lazy("Group"),
        min_value=1,
        max_value=MOST,
        help_text=gettext_lazy("Conditions of one group have to be met together; one group is enough."),
    )
    target = forms.CharField(label=gettext_lazy("Shown as"), max_length=60)
    sense = forms.ChoiceField(
        label=gettext_lazy("What is asked"),
        choices=[
            ("present", gettext_lazy("an alteration is present")),
            ("absent", gettext_lazy("no alteration (wild type)")),
            ("measure", gettext_lazy("a measured value")),
        ],
    )
    genes = names(gettext_lazy("genes"))
    kinds = some_of(gettext_lazy("Kinds of alteration"), KIND_WORDS, gettext_lazy("None ticked: every kind"))
    places = names(gettext_lazy("Sites"), gettext_lazy("Such as 19del、L858R; empty: any site"))
    label_places = names(gettext_lazy("Sites a pharmacist decides by the label"))
    exons = names(gettext_lazy("Exons that have to be read"), gettext_lazy("For wild type. Between 、"))
    measure = forms.CharField(
        label=gettext_lazy("Measure"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Such as TPS, MSI or ALK IHC"),
    )
    values = names(gettext_lazy("Accepted values"), gettext_lazy("Such as positive or MSI-H. Separate several by 、"))
    at_least = forms.DecimalField(label=gettext_lazy("At least"), required=False)
    methods = some_of(gettext_lazy("Accepted methods"), METHOD_WORDS, gettext_lazy("None ticked: every method"))
    specimens = some_of(gettext_lazy("Accepted specimens"), SPECIMEN_WORDS, gettext_lazy("None ticked: every specimen"))
    classified = forms.BooleanField(
        label=gettext_lazy("Classed as pathogenic or likely pathogenic in the report"), required=False
    )

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("sense") == "measure":
            if not said.get("measure"):
                self.add_error("measure", ValidationError(_("Name the measure.")))
            if not said.get("values") and said.get("at_least") is None:
                self.add_error("values", ValidationError(_("Give the values that count, or the least value.")))
        elif not said.get("genes") and "genes" not in self.errors:
            self.add_error("genes", ValidationError(_("Name at least one gene.")))
        return said

    @property
    def asked(self) -> dict[str, Any]:
        """The condition as data: what says nothing is left out."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in ("", [], None, False)}
        del given["group"]
        if "at_least" in given:
            given["at_least"] = f"{given['at_least'].normalize():f}"
        if given["sense"] == ("measure" if given.get("measure") else "present"):
            del given["sense"]
        if len(given.get("kinds", [])) == len(KINDS):
            del given["kinds"]
        return given


class UseRows:
    """A use with its conditions, as drawn."""

    def __init__(self, form: UseForm, conditions: list[ConditionForm]):
        self.form = form
        self.conditions = conditions


class CriteriaForm:
    """The whole of a rule's criteria: from its data (`uses`), or as sent (`data`)."""

    def __init__(self, data: Any = None, uses: Sequence[Mapping[str, Any]] = ()):
        self.is_bound = data is not None
        self.errors: list[str] = []
        if data is None:
            self.rows = _drawn(_typed(uses))
        else:
            self.rows = _bound(data)

    def is_valid(self) -> bool:
        self.errors = []
        right = True
        for row in self.rows:
            right = all([row.form.is_valid(), *(one.is_valid() for one in row.conditions)]) and right
            if not row.form.is_valid():
                continue
            tested = row.form.cleaned_data["need"] == "test"
            if tested and not row.conditions:
                row.form.add_error("need", ValidationError(_("A use that needs a test names its conditions.")))
                right = False
            if not tested and row.conditions:
                row.form.add_error(
                    "need", ValidationError(_("Without a test there are no conditions: take them away."))
                )
                right = False
        if not self.rows:
            self.errors = [_("A rule has at least one use.")]
            right = False
        return right

    @property
    def uses(self) -> list[dict[str, Any]]:
        """The criteria as `catalog.targets.criteria.read_uses` reads them; only of a valid form."""
        made = []
        for row in self.rows:
            use = {name: value for name, value in row.form.cleaned_data.items() if value not in ("", [])}
            groups: dict[int, list[dict[str, Any]]] = {}
            for one in row.conditions:
                groups.setdefault(one.cleaned_data["group"], []).append(one.asked)
            if groups:
                use["any_of"] = [groups[number] for number in sorted(groups)]
            made.append(use)
        return made


def changed(data: Any, do: str) -> CriteriaForm | None:
    """The form after a button of its own (`add-use`, `drop-use-1`, `add-condition-0`, `drop-condition-0-2`): what was
    typed, with the row more or less. None for another button."""
    found = re.fullmatch(r"(add|drop)-(use|condition)(?:-(\d+))?(?:-(\d+))?", do)
    if not found:
        return None
    verb, what, use, condition = found[1], found[2], int(found[3] or 0), int(found[4] or 0)
    typed = _sent(data)
    if what == "use" and verb == "add" and len(typed) < MOST:
        typed.append(({"need": "test"}, [{"group": 1}]))
    elif what == "use" and verb == "drop" and use < len(typed):
        del typed[use]
    elif what == "condition" and use < len(typed):
        rows = typed[use][1]
        if verb == "add" and len(rows) < MOST:
            rows.append({"group": rows[-1].get("group", 1) if rows else 1})
        elif verb == "drop" and condition < len(rows):
            del rows[condition]
    return _from(typed)


def _from(typed: list[tuple[dict, list[dict]]]) -> CriteriaForm:
    form = CriteriaForm()
    form.rows = _drawn(typed)
    return form


def _typed(uses: Sequence[Mapping[str, Any]]) -> list[tuple[dict, list[dict]]]:
    """A rule's data as what one would type."""
    typed = []
    for use in uses:
        rows = []
        for number, group in enumerate(use.get("any_of", ()), 1):
            for one in group:
                sense = one.get("sense", "measure" if one.get("measure") else "present")
                rows.append({**one, "group": number, "sense": sense})
        typed.append(({name: value for name, value in use.items() if name != "any_of"}, rows))
    return typed


def _drawn(typed: list[tuple[dict, list[dict]]]) -> list[UseRows]:
    return [
        UseRows(
            UseForm(initial={"need": "test", **use}, prefix=f"u{at}"),
            [ConditionForm(initial=one, prefix=f"u{at}c{number}") for number, one in enumerate(rows)],
        )
        for at, (use, rows) in enumerate(typed)
    ]


def _counts(data: Any) -> list[int]:
    """How many conditions each use was sent with."""
    uses = min(_number(data.get("uses")), MOST)
    return [min(_number(data.get(f"u{at}-conditions")), MOST) for at in range(uses)]


def _number(text: Any) -> int:
    return int(text) if text and str(text).isdecimal() else 0


def _bound(data: Any) -> list[UseRows]:
    return [
        UseRows(
            UseForm(data, prefix=f"u{at}"), [ConditionForm(data, prefix=f"u{at}c{number}") for number in range(count)]
        )
        for at, count in enumerate(_counts(data))
    ]


def _sent(data: Any) -> list[tuple[dict, list[dict]]]:
    """What was typed, unread."""
    return [
        (_raw(row.form, data), [_raw(one, data) for one in row.conditions]) for row in _bound(data)
    ]  # fmt: skip


def _raw(form: forms.Form, data: MultiValueDict) -> dict[str, Any]:
    return {
        name: field.widget.value_from_datadict(data, MultiValueDict(), form.add_prefix(name))
        for name, field in form.fields.items()
    }
