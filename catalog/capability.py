"""May a test be done in-house on a day: one judgement for allocation, offers, effects and the pages (A2, A14–A17).

A simple registration, from a ledger or from before the parts were kept, counts for the days gone by, not for today.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.gates import Refusal
from catalog.models import (
    CapabilityEquipment,
    CapabilityProduct,
    CapabilityStaff,
    InHouseCapability,
    Qualification,
    QualityRound,
    TechnologyIntake,
    Training,
)
from documents.templatetags.formats import day

# Methods that amplify: the staff holds the certificate of the 2010 measure (A17).
AMPLIFIES = re.compile(r"PCR|NGS|ARMS|测序|扩增", re.IGNORECASE)
# 国械注准20183400507, 国械备20190012, 闽械注准20172400123: Measures on IVD registration, 2021, and on devices.
REGISTRATION = re.compile(r"[\u4e00-\u9fff]械(?:注[准进许]\d{11}|备\d{8,12})")
SKILLED = ("pathologist", "technician", "laboratory")


@dataclass
class Registry:
    """The parts of some capabilities, read at once: a constant number of queries whatever their number."""

    capabilities: list[InHouseCapability]
    parts: dict[tuple[str, int], list[Any]] = field(default_factory=dict)
    qualifications: dict[int, list[Qualification]] = field(default_factory=dict)
    trained: set[int] = field(default_factory=set)
    intakes: dict[tuple[int, int], list[TechnologyIntake]] = field(default_factory=dict)

    @classmethod
    def of(cls, capabilities: Iterable[InHouseCapability]) -> Registry:
        found = cls(list(capabilities))
        detailed = [one for one in found.capabilities if one.is_detailed]
        if not detailed:
            return found
        here = {"capability__in": [one.pk for one in detailed]}
        rows: list[Any] = []
        for model in (CapabilityEquipment, CapabilityProduct, QualityRound):
            rows += model.objects.filter(**here)
        people = list(CapabilityStaff.objects.filter(**here).select_related("user"))
        for one in [*rows, *people]:
            found.parts.setdefault((type(one).__name__, one.capability_id), []).append(one)
        holders = {one.user_id for one in people}
        places = {one.institution_id for one in detailed}
        for held in Qualification.objects.filter(user__in=holders, institution__in=places):
            found.qualifications.setdefault(held.user_id, []).append(held)
        passed = Training.objects.filter(user__in=holders, institution__in=places, passed=True)
        found.trained = set(passed.order_by().values_list("user_id", flat=True))
        for intake in TechnologyIntake.objects.filter(
            institution__in=places, test__in=[one.test_id for one in detailed], approved=True
        ):
            found.intakes.setdefault((intake.institution_id, intake.test_id), []).append(intake)
        return found

    def part(self, model: type, capability: InHouseCapability) -> list[Any]:
        return self.parts.get((model.__name__, capability.pk), [])

    def shut(self, one: InHouseCapability, on: date) -> list[Refusal]:
        """What closes the item that day, in words; empty when it is open."""
        page = reverse("catalog:capability", args=[one.pk])

        def no(clause: str, said: str) -> Refusal:
            return Refusal("in_house", said, (clause,), page, _("To the register of capability"))

        if one.registered_on > on or (one.ends_on and one.ends_on < on):
            return [no("A14", _("The item is not registered on that day."))]
        if not one.is_detailed:
            if on < timezone.localdate():
                return []
            said = _(
                "The registration is a plain one: department, equipment, staff and reagents are still to be recorded."
            )
            return [no("A2", said)]
        return [
            *([] if one.department_id else [no("A2", _("No department is named."))]),
            *self._equipment(one, on, no),
            *self._staff(one, on, no),
            *self._products(one, on, no),
            *self._rounds(one, on, no),
            *self._intake(one, on, no),
        ]

    def _equipment(self, one: InHouseCapability, on: date, no: Any) -> list[Refusal]:
        kept = self.part(CapabilityEquipment, one)
        if any(each.in_force(on) for each in kept):
            return []
        if not kept:
            return [no("A2", _("No equipment is recorded."))]
        last = max(kept, key=lambda each: each.valid_to or each.valid_from)
        said = _("No equipment is in use that day; the last, %(name)s, ended on %(day)s.")
        return [no("A2", said % {"name": last, "day": day(last.valid_to) or "—"})]

    def _staff(self, one: InHouseCapability, on: date, no: Any) -> list[Refusal]:
        named = [each for each in self.part(CapabilityStaff, one) if each.in_force(on)]
        if not named:
            return [no("A3", _("No pathologist or technician is named."))]

        def holds(user: int, kinds: tuple[str, ...]) -> bool:
            return any(each.kind in kinds and each.in_force(on) for each in self.qualifications.get(user, []))

        names = "、".join(each.user.name for each in named)
        able = [each for each in named if holds(each.user_id, SKILLED) and each.user_id in self.trained]
        if not able:
            said = _("Of the people named (%(names)s) nobody has both a certificate in force and a passed training.")
            return [no("A3", said % {"names": names})]
        if AMPLIFIES.search(one.test.method) and not any(holds(each.user_id, ("amplification",)) for each in named):
            said = _("Of the people named (%(names)s) nobody holds a gene amplification certificate in force.")
            return [no("A17", said % {"names": names})]
        return []

    def _products(self, one: InHouseCapability, on: date, no: Any) -> list[Refusal]:
        missing = []
        kept = self.part(CapabilityProduct, one)
        for kind in CapabilityProduct.Kind:
            mine = [each for each in kept if each.kind == kind]
            if any(each.in_force(on) for each in mine):
                continue
            if not mine:
                missing.append(no("A16", _("No %(kind)s with a registration is recorded.") % {"kind": kind.label}))
                continue
            last = max(mine, key=lambda each: each.valid_to or each.valid_from)
            said = _("The registration %(number)s of the %(kind)s %(name)s lapsed on %(day)s.")
            values = {"number": last.number, "kind": kind.label, "name": last.name, "day": day(last.valid_to) or "—"}
            missing.append(no("A16", said % values))
        return missing

    def _rounds(self, one: InHouseCapability, on: date, no: Any) -> list[Refusal]:
        held = [each for each in self.part(QualityRound, one) if each.held_on <= on]
        last = max(held, key=lambda each: (each.held_on, each.pk), default=None)
        if last is None:
            return [no("A15", _("No round of external quality assessment is recorded."))]
        mended = last.correction_approved_at and timezone.localdate(last.correction_approved_at) <= on
        if last.passed or mended:
            return []
        said = _(
            "The last round of external quality assessment (%(round)s, %(day)s) was failed and no corrective action is approved."
        )
        return [no("A15", said % {"round": last, "day": day(last.held_on)})]

    def _intake(self, one: InHouseCapability, on: date, no: Any) -> list[Refusal]:
        if one.is_established:
            return []
        approved = self.intakes.get((one.institution_id, one.test_id), [])
        if any(timezone.localdate(each.decided_at) <= on for each in approved if each.decided_at):
            return []
        return [no("A43", _("The first-time intake of this technology is not approved."))]


def of(institution: Any, tests: Iterable[Any], on: date) -> Registry:
    """The registrations of these tests there whose days include that one."""
    rows = InHouseCapability.objects.filter(institution=institution, test__in=list(tests), registered_on__lte=on)
    return Registry.of(rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on)).select_related("test"))


def open_tests(institution: Any, tests: Iterable[Any], on: date) -> set[int]:
    """Of these tests the ids of those the institution may do itself on that day."""
    found = of(institution, tests, on)
    return {one.test_id for one in found.capabilities if not found.shut(one, on)}
