"""History judged, not refused: every broken rule becomes a finding of self-inspection (B21), by the same gates
that guard live cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from audit.gates import Judgement, Verdict
from referrals.history import judge_many
from referrals.models import Referral
from supervision.models import Finding, LedgerImport
from vendors.models import Origin

CHUNK = 500
Report = Callable[[str, int, int], None]


def judge(referral_ids: Iterable[int], ledger_import: LedgerImport, report: Report) -> list[dict[str, Any]]:
    """Make findings of every refusal; returns what cannot be judged, summed up by institution, rule and reason."""
    ids = list(referral_ids)
    unknown: dict[Any, Any] = {}
    for start in range(0, len(ids), CHUNK):
        report("judging", start, len(ids))
        judge_chunk(ids[start : start + CHUNK], ledger_import, unknown)
    report("judging", len(ids), len(ids))
    return [
        {"institution": place, "gate": code, "missing": missing, "count": len(numbers), "numbers": sorted(numbers)}
        for (place, code, missing), numbers in sorted(unknown.items())
    ]


def judge_chunk(ids: list[int], ledger_import: LedgerImport, unknown: dict[tuple[str, str, str], list[str]]) -> None:
    cases = Referral.objects.select_related("institution").in_bulk(ids)
    found = []
    for referral_id, code, judgement, step in judge_many(ids):
        case = cases[referral_id]
        if judgement.verdict == Verdict.REFUSES:
            found.append(finding(case, code, judgement, step, ledger_import))
        elif judgement.verdict == Verdict.UNKNOWN:
            key = (case.institution.code, code, str(judgement.message))
            unknown.setdefault(key, []).append(case.number)
    Finding.objects.bulk_create(found)


def judge_again(institutions: Iterable[int], but: Iterable[int], ledger_import: LedgerImport, report: Report) -> None:
    """Judge earlier ledgers' cases by registers that have grown: a certificate, contract or price brought later
    lifts the finding that it was missing, and may show another. Taking in two workbooks one after the other finds
    what the whole at once would."""
    cases = Referral.objects.filter(
        origin=Origin.LEDGER, institution__in=list(institutions), ledger_entry__isnull=False
    )
    ids = sorted(set(cases.values_list("pk", flat=True)) - set(but))
    for start in range(0, len(ids), CHUNK):
        report("judging", start, len(ids))
        judge_chunk_again(ids[start : start + CHUNK], ledger_import)


def judge_chunk_again(ids: list[int], ledger_import: LedgerImport) -> None:
    cases = Referral.objects.in_bulk(ids)
    kept = {(one.referral_id, one.gate): one for one in Finding.objects.filter(referral__in=ids)}
    fresh, reopened = [], []
    for referral_id, code, judgement, step in judge_many(ids):
        if judgement.verdict != Verdict.REFUSES:
            continue
        before = kept.pop((referral_id, code), None)
        if before is None:
            fresh.append(finding(cases[referral_id], code, judgement, step, ledger_import))
        elif before.status == Finding.Status.LIFTED:
            reopened.append(before.pk)
    lifted = [one.pk for one in kept.values() if one.status == Finding.Status.OPEN and one.ledger_import_id]
    Finding.objects.bulk_create(fresh)
    Finding.objects.filter(pk__in=reopened).update(status=Finding.Status.OPEN)
    Finding.objects.filter(pk__in=lifted).update(status=Finding.Status.LIFTED)


def finding(case: Referral, code: str, judgement: Judgement, step: Any, ledger_import: LedgerImport) -> Finding:
    return Finding(
        institution_id=case.institution_id,
        referral=case,
        department_id=case.department_id,
        gate=code,
        clauses=list(judgement.clauses),
        step=step.name,
        judged_as_of=judgement.at or case.requested_at,
        message=str(judgement.message)[:500],
        facts=[[str(label), shown(value)] for label, value in judgement.facts],
        ledger_import=ledger_import,
    )


def shown(value: Any) -> str:
    """A fact as it is kept with the finding."""
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return "" if value is None else str(value)
