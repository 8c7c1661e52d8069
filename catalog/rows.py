"""A row of an edition as plain values: what the trail of changes keeps, what two editions are compared by.

A higher or later part of the catalog that hangs records on a row (citations, say) adds a function to `COPIED`: it is
given {former row's id: new row} whenever rows are taken into another edition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from catalog import citing
from catalog.models import Edition, Grade, Indication
from catalog.models.grading import CRITERIA

# A row's own place and mark; everything else is its content.
NOT_CONTENT = ("id", "edition", "code", "reviewed_on", "reviewed_by", "says")
# Without these a row does not say what a test is for and on whose word (clause B2).
NECESSARY = (
    "tumour", "icd10", "icd10_match", "setting", "genes", "alteration", "method_primary", "specimen", "purpose",
    "guideline", "issuer", "year", "recommendation", "grade", "mdt_on_first_visit", "route_hint", "turnaround_days",
)  # fmt: skip
# What a doctor, a patient or a price list notices; the effects page names these first.
GRAVE = (
    "grade",
    "is_risky",
    "risk_level",
    "test",
    "icd10_match",
    "recommendation",
    "guideline",
    "mdt_on_first_visit",
    citing.FIELD,
)
# Kept, exported and compared, but codes and foreign words to a reader: pages of a row leave them out.
UNREAD = ("tumour_initials", "tumour_english", "recommendation_confidence", "source_status", "confidence")
COPIED: list[Callable[[Mapping[int, Indication]], None]] = [citing.copy]


def content_fields() -> list[Any]:
    return [field for field in Indication._meta.concrete_fields if field.name not in NOT_CONTENT]


def labels() -> dict[str, str]:
    """Field name → its name for people."""
    fields = {field.name: str(field.verbose_name) for field in content_fields()}
    return fields | {citing.FIELD: _("citations"), "support": _("evidence and discussion")}


def values_of(line: Indication) -> dict[str, Any]:
    """The row's content, fit for JSON: a test by its code, citations as text."""
    values: dict[str, Any] = {}
    for field in content_fields():
        if field.name == "test":
            values["test"] = line.test.code
        else:
            value = getattr(line, field.attname)
            values[field.name] = value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
    values[citing.FIELD] = citing.text(citing.of(line))
    return values


def shown(name: str, value: Any) -> str:
    """A kept value as people read it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if name == "grade":
        return str(dict(Grade.choices).get(value, value))
    if name in CRITERIA:
        return str(dict(CRITERIA[name][0].choices).get(value, value))
    return str(value)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of two rows only what differs."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}


def lacking(line: Indication) -> list[str]:
    """The necessary fields left empty, by their names."""
    named = labels()
    return [named[name] for name in NECESSARY if getattr(line, name) in ("", None)]


def copy(lines: Iterable[Indication], edition: Edition) -> list[Indication]:
    """Take rows into a draft as they are: with their values, and with the confirmation an expert gave them."""
    former = list(lines)
    made = []
    for line in former:
        one = Indication(**{field.attname: getattr(line, field.attname) for field in line._meta.concrete_fields})
        one.pk, one.edition = None, edition
        made.append(one)
    new = Indication.objects.bulk_create(made)
    pairs = {line.pk: one for line, one in zip(former, new, strict=True)}
    for each in COPIED:
        each(pairs)
    return new
