"""What a doctor is shown while writing a request: the patient, the tests the catalog offers, what is known already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from catalog import grading
from catalog import queries as catalog
from catalog.models import Indication
from documents.templatetags.formats import day
from referrals import identity, searching
from referrals.models import Patient, PatientMerge, Referral, Result, Status, Study

# How far back an earlier result of the same gene asks for a reason (scenario.md, case 1.2).
EARLIER_YEARS = 5
NOT_COUNTED = (Status.DRAFT, Status.CANCELLED, Status.VOIDED)
GENE = re.compile(r"[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)?")


def find_patients(user: User, text: str) -> list[Patient]:
    """The patients of this post's hospital with this record number, ID number or phone; usually one or none."""
    text = text.strip()
    if not text or user.post is None:
        return []
    mine = Patient.objects.filter(institution_id=user.post.institution_id).select_related("identity")
    found = list(mine.filter(record_no__in=searching.record_numbers(text))[:1])
    if not found and user.sees_identity:
        known = (
            identity.Identity.objects.filter(identity.found_by(text), institution_id=user.post.institution_id)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        found = list(mine.filter(pk__in=known[:10]).order_by("pk"))
    return _where_their_cases_stand(found)


def _where_their_cases_stand(found: list[Patient]) -> list[Patient]:
    """A record merged into another leads to that one; each once."""
    kept = {
        one.merged_id: one.kept
        for one in PatientMerge.objects.filter(merged__in=found, parted_at__isnull=True).select_related(
            "kept__identity"
        )
    }
    return list({one.pk: one for one in (kept.get(patient.pk, patient) for patient in found)}.values())


def records_of(patient: Patient) -> list[int]:
    """The patient's record and those merged with it."""
    standing = PatientMerge.objects.filter(Q(kept=patient) | Q(merged=patient), parted_at__isnull=True)
    return sorted({patient.pk, *(pk for pair in standing.values_list("kept_id", "merged_id") for pk in pair)})


def cases_of(patient: Patient, records: Sequence[int] = ()) -> QuerySet[Referral]:
    """The patient's cases here, newest first, without those that never counted."""
    found = Referral.objects.filter(patient_id__in=records or records_of(patient)).exclude(status__in=NOT_COUNTED)
    return found.select_related("test", "indication", "department").order_by("-requested_at", "-pk")


def genes(text: str) -> set[str]:
    """The gene symbols in a line of the catalog: EGFR、ALK → {EGFR, ALK}."""
    return set(GENE.findall(text.upper())) - {"PCR", "NGS", "FISH", "IHC", "ARMS", "DNA", "RNA"}


def genes_of(test: Any) -> set[str]:
    return genes(f"{test.genes} {test.name}")


def results_of(patient: Patient, records: Sequence[int] = ()) -> QuerySet[Result]:
    """The patient's standing results here, newest first."""
    return (
        Result.objects.filter(referral__patient_id__in=records or records_of(patient), superseded_by__isnull=True)
        .exclude(referral__status__in=NOT_COUNTED)
        .select_related("referral__test", "referral__indication", "referral__institution")
        .order_by("-reported_at", "-pk")
    )


def earlier_results(patient: Patient, test: Any, at: datetime) -> list[Result]:
    """Results of the same gene in the last five years, newest first: a test repeated needs a reason."""
    wanted = genes_of(test)
    since = at - timedelta(days=round(EARLIER_YEARS * 365.25))
    return [
        one
        for one in results_of(patient).filter(reported_at__gte=since)
        if one.referral.test_id == test.pk or wanted & genes_of(one.referral.test)
    ]


def malignancy(diagnosis_code: str) -> str:
    """The disease an ICD-10 code belongs to: its first three places (C34.1 → C34)."""
    return diagnosis_code.strip().upper()[:3]


@dataclass(frozen=True)
class FirstVisit:
    """What the records say, and why; the doctor may answer otherwise and gives a reason."""

    answer: bool
    why: str


def first_visit(patient: Patient | None, diagnosis_code: str, records: Sequence[int] = ()) -> FirstVisit:
    """A first visit is the first one to this hospital for this malignancy, with no MDT conclusion here yet (B5)."""
    code = malignancy(diagnosis_code)
    if patient is None:
        return FirstVisit(True, _("The patient is new to this hospital."))
    concluded = (
        cases_of(patient, records)
        .filter(diagnosis_code__istartswith=code, mdt_concluded_at__isnull=False)
        .order_by("-mdt_concluded_at")
        .first()
        if code
        else None
    )
    if concluded is None:
        return FirstVisit(True, _("No MDT conclusion for this malignancy is recorded at this hospital."))
    values = {"day": day(concluded.mdt_concluded_at), "number": concluded.number}
    return FirstVisit(False, _("An MDT here concluded on this malignancy on %(day)s (request %(number)s).") % values)


def same_test_under_way(patient: Patient, test: Any) -> Referral | None:
    """A case of this patient for the same test that is still on its way."""
    return (
        Referral.objects.filter(patient_id__in=records_of(patient), test=test, reported_at__isnull=True)
        .exclude(status=Status.DRAFT)
        .under_way()
        .first()
    )


def studies(institution_id: int, on: date) -> QuerySet[Study]:
    """The studies one may test under; whether ethics covers the day is X10's question."""
    return Study.objects.filter(institution_id=institution_id).exclude(ended_on__lt=on).order_by("number")


def lines_for(institution: Any, diagnosis_code: str, at: datetime) -> list[Indication]:
    """The lines in force that cover a diagnosis, to choose a further step from."""
    edition = catalog.edition_in_force(institution, at) if diagnosis_code.strip() else None
    if edition is None:
        return []
    lines = Indication.objects.filter(edition=edition)
    return list(lines.filter(lines.covering_condition(diagnosis_code)).select_related("test").order_by("code")[:60])


def papers_asked(line: Indication | None, institution: Any, at: datetime) -> int:
    """How many papers of evidence a request of this line brings (A22; the hospital's requirements per grade, A23)."""
    return grading.asked_of(line, grading.rules_on(institution, at)).papers if line else 0


def filled(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows of evidence that say anything."""
    return [row for row in rows if row and (row.get("title") or "").strip()]
