"""What is answered to rows of charges from HIS before any is recorded, in the words of the gates (A28, B13; X07, X09).

Rows of one entry (the same case, number and direction) are one charge: its lines are held against the items of the
published price. A gene test's item charged without a request is a clue, not an error (`reports.md`, off-book).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.gates import Act, Refusal
from audit.steps import against
from referrals import barcodes, entries, pathway
from referrals.actions import charging
from referrals.gates import load_cases
from referrals.models import Charge, ChargeRow, Referral, Specimen, Status
from referrals.models.referral import ENDED_EARLY
from referrals.searching import record_numbers
from vendors.models import Price, PriceItem

V = ChargeRow.Verdict
BATCH = 500


@dataclass
class Bill:
    """The rows of one entry of HIS."""

    rows: list[ChargeRow] = field(default_factory=list)

    @property
    def first(self) -> ChargeRow:
        return self.rows[0]

    @property
    def amount(self) -> Decimal:
        return sum((one.amount or Decimal(0) for one in self.rows), Decimal(0))

    @property
    def lines(self) -> list[tuple[str, int, Decimal | None]]:
        return [(one.item_code, one.quantity, one.amount) for one in self.rows if one.item_code]

    @property
    def at(self) -> datetime:
        return self.first.happened_at or timezone.now()

    @property
    def entry(self) -> dict[str, Any]:
        one = self.first
        return {
            "kind": one.kind,
            "receipt_no": one.number,
            # The first of its lines stands for them all: another case of the settlement has others.
            "settlement_line": one.settlement_line,
            "invoice_code": one.invoice_code,
            "invoice_no": one.invoice_no,
            "inpatient_no": one.inpatient_no,
        }

    def answer(self, verdict: str, says: Any = "") -> None:
        for one in self.rows:
            one.verdict, one.says = verdict, str(says)[:500]


def bills(rows: Iterable[ChargeRow]) -> list[Bill]:
    """Rows of the same case, number, line series and direction together, in the order of the file."""
    found: dict[tuple, Bill] = {}
    for one in rows:
        if one.verdict == V.FAULT:
            continue
        key = (one.referral_id, one.case_no or one.record_no, one.kind, one.number, one.is_refund, one.reversal_no)
        found.setdefault(key, Bill()).rows.append(one)
    return list(found.values())


def judge(
    rows: Sequence[ChargeRow], *, by: Any, institution: int, report: Callable[[int], None] = lambda n: None
) -> None:
    """Put the answer on each row. Cases, charges and registers are read in batches; no entry is cut in two."""
    together: dict[tuple, list[ChargeRow]] = defaultdict(list)
    for one in rows:
        together[one.case_no or one.record_no, one.number, one.is_refund].append(one)
    batch: list[ChargeRow] = []
    done = 0
    for group in together.values():
        batch += group
        if len(batch) >= BATCH:
            _batch(batch, by, institution)
            done += len(batch)
            batch = []
            report(done)
    _batch(batch, by, institution)
    report(done + len(batch))


def _batch(rows: list[ChargeRow], by: Any, institution: int) -> None:
    readable = [one for one in rows if one.verdict != V.FAULT]
    _find(readable, institution)
    groups = bills(readable)
    cases = {one.referral.pk: one for one in load_cases({g.first.referral_id for g in groups if g.first.referral_id})}
    standing = _standing(groups, institution)
    for group in groups:
        if group.first.verdict:
            continue
        case = cases[group.first.referral_id or 0]
        (_refund if group.first.is_refund else _charge)(group, case, standing.get(case.referral.pk, []), by)


def _find(rows: list[ChargeRow], institution: int) -> None:
    """Which case each row means: by its number or a specimen's barcode, else by record number and price item."""
    numbers = {barcodes.clean(one.case_no) for one in rows if one.case_no}
    here = Referral.objects.filter(institution_id=institution).select_related("patient")
    by_number = {one.number: one for one in here.filter(number__in=numbers)}
    labels = Specimen.objects.filter(barcode__in=numbers, referral__institution_id=institution)
    by_number |= {one.barcode: one.referral for one in labels.select_related("referral__patient")}
    tests = _tests_of({one.item_code for one in rows if one.item_code}, institution)
    records = {variant for one in rows if not one.case_no for variant in record_numbers(one.record_no)}
    theirs: dict[str, list[Referral]] = defaultdict(list)
    for referral in here.filter(patient__record_no__in=records).order_by("pk"):
        theirs[referral.patient.record_no.upper()].append(referral)
    for one in rows:
        if one.case_no:
            one.referral = by_number.get(barcodes.clean(one.case_no))
            if one.referral is None:
                _without_a_case(one, tests)
        else:
            _by_record(one, theirs.get(one.record_no.upper(), []), tests)


