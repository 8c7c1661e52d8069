"""What a drug check needs to know of a patient: the pathology on record, the rules of the day, the reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from catalog import queries as catalog
from catalog.models import FormularyEntry, NotIndicated
from catalog.targets import engine
from documents.templatetags.formats import day
from referrals.models import PathologyBasis, Patient, Referral, Status
from referrals.readings import of_case, readings_of


def pathology_of(patient: Patient, at: datetime) -> str:
    """The pathology on record as a sentence, or an approved clinical diagnosis (A30, A32); empty when there is none."""
    for basis in PathologyBasis.objects.filter(patient=patient, recorded_at__lte=at).order_by("kind", "-diagnosed_on"):
        if basis.kind == PathologyBasis.Kind.PATHOLOGY:
            return f"{basis.diagnosis}（{basis.report_no} {day(basis.diagnosed_on)}）"[:300]
    asked = Referral.objects.filter(patient=patient, requested_at__lte=at).exclude(pathology="")
    if referral := asked.exclude(status__in=[Status.DRAFT, Status.VOIDED]).order_by("-requested_at").first():
        return f"{referral.pathology}（{referral.number}）"[:300]
    for basis in PathologyBasis.objects.filter(
        patient=patient, kind=PathologyBasis.Kind.CLINICAL, approved_at__lte=at
    ).order_by("-approved_at"):
        words = _("%(diagnosis)s (clinical diagnosis by exception, by %(guideline)s)")
        return (words % {"diagnosis": basis.diagnosis, "guideline": basis.guideline})[:300]
    return ""


def answer_for(
    patient: Patient, at: datetime, *, drug: str, indication: str, line: str, since: date | None
) -> engine.Answer:
    return engine.support(
        catalog.rules_in_force(patient.institution_id, at),
        drug=drug,
        indication=indication,
        line=line,
        readings=readings_of([patient.pk], at).get(patient.pk, []),
        since=since,
    )


def said(answer: engine.Answer, drug: str) -> str:
    """Why, in words; where the catalog has an answer ready for what is not indicated, that one (N09)."""
    if answer.status == engine.NOT_REQUIRED and answer.rule is not None and not answer.needs_pathology:
        ready = NotIndicated.objects.filter(basis__endswith=answer.rule.code).exclude(message="").first()
        if ready:
            return ready.message.replace("{药品}", drug)
    return answer.why


@dataclass(frozen=True)
class Reachable:
    """A drug a result supports, with what is recorded of it here (A33)."""

    drug: str
    code: str
    indications: str
    found: str
    entry: FormularyEntry | None

    @property
    def at_hand(self) -> bool:
        return bool(self.entry and self.entry.in_formulary)


def formulary_rows(case: Any, at: datetime) -> Any:
    """What is recorded at the case's hospital of the drugs that the rules name: for a page that reads it with others."""
    on = catalog.day_of(at)
    names = {name for rule in case.registers.drug_rules(case.referral.institution_id, on) for name in rule.drug_names}
    found = FormularyEntry.objects.on(on).filter(institution=case.referral.institution_id, drug__in=sorted(names))
    return found.order_by("pk")


def supported_drugs(case: Any, at: datetime, entries: dict[str, FormularyEntry] | None = None) -> list[Reachable]:
    """The drugs that this case's own result supports for its diagnosis, those of the hospital's formulary first.
    `entries` by drug, where the page has read them already."""
    referral = case.referral
    own = of_case(case, at)
    if not own:
        return []
    rules = case.registers.drug_rules(referral.institution_id, catalog.day_of(at))
    found = engine.supported_by(rules, own, referral.diagnosis_code)
    if not found:
        return []
    if entries is None:
        entries = {one.drug: one for one in formulary_rows(case, at)}
    rows = [
        Reachable(one.drug, one.rule.code, "、".join(one.use.indications[:1]), one.found, entries.get(one.drug))
        for one in found
    ]
    return sorted(rows, key=lambda one: (not one.at_hand, one.entry is None))
