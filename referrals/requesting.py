"""What a doctor is shown while writing a request: the patient, the tests the catalog offers, what is known already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from catalog import queries as catalog
from catalog.models import Indication, InHouseCapability, NotIndicated
from documents.templatetags.formats import day
from referrals import identity, searching
from referrals.models import Patient, PatientMerge, Referral, Result, Status, Study
from vendors.models import ContractItem, Price

SHOWN = 30
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
    keys = {patient.pk}
    for name in ("merges", "merged_into"):
        standing = getattr(patient, name).filter(parted_at__isnull=True)
        keys |= {pk for pair in standing.values_list("kept_id", "merged_id") for pk in pair}
    return sorted(keys)


def cases_of(patient: Patient) -> QuerySet[Referral]:
    """The patient's cases here, newest first, without those that never counted."""
    found = Referral.objects.filter(patient_id__in=records_of(patient)).exclude(status__in=NOT_COUNTED)
    return found.select_related("test", "indication", "department").order_by("-requested_at", "-pk")


def genes(text: str) -> set[str]:
    """The gene symbols in a line of the catalog: EGFR、ALK → {EGFR, ALK}."""
    return set(GENE.findall(text.upper())) - {"PCR", "NGS", "FISH", "IHC", "ARMS", "DNA", "RNA"}


def earlier_results(patient: Patient, test: Any, at: datetime) -> list[Result]:
    """Results of the same gene in the last five years, newest first: a test repeated needs a reason."""
    wanted = genes(f"{test.genes} {test.name}")
    since = at - timedelta(days=round(EARLIER_YEARS * 365.25))
    found = (
        Result.objects.filter(referral__patient_id__in=records_of(patient), reported_at__gte=since)
        .filter(superseded_by__isnull=True)
        .exclude(referral__status__in=NOT_COUNTED)
        .select_related("referral__test")
        .order_by("-reported_at", "-pk")
    )
    return [
        one
        for one in found
        if one.referral.test_id == test.pk or wanted & genes(f"{one.referral.test.genes} {one.referral.test.name}")
    ]


def malignancy(diagnosis_code: str) -> str:
    """The disease an ICD-10 code belongs to: its first three places (C34.1 → C34)."""
    return diagnosis_code.strip().upper()[:3]


@dataclass(frozen=True)
class FirstVisit:
    """What the records say, and why; the doctor may answer otherwise and gives a reason."""

    answer: bool
    why: str


def first_visit(patient: Patient | None, diagnosis_code: str) -> FirstVisit:
    """A first visit is the first one to this hospital for this malignancy, with no MDT conclusion here yet (B5)."""
    code = malignancy(diagnosis_code)
    if patient is None:
        return FirstVisit(True, _("The patient is new to this hospital."))
    concluded = (
        cases_of(patient)
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


@dataclass
class Offer:
    """One line of the catalog as a choice: with what it costs here and where it would be done."""

    line: Indication
    covers: bool | None
    price: Price | None = None
    in_house: bool = False
    outsourced: bool = False
    chosen: bool = False

    @property
    def where(self) -> str:
        if self.in_house:
            return _("in-house")
        return _("sent to a contracted laboratory") if self.outsourced else _("no way open today")


@dataclass
class Offers:
    """The answer to a catalog search: what is indicated, and what is known not to be."""

    lines: list[Offer] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    more: bool = False


def offers(
    institution: Institution,
    words: str,
    diagnosis_code: str = "",
    chosen: int | None = None,
    on: date | None = None,
    pathology: str = "",
) -> Offers:
    """The lines of the edition in force that `words` mean, those that cover the diagnosis first; and the answers
    to tests that have no place in the catalog. The chosen line always stands on the list."""
    on = on or timezone.localdate()
    edition = catalog.edition_in_force(institution, on)
    found: list[Indication] = []
    if edition:
        lines = Indication.objects.filter(edition=edition).select_related("test", "edition")
        found = list(lines.search(words)) if words.strip() else []
        if chosen and all(one.pk != chosen for one in found):
            found = [*lines.filter(pk=chosen), *found]
    wanted = diagnosis_code.strip()
    listed = [
        Offer(one, one.covers(wanted) and not one.leaves_out(pathology) if wanted else None, chosen=one.pk == chosen)
        for one in found
    ]
    listed.sort(key=lambda one: (not one.chosen, one.covers is False))
    answer = Offers(listed[:SHOWN], not_indicated(words), more=len(listed) > SHOWN)
    _add_price_and_place(answer.lines, institution, on)
    return answer


def _add_price_and_place(lines: list[Offer], institution: Institution, on: date) -> None:
    tests = {one.line.test_id for one in lines}
    prices = {one.test_id: one for one in Price.objects.in_force(on).filter(institution=institution, test__in=tests)}
    own = InHouseCapability.objects.filter(institution=institution, test__in=tests, registered_on__lte=on)
    in_house = set(own.exclude(ends_on__lt=on).values_list("test_id", flat=True))
    items = ContractItem.objects.filter(institution=institution, test__in=tests, valid_from__lte=on).exclude(
        valid_to__lt=on
    )
    contracted = set(items.order_by().values_list("test_id", flat=True))
    for one in lines:
        one.price = prices.get(one.line.test_id)
        one.in_house = one.line.test_id in in_house
        one.outsourced = one.line.test_id in contracted


def offer(referral: Referral) -> Offer | None:
    """What the requested test costs here and where it would be done, today."""
    if referral.indication is None:
        return None
    one = Offer(referral.indication, True)
    _add_price_and_place([one], referral.institution, timezone.localdate())
    return one


def not_indicated(words: str) -> list[tuple[str, str]]:
    """(test, answer to give) for the tests without a place in the catalog that these words name."""
    asked = [word.lower() for word in words.split() if len(word) > 1]
    if not asked:
        return []
    rows = list(NotIndicated.objects.all())
    answers = {one.code: one.message for one in rows}
    return [
        (one.item, _answer(one, answers))
        for one in rows
        if any(word in f"{one.code} {one.item}".lower() for word in asked)
    ]


def _answer(one: NotIndicated, answers: dict[str, str]) -> str:
    """The answer to give; a reference (同N01) leads to its sentence, and one that still has blanks says why not."""
    message = answers.get(one.message.removeprefix("同"), one.message)
    if not message or "{" in message or message.isascii():
        return f"{one.why}；{one.handling}。"
    return message


def studies(institution_id: int, on: date) -> QuerySet[Study]:
    """The studies one may test under; whether ethics covers the day is X10's question."""
    return Study.objects.filter(institution_id=institution_id).exclude(ended_on__lt=on).order_by("number")


def needs_evidence(line: Indication | None) -> bool:
    return bool(line and line.needs_evidence_and_discussion)


def filled(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows of evidence that say anything."""
    return [row for row in rows if row and (row.get("title") or "").strip()]
