"""What stands against a contract before it is checked and before it is signed; what looks like splitting (A26, B9, B10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.gates import Refusal
from vendors.admitting import Admissions
from vendors.models import Admission, ContractDraft, ContractItem, Procurement

FILE = Path(__file__).parent / "data" / "contract_clauses.json"
YEAR = timedelta(days=365)


@cache
def clauses() -> dict[str, dict[str, str]]:
    """The required clauses of vocab §6, by code."""
    return {row["code"]: row for row in json.loads(FILE.read_text())}


def next_clause(draft: ContractDraft) -> str:
    """The first required clause not found in the text yet; empty when each was."""
    known = set(draft.ticks.values_list("clause", flat=True))
    return next((code for code in clauses() if code not in known), "")


def together_with(procurement: Procurement) -> Decimal:
    """What the hospital spent on the same subject in the year up to this purchase, this one included."""
    mine = Procurement.objects.filter(institution_id=procurement.institution_id, subject=procurement.subject)
    span = Q(awarded_on__gt=procurement.awarded_on - YEAR, awarded_on__lte=procurement.awarded_on)
    return mine.filter(span | Q(pk=procurement.pk)).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def looks_split(procurement: Procurement) -> bool:
    """Below the threshold alone and at it together with others, not by open tender: the warning has to be answered."""
    limit = settings.PROCUREMENT_THRESHOLD
    if procurement.method == Procurement.Method.OPEN or procurement.amount >= limit:
        return False
    return together_with(procurement) >= limit


def _says(draft: ContractDraft, code: str, message: Any, *cited: str, anchor: str = "", mend: str = "") -> Refusal:
    return Refusal(code, message, cited, mend or draft.get_absolute_url() + anchor)


def against_submitting(draft: ContractDraft) -> list[Refusal]:
    if draft.items.exists():
        return []
    return [_says(draft, "items", _("The contract lists no test yet."), "A26", "B10", anchor="#items")]


def against_passing(draft: ContractDraft) -> list[Refusal]:
    """A supplement changes items and dates only: the clauses stand in the contract it supplements."""
    if draft.supplements_id:
        return []
    ticked = set(draft.ticks.values_list("clause", flat=True))
    if lacking := [row for code, row in clauses().items() if code not in ticked]:
        names = "、".join(f"{row['code']}{row['title']}" for row in lacking)
        said = _("These clauses were not found in the text: %(names)s.") % {"names": names}
        return [_says(draft, "clauses", said, "A26", "B10", anchor="#clauses")]
    return []


def against_signing(draft: ContractDraft) -> list[Refusal]:
    """A26, B9, B10: all that has to stand on the day of the signature."""
    return [
        *against_submitting(draft), *against_passing(draft), *_procured(draft), *_admitted(draft), *_one(draft),
        *_periods(draft),
    ]  # fmt: skip


def _procured(draft: ContractDraft) -> Iterator[Refusal]:
    bought = draft.procurement
    if bought is None:
        if not draft.supplements_id:
            yield _says(draft, "B9", _("The contract names no procurement."), "B9")
        return
    if bought.laboratory_id != draft.laboratory_id:
        said = _("The procurement %(number)s was awarded to %(name)s.")
        yield _says(draft, "B9", said % {"number": bought.number, "name": bought.laboratory.name}, "B9")
    if looks_split(bought) and not bought.answer:
        said = _(
            "Purchases of the same kind within a year come to %(sum)s yuan: the warning of splitting is not answered."
        )
        yield _says(draft, "split", said % {"sum": together_with(bought)}, "B9")


def standing_of(draft: ContractDraft) -> Admission | None:
    mine = Admission.objects.filter(institution_id=draft.institution_id, laboratory_id=draft.laboratory_id)
    return mine.standing().first()


def _admitted(draft: ContractDraft) -> Iterator[Refusal]:
    """Each test is admitted today: a new test is first admitted for, which is its own approval (B8)."""
    found = standing_of(draft)
    if found is None:
        said = _("%(name)s is not admitted by this hospital.") % {"name": draft.laboratory.name}
        yield _says(draft, "B8", said, "A25", "B8")
        return
    tests = [item.test for item in draft.items.select_related("test")]
    register = Admissions.of([draft.institution_id], [one.pk for one in tests])
    for test in tests:
        for said in register.against(draft.institution_id, draft.laboratory, test, timezone.now()):
            yield _says(draft, "B8", said, "A25", "B8", mend=found.get_absolute_url())


def _one(draft: ContractDraft) -> Iterator[Refusal]:
    found = standing_of(draft)
    if found and {draft.party, draft.invoice_issuer, draft.payee} != {found.licence_holder}:
        said = _("Party, issuer of the invoices and payee have to be “%(name)s”, who holds the licence.")
        yield _says(draft, "Q01", said % {"name": found.licence_holder}, "A25", "A28", "B8")


def _periods(draft: ContractDraft) -> Iterator[Refusal]:
    """No day with two settlement prices of one test: the former contract ends first, or a supplement changes it."""
    if draft.valid_to < timezone.localdate():
        yield _says(draft, "period", _("The contract would be over already."), "B10")
    if draft.supplements_id:
        return
    standing = ContractItem.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=draft.valid_from), institution_id=draft.institution_id,
        laboratory_id=draft.laboratory_id, valid_from__lte=draft.valid_to, test__in=draft.items.values("test"),
    )  # fmt: skip
    if numbers := sorted(set(standing.values_list("contract__number", flat=True))):
        said = _("The contract %(numbers)s lists some of these tests in the same days.")
        yield _says(draft, "overlap", said % {"numbers": "、".join(numbers)}, "B10")
