"""Lists as workbooks. No patient's name stands in any of them; record numbers only for those who see identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from documents.files import XLSX
from documents.spreadsheets import Column, SheetOut, attachment, workbook
from referrals.models import StatementDifference
from supervision import queries
from supervision.models import Finding, LedgerImport


def answer(sheets: Iterable[SheetOut], name: str) -> HttpResponse:
    return HttpResponse(
        workbook(sheets, title=name), content_type=XLSX, headers={"Content-Disposition": attachment(name)}
    )


def errors_book(ledger_import: LedgerImport) -> list[SheetOut]:
    columns = [
        Column(_("Sheet"), 14),
        Column(_("Row"), 8, "integer"),
        Column(_("Column"), 8),
        Column(_("Heading"), 20),
        Column(_("What is wrong"), 60),
    ]
    rows = [
        (one["sheet"], one["row"] or None, one["column"], one["heading"], one["message"])
        for one in ledger_import.errors
    ]
    notes = []
    if ledger_import.error_count > len(rows):
        notes = [_("%(count)d errors in all; the first are listed.") % {"count": ledger_import.error_count}]
    return [SheetOut(_("Errors"), columns, rows, notes)]


def findings_sheet(found: Any, *, identity: bool, notes: tuple[str, ...] = ()) -> SheetOut:
    """Every finding of the queryset, one row each, read as a stream."""
    columns = [
        Column(_("Hospital"), 18),
        Column(_("Referral number"), 18),
        *([Column(_("Record number"), 12)] if identity else []),
        Column(_("Department"), 16),
        Column(_("Doctor"), 12),
        Column(_("Test"), 20),
        Column(_("Rule"), 28),
        Column(_("Clauses"), 14),
        Column(_("Time of the step"), 17, "moment"),
        Column(_("Finding"), 60),
        Column(_("Facts"), 60),
        Column(_("Found at"), 17, "moment"),
    ]
    return SheetOut(_("Findings of self-inspection"), columns, finding_rows(found, identity), notes)


def finding_rows(found: Any, identity: bool) -> Iterator[tuple[Any, ...]]:
    rows = queries.with_cases(found).order_by("-judged_as_of", "-pk")
    if identity:
        rows = rows.select_related("referral__patient")
    for one in rows.iterator(chunk_size=2000):
        case = one.referral
        yield (
            one.institution.name,
            case.number,
            *([case.patient.record_no] if identity else []),
            one.department.name if one.department else "",
            case.requester.name if case.requester else "",
            case.test.name,
            f"{one.gate} {queries.title_of(one.gate)}",
            "、".join(one.clauses),
            one.judged_as_of,
            one.message,
            "；".join(f"{label}：{value}" for label, value in one.facts),
            one.found_at,
        )


def differences_sheet(found: Any, notes: tuple[str, ...] = ()) -> SheetOut:
    columns = [
        Column(_("Hospital"), 18),
        Column(_("Difference"), 18),
        Column(_("Laboratory"), 20),
        Column(_("Sample number"), 18),
        Column(_("Month"), 10),
        Column(_("Line"), 8, "integer"),
        Column(_("Test code"), 14),
        Column(_("Received on"), 12, "day"),
        Column(_("Billed (yuan)"), 12, "money"),
        Column(_("By contract (yuan)"), 14, "money"),
        Column(_("Earlier line"), 18),
        Column(_("Referral number"), 18),
        Column(_("Test of the referral"), 20),
        Column(_("Handed over at"), 17, "moment"),
        Column(_("Received by the laboratory at"), 17, "moment"),
    ]
    return SheetOut(_("Statement differences"), columns, difference_rows(found), notes)


def difference_rows(found: Any) -> Iterator[tuple[Any, ...]]:
    rows = queries.with_lines(found).order_by("institution", "kind", "sample_no", "pk")
    for one in rows.iterator(chunk_size=2000):
        line, case, earlier = one.line, one.referral, one.earlier_line
        yield (
            one.institution.name,
            str(StatementDifference.Kind(one.kind).label),
            one.laboratory.name,
            one.sample_no,
            line.statement.month if line else "",
            line.line_no if line else None,
            line.test_code if line else "",
            line.received_on if line else None,
            one.billed_amount,
            one.expected_amount,
            f"{earlier.statement.month} / {earlier.line_no}" if earlier else "",
            case.number if case else "",
            case.test.name if case else "",
            case.shipped_at if case else None,
            case.received_at if case else None,
        )


def result_book(user: Any, ledger_import: LedgerImport, came: dict[str, Any]) -> list[SheetOut]:
    """What an import came to: figures, findings, what cannot be judged, differences."""
    figures = [
        (_("File"), ledger_import.file_name),
        (_("SHA-256"), ledger_import.file_sha256),
        (_("Cases"), came["cases"]),
        (_("Findings"), came["found"]),
        (_("Statement differences"), came["differing"]),
        (_("Not judged"), came["unjudged_total"]),
    ]
    sheets = [SheetOut(_("Result of the import"), [Column(_("Item"), 24), Column(_("Value"), 70)], _as_text(figures))]
    if ledger_import.dry_run:
        sheets += checked_sheets(came)
    else:
        found = Finding.objects.visible_to(user).filter(ledger_import=ledger_import)
        sheets.append(findings_sheet(found, identity=user.sees_identity))
        sheets.append(differences_sheet(StatementDifference.objects.visible_to(user)))
    unjudged = [(f"{row['gate']} {row['title']}", row["missing"], row["n"]) for row in came["unjudged"]]
    columns = [Column(_("Rule"), 30), Column(_("What is missing"), 60), Column(_("Cases"), 10, "integer")]
    sheets.append(SheetOut(_("Not judged"), columns, unjudged))
    return sheets


def checked_sheets(came: dict[str, Any]) -> list[SheetOut]:
    """A check recorded nothing: only numbers can be listed."""
    findings = [(f"{row['gate']} {row['title']}", number) for row in came["by_gate"] for number in row["numbers"]]
    differing = [(str(kind.label), number) for kind, numbers, _n in came["differences"] for number in numbers]
    return [
        SheetOut(_("Findings of self-inspection"), [Column(_("Rule"), 30), Column(_("Referral number"), 20)], findings),
        SheetOut(_("Statement differences"), [Column(_("Difference"), 24), Column(_("Sample number"), 20)], differing),
    ]


def _as_text(rows: list[tuple[Any, Any]]) -> list[tuple[str, str]]:
    return [(str(label), str(value)) for label, value in rows]
