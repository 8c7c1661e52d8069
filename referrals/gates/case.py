"""The case as the gates see it: one referral, its records up to a moment, and the registers of that day.

The same gate judges one live case and twenty thousand ledger rows. For one referral the records are read when a
gate asks; `load_cases` reads them for a whole batch beforehand, so that judging asks the database nothing more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property, wraps
from typing import Any

from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from accounts.models import Institution
from audit.gates import Act, Judgement, gate
from catalog import evidence, grading
from catalog.models import (
    Citation,
    DrugTargetRule,
    Edition,
    EvidenceRule,
    EvidenceSource,
    Grade,
    GradeRules,
    RequestAuthority,
    RuleEdition,
    SourceReview,
)
from catalog.models.grading import Requirement
from catalog.targets.reading import Reading
from documents import together
from referrals.gates.words import link
from referrals.models import EthicsApproval, Referral
from referrals.readings import readings_of
from vendors import admitting
from vendors.admitting import Admissions
from vendors.models import Contract, ContractItem, Credential, Laboratory, NotOutsourcingStatement, Origin, Price

BATCH = 2000
POINTED_AT = ("indication__edition", "test", "requester", "study")
# The records of a referral that gates ask for; `consents` and `self_pay_notices` belong to the floor above and are
# read by name.
RECORDS = (
    "evidence",
    "discussions",
    "mdt_reviews",
    "consents",
    "approvals",
    "charges",
    "deferrals",
    "specimens",
    "shipments",
    "results",
    "filings",
    "prescriptions",
    "self_pay_notices",
    "corrections",
    "allocations",
    "way_changes",
)
# Read in the order they were signed in; the others as they were written.
SIGNED = ("consents", "self_pay_notices")


def local_day(at: datetime) -> date:
    """The day in the hospital's own zone: periods begin and end at its midnight."""
    return timezone.localdate(at)


def latest(rows: Iterable[Any], field: str, at: datetime) -> Any:
    """The last of `rows` at or before `at`; what came later did not exist yet."""
    known = [row for row in rows if getattr(row, field) <= at]
    return max(known, key=lambda row: (getattr(row, field), row.pk), default=None)


def covers(first: date | None, last: date | None, on: date) -> bool:
    """Whether a period holds on a day. First and last day are in force; an open end never ends."""
    return first is not None and first <= on and (last is None or on <= last)


