"""Which clauses the registers of laboratories, contracts and prices carry out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from policy import coverage
from vendors.models import (
    Admission,
    Board,
    Contract,
    ContractDraft,
    ContractItem,
    Credential,
    LaboratoryRound,
    NotOutsourcingStatement,
    Price,
    PriceChange,
    Procurement,
    Publication,
    SiteCheck,
    StatementUpload,
)

LABORATORIES = "vendors:laboratories"


def _contracts(institution: int) -> Any:
    return Contract.objects.filter(institution_id=institution)


def _credentials(institution: int) -> Any:
    return Credential.objects.all()


def _admissions(institution: int) -> Any:
    return Admission.objects.filter(institution_id=institution)


def _items(institution: int) -> Any:
    return ContractItem.objects.filter(institution_id=institution)


def _procurements(institution: int) -> Any:
    return Procurement.objects.filter(institution_id=institution)


def _drafts(institution: int) -> Any:
    return ContractDraft.objects.filter(institution_id=institution)


def _rounds(institution: int) -> Any:
    return LaboratoryRound.objects.all()


def _published(institution: int) -> Any:
    return Price.objects.filter(institution_id=institution, published_on__isnull=False)


def _prices(institution: int) -> Any:
    return Price.objects.filter(institution_id=institution)


def _lists(institution: int) -> Any:
    return Publication.objects.filter(institution_id=institution).exclude(board=Board.COMPLAINTS)


def _channel(institution: int) -> Any:
    return Publication.objects.filter(institution_id=institution, board=Board.COMPLAINTS)


def _checks(institution: int) -> Any:
    return SiteCheck.objects.filter(institution_id=institution)


def _changes(institution: int) -> Any:
    return PriceChange.objects.filter(institution_id=institution, status=PriceChange.Status.PUBLISHED)


def _not_outsourcing(institution: int) -> Any:
    return NotOutsourcingStatement.objects.filter(institution_id=institution)


def _statements(institution: int) -> Any:
    return StatementUpload.objects.filter(institution_id=institution, status=StatementUpload.Status.DONE)


def claim_all() -> None:
    claim = coverage.claim
    claim(["A25", "A26", "B10"], "record", _("Contracts with laboratories"), LABORATORIES, rows=_contracts)
    credentials = _("Credentials of laboratories")
    claim(["A4", "A15", "A16", "A17", "A25", "A41", "B8"], "record", credentials, LABORATORIES, rows=_credentials)
    claim(["A4", "A25", "A41", "B8"], "record", _("Admissions of laboratories"), "vendors:admissions", rows=_admissions)
    ways = _("Catalog of outsourced tests")
    claim(["A24", "A26", "B6", "B10"], "record", ways, "vendors:outsourced", rows=_items)
    claim("B9", "record", _("Procurements"), "vendors:procurements", rows=_procurements)
    claim(["A26", "B10"], "record", _("Contracts checked clause by clause"), "vendors:contract_drafts", rows=_drafts)
    claim(["A15", "B8", "B11"], "record", _("Quality assessments of laboratories"), LABORATORIES, rows=_rounds)
    claim(["A13", "B14"], "record", _("Prices published"), "vendors:prices", rows=_published, at="published_on")
    claim(["A13", "B14"], "record", _("Publications of lists"), "vendors:publications", rows=_lists, at="published_at")
    claim(
        "B25",
        "record",
        _("Publication of the complaint channel"),
        "vendors:publications",
        rows=_channel,
        at="published_at",
    )
    claim(
        ["A13", "B14", "B25"],
        "record",
        _("Checks of publications on site"),
        "vendors:places",
        rows=_checks,
        at="seen_on",
    )
    claim(
        "B13",
        "record",
        _("Price changes checked by a second person"),
        "vendors:price_changes",
        rows=_changes,
        at="published_at",
    )
    claim("B13", "record", _("Price items"), "vendors:prices", rows=_prices, at="effective_from")
    claim("B35", "record", _("Statements of not outsourcing"), "vendors:not_outsourcing", rows=_not_outsourcing)
    statements = _("Laboratories' statements given in")
    claim("A28", "record", statements, "bills:months", rows=_statements, at="given_in_at")
