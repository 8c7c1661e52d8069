"""Two records of one patient: how they are found and looked at side by side. Never across institutions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from documents.templatetags.formats import NONE
from referrals import identity, requesting
from referrals.models import Identity, Patient, PatientMerge

SHOWN = 50
PERMISSION = "referrals.merge_patients"


def standing(user: User) -> QuerySet[PatientMerge]:
    """The mergings in force at the institutions the user sees, newest first."""
    found = PatientMerge.objects.filter(institution_id__in=user.institution_ids, parted_at__isnull=True)
    return found.select_related("kept__identity", "merged__identity", "merged_by").order_by("-merged_at", "-pk")


def parted(user: User) -> QuerySet[PatientMerge]:
    found = PatientMerge.objects.filter(institution_id__in=user.institution_ids, parted_at__isnull=False)
    return found.select_related("kept__identity", "merged__identity", "merged_by", "parted_by").order_by("-parted_at")


def merged_away(institutions: Any) -> QuerySet:
    """Keys of the records whose cases stand with another's."""
    return PatientMerge.objects.filter(institution_id__in=institutions, parted_at__isnull=True).values("merged_id")


@dataclass(frozen=True)
class Pair:
    """Two records that may be one patient, and why."""

    one: Patient
    other: Patient
    why: str
    certain: bool


def suggestions(user: User) -> list[Pair]:
    """Records of one institution with the same ID number; then those with the same name, sex and year of birth, of
    which not both have an ID number."""
    here = Identity.objects.filter(institution_id__in=user.institution_ids)
    here = here.exclude(patient_id__in=merged_away(user.institution_ids))
    pairs = _pairs(here.filter(id_number_index__isnull=False), ("institution_id", "id_number_index"),
                   _("the same ID number"), certain=True)  # fmt: skip
    alike = ("institution_id", "name", "patient__sex", "patient__birth_year")
    weaker = _pairs(here.filter(patient__birth_year__isnull=False), alike, _("the same name, sex and year of birth"))
    known = {frozenset((pair.one.pk, pair.other.pk)) for pair in pairs}
    pairs += [
        pair
        for pair in weaker
        if frozenset((pair.one.pk, pair.other.pk)) not in known
        and not (pair.one.identity.id_number_index and pair.other.identity.id_number_index)
    ]
    return pairs[:SHOWN]


def _pairs(found: QuerySet[Identity], same: tuple[str, ...], why: str, *, certain: bool = False) -> list[Pair]:
    several = found.values(*same).annotate(n=Count("pk")).filter(n__gt=1).order_by()[:SHOWN]
    wanted = Q(pk__in=[])
    for row in several:
        wanted |= Q(**{name: row[name] for name in same})
    groups: dict[tuple, list[Identity]] = defaultdict(list)
    for one in found.filter(wanted).select_related("patient").order_by("patient_id"):
        key = tuple(_value(one, name) for name in same)
        groups[key].append(one)
    pairs = []
    for group in groups.values():
        for other in group[1:]:
            pairs.append(Pair(group[0].patient, other.patient, why, certain))
    return pairs


def _value(one: Identity, name: str) -> Any:
    row: Any = one
    for part in name.split("__"):
        row = getattr(row, part)
    return bytes(row) if isinstance(row, memoryview) else row


def find(user: User, text: str) -> Patient | None:
    """One record by record number, ID number or phone; None when there is none or more than one."""
    found = requesting.find_patients(user, text)
    return found[0] if len(found) == 1 else None


def side_by_side(kept: Patient, merged: Patient) -> list[tuple[Any, str, str, bool]]:
    """(item, of the record kept, of the record merged, whether they differ). ID numbers show their last places."""
    rows = [
        (_("Record number"), kept.record_no, merged.record_no),
        (pgettext("of a person", "Name"), _name(kept), _name(merged)),
        (_("Sex"), kept.get_sex_display(), merged.get_sex_display()),
        (_("Year of birth"), str(kept.birth_year or NONE), str(merged.birth_year or NONE)),
        (_("ID number"), _number(kept), _number(merged)),
        (_("Cases"), str(kept.referrals.count()), str(merged.referrals.count())),
    ]
    # The number of the record and of its cases differ by nature.
    return [(*row, row[1] != row[2] and 0 < place < len(rows) - 1) for place, row in enumerate(rows)]


def _name(patient: Patient) -> str:
    known = getattr(patient, "identity", None)
    return known.name if known else NONE


def _number(patient: Patient) -> str:
    known = getattr(patient, "identity", None)
    number = identity.decrypt(known.id_number, patient=patient.pk, column="id_number") if known else ""
    return identity.tail(number) or NONE


def id_numbers_differ(one: Patient, other: Patient) -> bool:
    """Whether both records have an ID number and not the same."""
    indexes = dict(Identity.objects.filter(pk__in=(one.pk, other.pk)).values_list("pk", "id_number_index"))
    left, right = indexes.get(one.pk), indexes.get(other.pk)
    return bool(left and right and bytes(left) != bytes(right))