def _by_record(row: ChargeRow, theirs: list[Referral], tests: dict[str, set[int]]) -> None:
    wanted = tests.get(row.item_code, set())
    fitting = [one for one in theirs if one.test_id in wanted]
    waiting = [one for one in fitting if one.status == Status.AWAITING_CHARGE] if not row.is_refund else []
    chosen = waiting or fitting
    if not chosen:
        _without_a_case(row, tests)
    elif len(chosen) == 1:
        row.referral = chosen[0]
    else:
        known = Charge.objects.filter(referral__in=chosen, receipt_no=row.number, kind=row.kind).first()
        if known:
            row.referral = known.referral
        else:
            numbers = "、".join(one.number for one in chosen[:5])
            row.verdict, row.says = V.UNCLEAR, _("Requests %(numbers)s fit: name one.") % {"numbers": numbers}


def _without_a_case(row: ChargeRow, tests: dict[str, set[int]]) -> None:
    if row.item_code in tests or row.case_no:
        said = _(
            "A gene test was charged and this hospital has no request for it: off the books, for the discipline office."
        )
        row.verdict, row.says = V.OFF_BOOK, str(said)
    else:
        row.verdict, row.says = V.OTHER, ""


def _tests_of(codes: set[str], institution: int) -> dict[str, set[int]]:
    """The tests each of these price items is charged for here, now or before."""
    found: dict[str, set[int]] = defaultdict(set)
    own = Price.objects.filter(institution_id=institution)
    for code, test in own.filter(item_code__in=codes).values_list("item_code", "test_id"):
        found[code].add(test)
    parts = PriceItem.objects.filter(institution_id=institution, code__in=codes, parts__price__isnull=False)
    for code, test in parts.values_list("code", "parts__price__test_id"):
        found[code].add(test)
    return dict(found)


def _standing(groups: list[Bill], institution: int) -> dict[int, list[Charge]]:
    cases = {one.first.referral_id for one in groups if one.first.referral_id}
    found: dict[int, list[Charge]] = defaultdict(list)
    for one in Charge.objects.filter(referral__in=cases).order_by("pk"):
        found[one.referral_id].append(one)
    return found


def _same(charge: Charge, group: Bill) -> bool:
    return charge.receipt_no == group.first.number and charge.kind == group.first.kind


def _charge(group: Bill, case: Any, known: list[Charge], by: Any) -> None:
    if any(_same(one, group) for one in known):
        group.answer(V.ALREADY)
        return
    data: dict[str, Any] = {"amount": group.amount}
    if group.lines:
        data["lines"] = group.lines
    refusals = against(case.referral, pathway.CHARGE, group.at, Act(by, pathway.CHARGE.name, data), judged=case)
    if refusals:
        group.answer(_verdict(refusals), "　".join(str(one.message) for one in refusals))
        return
    try:
        if group.first.kind not in Charge.DEFERRED:
            entries.serve_this_case_alone(entries.checked(**group.entry), case.referral)
        elif charging.leave_to_put_off(case.referral) is None:
            group.answer(V.NOT_NOW, _("Nobody has approved that this fee be put off."))
            return
    except ValidationError as wrong:
        group.answer(V.NOT_NOW, "；".join(wrong.messages))
        return
    group.answer(V.MATCHED)


def _refund(group: Bill, case: Any, known: list[Charge], by: Any) -> None:
    number = group.first.reversal_no or group.first.number
    if any(one.reversed_at and one.reversal_no == number for one in known):
        group.answer(V.ALREADY)
        return
    made = next((one for one in known if one.reversed_at is None), None)
    if made is None:
        group.answer(V.NOT_NOW, _("There is no charge to refund."))
    elif group.amount != made.amount:
        said = _("A fee is given back whole: %(fee)s was charged, %(part)s is not all of it.")
        group.answer(V.PRICE, said % {"fee": f"{made.amount} 元", "part": f"{group.amount} 元"})
    elif case.referral.status not in {*pathway.REFUND.sources, *ENDED_EARLY}:
        said = _("The fee is refunded before sampling, after an unfit specimen, or after the case has ended.")
        group.answer(V.NOT_NOW, said)
    else:
        group.answer(V.MATCHED)


def _verdict(refusals: list[Refusal]) -> str:
    """Research is said first, then a price that differs; any other rule means that the case does not stand there."""
    codes = {one.code for one in refusals}
    if "X09" in codes:
        return V.RESEARCH
    return V.PRICE if "X07" in codes else V.NOT_NOW


def off_book(institution_ids: Iterable[int]) -> Any:
    """Rows that charged a gene test without a request, of files that were not discarded."""
    found = ChargeRow.objects.filter(Q(charge_import__institution_id__in=list(institution_ids)), verdict=V.OFF_BOOK)
    return found.exclude(charge_import__status="discarded").select_related("charge_import")