class Registers:
    """Prices, contracts, credentials and the like for a batch of referrals; each is read whole at first use, or all of
    them beforehand in one query with the records (`load_cases`)."""

    def __init__(self, referrals: Sequence[Referral]):
        self.institutions = {one.institution_id for one in referrals}
        self.tests = {one.test_id for one in referrals}
        self.requesters = {one.requester_id for one in referrals if one.requester_id}
        self.studies = {one.study_id for one in referrals if one.study_id}
        self.patients = {one.patient_id for one in referrals}
        self.indications = {one.indication_id for one in referrals if one.indication_id}
        # Rows read beforehand, by the name of the register.
        self.read: dict[str, list[Any]] = {}

    def querysets(self) -> dict[str, QuerySet]:
        """Each register's rows for this batch."""
        here, tests = {"institution_id__in": self.institutions}, {"test_id__in": self.tests}
        drafts = [RuleEdition.Status.DRAFT, RuleEdition.Status.CHECKED]
        kept_editions = RuleEdition.objects.exclude(status__in=drafts)
        return {
            "laboratories": Laboratory.objects.order_by("pk"),
            "credentials": Credential.objects.order_by("valid_from", "pk"),
            "contracts": Contract.objects.filter(**here).order_by("valid_from", "pk"),
            **admitting.querysets(self.institutions, self.tests),
            "contract_tests": ContractItem.objects.filter(**here, **tests).order_by("pk"),
            "prices": Price.objects.filter(**here, **tests).order_by("effective_from", "pk"),
            "authorities": RequestAuthority.objects.filter(**here, user_id__in=self.requesters).order_by(
                "starts_on", "pk"
            ),
            "grade_rules": GradeRules.objects.filter(**here).order_by("pk"),
            "ethics_approvals": EthicsApproval.objects.filter(study_id__in=self.studies).order_by("valid_from", "pk"),
            "not_outsourcing": NotOutsourcingStatement.objects.filter(**here).order_by("pk"),
            "editions": Edition.objects.binding(),
            "hospitals": Institution.objects.filter(pk__in=self.institutions),
            **evidence.querysets(self.indications, self.institutions),
            "rule_editions": kept_editions.order_by("pk"),
            "drug_rules": DrugTargetRule.objects.filter(edition__in=kept_editions.order_by().values("pk")).order_by(
                "code"
            ),
        }

    def _rows(self, name: str) -> list[Any]:
        return self.read[name] if name in self.read else list(self.querysets()[name])

    @cached_property
    def laboratories(self) -> dict[int, Laboratory]:
        return {one.pk: one for one in self._rows("laboratories")}

    @cached_property
    def credentials(self) -> dict[tuple[int, str], list[Credential]]:
        return _grouped(self._rows("credentials"), "laboratory_id", "kind")

    @cached_property
    def admissions(self) -> Admissions:
        names = admitting.querysets(self.institutions, self.tests)
        return Admissions({name: self._rows(name) for name in names})

    @cached_property
    def contracts(self) -> dict[tuple[int, int], list[Contract]]:
        return _grouped(self._rows("contracts"), "institution_id", "laboratory_id")

    @cached_property
    def contract_tests(self) -> set[tuple[int, int]]:
        return {(one.contract_id, one.test_id) for one in self._rows("contract_tests")}

    @cached_property
    def prices(self) -> dict[tuple[int, int], list[Price]]:
        return _grouped(self._rows("prices"), "institution_id", "test_id")

    @cached_property
    def authorities(self) -> dict[tuple[int, int], list[RequestAuthority]]:
        return _grouped(self._rows("authorities"), "institution_id", "user_id")

    @cached_property
    def grade_rules(self) -> dict[int, list[GradeRules]]:
        return _grouped(self._rows("grade_rules"), "institution_id")

    @cached_property
    def ethics_approvals(self) -> dict[int, list[EthicsApproval]]:
        return _grouped(self._rows("ethics_approvals"), "study_id")

    @cached_property
    def not_outsourcing(self) -> dict[int, list[NotOutsourcingStatement]]:
        return _grouped(self._rows("not_outsourcing"), "institution_id")

    @cached_property
    def editions(self) -> list[Edition]:
        return self._rows("editions")

    def why_closed(self, indication_id: int, institution_id: int, at: datetime) -> tuple[str, str] | None:
        """(clause, sentence) why the row took no new request at that moment: an unreviewed newer edition of its source,
        or evidence that bureau or hospital does not count."""
        kinds = {self._sources[one.source_id].kind for one in self._citations.get(indication_id, [])}
        reviews = self._source_reviews.get((institution_id, indication_id), [])
        above = self._above.get(institution_id)
        own, bureaus = self._evidence_rules.get(institution_id, []), self._evidence_rules.get(above, [])
        return evidence.why_closed(kinds, reviews, evidence.rule_among(own, bureaus, at), timezone.localdate(at))

    @cached_property
    def _sources(self) -> dict[int, EvidenceSource]:
        return {one.pk: one for one in self._rows("sources")}

    @cached_property
    def _citations(self) -> dict[Any, list[Citation]]:
        return _grouped(self._rows("citations"), "indication_id")

    @cached_property
    def _source_reviews(self) -> dict[Any, list[SourceReview]]:
        found = self._rows("source_reviews")
        for one in found:
            one.newer = self._sources[one.newer_id]
        return _grouped(found, "institution_id", "indication_id")

    @cached_property
    def _evidence_rules(self) -> dict[Any, list[EvidenceRule]]:
        return _grouped(self._rows("evidence_rules"), "institution_id")

    @cached_property
    def _above(self) -> dict[int, int | None]:
        return {one.pk: one.supervised_by_id for one in self._rows("hospitals")}

    def drug_rules(self, institution_id: int, on: date) -> list[DrugTargetRule]:
        """The drug rules in force there on that day, the hospital's own before the county's."""
        found = [one for one in self._rule_editions if covers(one.in_force_from, one.in_force_to, on)]
        own = [one for one in found if one.institution_id == institution_id]
        county = [one for one in found if one.institution_id is None]
        edition = next(iter(own or county), None)
        return self._rules_by_edition.get(edition.pk, []) if edition else []

    @cached_property
    def _rule_editions(self) -> list[RuleEdition]:
        return self._rows("rule_editions")

    @cached_property
    def _rules_by_edition(self) -> dict[Any, list[DrugTargetRule]]:
        return _grouped(self._rows("drug_rules"), "edition_id")

    def readings(self, at: datetime) -> dict[int, list[Reading]]:
        """The patients' reports as of a moment. Read anew for another moment: orders of one batch are few."""
        known: tuple | None = self.__dict__.get("_readings")
        if known is None or known[0] != at:
            known = self.__dict__["_readings"] = (at, readings_of(self.patients, at))
        return known[1]

    def edition_in_force(self, institution_id: int, on: date) -> Edition | None:
        """The hospital's own catalog of that day, else the county's."""
        found = [one for one in self.editions if covers(one.in_force_from, one.in_force_to, on)]
        own = [one for one in found if one.institution_id == institution_id]
        county = [one for one in found if one.institution_id is None]
        return next(iter(own or county), None)


def _grouped(rows: Iterable[Any], *fields: str) -> dict[Any, list[Any]]:
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        key = tuple(getattr(row, field) for field in fields)
        grouped[key if len(fields) > 1 else key[0]].append(row)
    return grouped


