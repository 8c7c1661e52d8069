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

from audit.gates import Act, Judgement, gate
from catalog.models import DrugTargetRule, Edition, Grade, RequestAuthority
from referrals.gates.words import link
from referrals.models import EthicsApproval, Referral
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
    "specimens",
    "shipments",
    "results",
    "filings",
    "prescriptions",
    "self_pay_notices",
)


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
    """Prices, contracts, credentials and the like for a batch of referrals; each is read whole at first use."""

    def __init__(self, referrals: Sequence[Referral]):
        self.institutions = {one.institution_id for one in referrals}
        self.tests = {one.test_id for one in referrals}
        self.requesters = {one.requester_id for one in referrals if one.requester_id}
        self.studies = {one.study_id for one in referrals if one.study_id}

    @cached_property
    def laboratories(self) -> dict[int, Laboratory]:
        return Laboratory.objects.in_bulk()

    @cached_property
    def credentials(self) -> dict[tuple[int, str], list[Credential]]:
        return _grouped(Credential.objects.order_by("valid_from"), "laboratory_id", "kind")

    @cached_property
    def contracts(self) -> dict[tuple[int, int], list[Contract]]:
        rows = Contract.objects.filter(institution_id__in=self.institutions).order_by("valid_from")
        return _grouped(rows, "institution_id", "laboratory_id")

    @cached_property
    def contract_tests(self) -> set[tuple[int, int]]:
        rows = ContractItem.objects.filter(institution_id__in=self.institutions, test_id__in=self.tests)
        return set(rows.order_by().values_list("contract_id", "test_id"))

    @cached_property
    def prices(self) -> dict[tuple[int, int], list[Price]]:
        rows = Price.objects.filter(institution_id__in=self.institutions, test_id__in=self.tests)
        return _grouped(rows.order_by("effective_from"), "institution_id", "test_id")

    @cached_property
    def authorities(self) -> dict[tuple[int, int], list[RequestAuthority]]:
        rows = RequestAuthority.objects.filter(institution_id__in=self.institutions, user_id__in=self.requesters)
        return _grouped(rows.order_by("starts_on"), "institution_id", "user_id")

    @cached_property
    def ethics_approvals(self) -> dict[int, list[EthicsApproval]]:
        rows = EthicsApproval.objects.filter(study_id__in=self.studies).order_by("valid_from")
        return _grouped(rows, "study_id")

    @cached_property
    def not_outsourcing(self) -> dict[int, list[NotOutsourcingStatement]]:
        rows = NotOutsourcingStatement.objects.filter(institution_id__in=self.institutions)
        return _grouped(rows, "institution_id")

    @cached_property
    def editions(self) -> list[Edition]:
        return list(Edition.objects.exclude(status=Edition.Status.DRAFT))

    @cached_property
    def drug_rules(self) -> list[DrugTargetRule]:
        return list(DrugTargetRule.objects.all())

    def edition_in_force(self, institution_id: int, on: date) -> Edition | None:
        """The hospital's own catalog of that day, else the county's."""
        found = [one for one in self.editions if covers(one.in_force_from, one.in_force_to, on)]
        own = [one for one in found if one.institution_id == institution_id]
        county = [one for one in found if one.institution_id is None]
        return next(iter(own or county), None)


def _grouped(rows: QuerySet, *fields: str) -> dict[Any, list[Any]]:
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
        records = {name: _records(name, batch) for name in RECORDS}
        registers = Registers(batch)
        for referral in batch:
            case = Case(referral, registers)
            case.__dict__.update({name: rows.get(referral.pk, []) for name, rows in records.items()})
            yield case


def _records(name: str, batch: list[Referral]) -> dict[int, list[Any]]:
    model: Any = Referral._meta.get_field(name).related_model
    return _grouped(model._base_manager.filter(referral__in=[one.pk for one in batch]), "referral_id")