class Case:
    """One referral with its records; the gates' only way to facts."""

    def __init__(self, referral: Referral, registers: Registers | None = None):
        self.referral = referral
        self.registers = registers or Registers([referral])

    @classmethod
    def of(cls, obj: Case | Referral) -> Case:
        return obj if isinstance(obj, Case) else cls(obj)

    def __getattr__(self, name: str) -> list[Any]:
        """The referral's records by name (`charges`, `consents` …), read once."""
        if name not in RECORDS:
            raise AttributeError(name)
        self.__dict__[name] = list(getattr(self.referral, name).all())
        return self.__dict__[name]

    @property
    def is_history(self) -> bool:
        return self.referral.origin == Origin.LEDGER

    @property
    def grade(self) -> Grade | None:
        """The grade of the indication; None when no indication is named."""
        indication = self.referral.indication
        return Grade(indication.grade) if indication else None

    def asked(self, at: datetime) -> Requirement | None:
        """What the grade of the test asks for, by the hospital's table of the day the request was made (A22, A23); None
        when no indication is named."""
        referral = self.referral
        if referral.indication is None:
            return None
        made = referral.requested_at or at
        known = self.registers.grade_rules.get(referral.institution_id, [])
        return grading.asked_of(referral.indication, grading.rules_among(known, made, local_day(made)))

    def charge(self, at: datetime) -> Any:
        """The charge that stood at `at`: made by then and not reversed by then."""
        standing = [one for one in self.charges if one.reversed_at is None or one.reversed_at > at]
        return latest(standing, "charged_at", at)

    def shipment(self, at: datetime) -> Any:
        return latest(self.shipments, "shipped_at", at)

    def is_outsourced(self, at: datetime, act: Act | None) -> bool:
        return bool(brought(act, "laboratory") or self.referral.laboratory_id or self.shipment(at))

    def laboratory(self, at: datetime, act: Act | None) -> Laboratory | None:
        """Where the specimen goes: as the act says, as it was shipped, or as allocated."""
        if named := brought(act, "laboratory"):
            return named
        shipment = self.shipment(at)
        key = shipment.laboratory_id if shipment else self.referral.laboratory_id
        return self.registers.laboratories.get(key) if key else None

    def page(self, anchor: str = "") -> str:
        return link("referrals:case", self.referral.pk, anchor=anchor)

    def correction(self, field: str) -> str:
        """Where a value of the case is put right, or what a ledger left empty is filled in."""
        page = link("referrals:corrections", self.referral.pk)
        return f"{page}?field={field}" if page else ""


def brought(act: Act | None, name: str, default: Any = None) -> Any:
    """What the person taking the step brings: `laboratory`, `amount`, `prescription`, `consent_filed` …"""
    return default if act is None else act.data.get(name, default)


Rule = Callable[[Case, datetime, Act | None], Judgement]


def rule(code: str, *, clauses: Iterable[str], title: Any) -> Callable[[Rule], Callable[..., Judgement]]:
    """Register a gate that judges a `Case`; it may be asked with the referral itself."""

    def register(function: Rule) -> Callable[..., Judgement]:
        @wraps(function)
        def on_case(obj: Case | Referral, at: datetime, act: Act | None) -> Judgement:
            return function(Case.of(obj), at, act)

        return gate(code, clauses=clauses, title=title)(on_case)

    return register


def load_cases(referrals: QuerySet[Referral] | Iterable[int]) -> Iterator[Case]:
    """Cases of a queryset (or of primary keys) with every record and register read beforehand, in batches.

    The number of queries depends on the number of batches only.
    """
    if isinstance(referrals, QuerySet):
        keys = sorted(referrals.values_list("pk", flat=True))
    else:
        keys = sorted(set(referrals))
    for start in range(0, len(keys), BATCH):
        batch = list(Referral.objects.filter(pk__in=keys[start : start + BATCH]).order_by("pk"))
        prefetch_related_objects(batch, *POINTED_AT)
        rows = {name: list(found) for name, found in _records(batch).items()}
        yield from _cases(batch, Registers(batch), rows)


def load_page(page: Iterable[Referral]) -> list[Case]:
    """Cases of a page of referrals, with every record and register read in one query. `page` was read with what it
    points at (`select_related(*POINTED_AT)`)."""
    batch = list(page)
    if not batch:
        return []
    registers, records = Registers(batch), _records(batch)
    rows = together.rows({**records, **registers.querysets()})
    registers.read = {name: rows[name] for name in registers.querysets()}
    return list(_cases(batch, registers, rows))


def _records(batch: list[Referral]) -> dict[str, QuerySet]:
    found = {}
    for name in RECORDS:
        model: Any = Referral._meta.get_field(name).related_model
        order = "signed_at" if name in SIGNED else "pk"
        found[name] = model._base_manager.filter(referral__in=[one.pk for one in batch]).order_by(order, "pk")
    return found


def _cases(batch: list[Referral], registers: Registers, rows: dict[str, list[Any]]) -> Iterator[Case]:
    records = {name: _grouped(rows[name], "referral_id") for name in RECORDS}
    for referral in batch:
        case, cache = Case(referral, registers), referral.__dict__.setdefault("_prefetched_objects_cache", {})
        for name in RECORDS:
            own = case.__dict__[name] = records[name].get(referral.pk, [])
            # Whoever asks the referral itself finds the rows read already.
            known = cache[name] = getattr(referral, name).all()
            known._result_cache, known._prefetch_done = own, True
        yield case
