"""What can be wrong in a workbook beyond the single cell: doubles, unknown codes, rows that contradict themselves.

Broken rules of the policy are no errors here: they are history, and become findings.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

from django.utils.translation import gettext as _

from accounts.roles import LEDGER_POSTS
from supervision.ledger import columns
from supervision.ledger.columns import (
    BILLS,
    CASES,
    CONTRACTS,
    CREDENTIALS,
    DEPARTMENTS,
    INSTITUTIONS,
    ITEMS,
    LABORATORIES,
    PEOPLE,
    PRICES,
    SHEETS,
)
from supervision.ledger.known import Known
from supervision.ledger.reading import Ledger, Line

MONTH = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*(?:月|[-/.]\s*\d{1,2})?")
# Columns that say nothing without the time of their step.
LEANS_ON = {
    "mdt_conclusion": "mdt_at",
    "mdt_chair": "mdt_at",
    "signer": "consented_at",
    "reason": "consented_at",
    "approver": "approved_at",
    "charged_amount": "charged_at",
    "receipt_no": "charged_at",
    "tumour_cells": "collected_at",
    "received_at": "shipped_at",
    "outcome": "reported_at",
    "findings": "reported_at",
    "consent_filed": "filed_at",
    "order_filed": "filed_at",
    "result_filed": "filed_at",
}
# And steps that say nothing without what was decided, paid or where it went.
NEEDS = {"mdt_at": "mdt_conclusion", "charged_at": "charged_amount", "shipped_at": "laboratory"}


def check(ledger: Ledger, known: Known) -> None:
    """Leave a fault at every place that cannot be recorded as it stands."""
    find_doubles(ledger)
    check_references(ledger, known)
    check_periods(ledger)
    check_people(ledger)
    check_bills(ledger)
    for line in ledger[CASES]:
        check_case(ledger, line)
    check_patients(ledger)


def find_doubles(ledger: Ledger) -> None:
    for sheet in SHEETS:
        seen: dict[tuple[Any, ...], int] = {}
        for line in ledger[sheet.title] if sheet.key else ():
            key = tuple(line[name] for name in sheet.key)
            if None in key or "" in key:
                continue
            if key in seen:
                name = next((one for one in sheet.key if one not in ("institution", "laboratory")), sheet.key[0])
                ledger.fault(sheet.title, line, name, _("stands in row %(row)d already") % {"row": seen[key]})
            else:
                seen[key] = line.row


def check_references(ledger: Ledger, known: Known) -> None:
    institutions = {line["code"] for line in ledger[INSTITUTIONS]} | set(known.institutions)
    departments = {(line["institution"], line["name"]) for line in ledger[DEPARTMENTS]} | set(known.departments)
    laboratories = {line["laboratory"] for line in ledger[LABORATORIES]} | set(known.laboratories)
    people = {line["username"] for line in ledger[PEOPLE]} | set(ledger.outsiders) | set(known.users)
    tests = set(known.tests)

    for sheet in SHEETS:
        names = {column.name for column in sheet.columns}
        for line in ledger[sheet.title]:
            if "institution" in names and sheet.title != INSTITUTIONS:
                refer(ledger, sheet.title, line, "institution", institutions, INSTITUTIONS)
            if "laboratory" in names and sheet.title != LABORATORIES:
                refer(ledger, sheet.title, line, "laboratory", laboratories, LABORATORIES)
            if "test" in names and sheet.title != BILLS and line["test"] and line["test"] not in tests:
                ledger.fault(
                    sheet.title, line, "test", _("“%(code)s” is no test of the catalog") % {"code": line["test"]}
                )
            if sheet.title in (PEOPLE, CASES) and line["department"]:
                place = (line["institution"], line["department"])
                if line["institution"] and place not in departments:
                    refer(ledger, sheet.title, line, "department", (), DEPARTMENTS)
    for line in ledger[CASES]:
        for name in ("requester", "mdt_chair", "approver"):
            refer(ledger, CASES, line, name, people, PEOPLE)
        if line["indication"] and line["indication"] not in known.indications:
            message = _(
                "“%(code)s” is no indication of the catalog; leave the cell empty where there is none "
                "(the case is then found to break X02)"
            )
            ledger.fault(CASES, line, "indication", message % {"code": line["indication"]})
    check_contracts_of_items(ledger, known)


def refer(ledger: Ledger, title: str, line: Line, name: str, among: Collection[Any], sheet: str) -> None:
    if line[name] and line[name] not in among:
        message = _("“%(code)s” is not on the sheet “%(sheet)s”, nor known here")
        ledger.fault(title, line, name, message % {"code": line[name], "sheet": sheet})


def check_contracts_of_items(ledger: Ledger, known: Known) -> None:
    """An item names its contract by number alone; the number must stand for one contract."""
    owners: dict[str, set[str]] = {}
    for line in ledger[CONTRACTS]:
        owners.setdefault(line["number"], set()).add(line["institution"])
    for institution, number in known.contracts:
        if ledger.scope is None or institution in ledger.scope:
            owners.setdefault(number, set()).add(institution)
    for line in ledger[ITEMS]:
        found = owners.get(line["contract"], set())
        if not line["contract"]:
            continue
        if not found:
            refer(ledger, ITEMS, line, "contract", (), CONTRACTS)
        elif len(found) > 1:
            message = _("“%(code)s” is a contract of several institutions (%(institutions)s)")
            named = {"code": line["contract"], "institutions": "、".join(sorted(found))}
            ledger.fault(ITEMS, line, "contract", message % named)
        else:
            line.values["institution"] = next(iter(found))


def check_periods(ledger: Ledger) -> None:
    periods: Iterable[tuple[str, str, str]] = (
        (CREDENTIALS, "valid_from", "valid_to"),
        (CONTRACTS, "valid_from", "valid_to"),
        (PRICES, "effective_from", "effective_to"),
    )
    for title, first, last in periods:
        for line in ledger[title]:
            if line[first] and line[last] and line[last] < line[first]:
                heading = columns.BY_TITLE[title].heading(first)
                ledger.fault(title, line, last, _("lies before “%(heading)s”") % {"heading": heading})


def check_people(ledger: Ledger) -> None:
    for line in ledger[PEOPLE]:
        if unknown := [post for post in posts_of(line) if post not in LEDGER_POSTS]:
            message = _("“%(posts)s” is no post known here; known are: %(known)s")
            named = {"posts": "；".join(unknown), "known": "、".join(LEDGER_POSTS)}
            ledger.fault(PEOPLE, line, "posts", message % named)


def posts_of(line: Line) -> list[str]:
    """Several posts stand in one cell, separated by a semicolon."""
    return [post.strip() for post in re.split(r"[;；]", line["posts"]) if post.strip()]


def check_bills(ledger: Ledger) -> None:
    for line in ledger[BILLS]:
        if not line["month"]:
            continue
        found = MONTH.fullmatch(line["month"])
        if found and 1 <= int(found[2]) <= 12:
            line.values["month"] = f"{found[1]}-{int(found[2]):02d}"
        else:
            message = _("“%(value)s” is not a month such as 2026-09")
            ledger.fault(BILLS, line, "month", message % {"value": line["month"]})


def check_case(ledger: Ledger, line: Line) -> None:
    """A row must not contradict itself: a result without a time, an end without its date."""
    sheet = columns.BY_TITLE[CASES]
    if line.bad:
        return
    for name, step in LEANS_ON.items():
        if line[name] not in (None, "") and line[step] is None:
            ledger.fault(
                CASES, line, step, _("is empty, but “%(heading)s” is filled in") % {"heading": sheet.heading(name)}
            )
    for step, name in NEEDS.items():
        if line[step] is not None and line[name] in (None, ""):
            ledger.fault(
                CASES, line, name, _("is empty, but “%(heading)s” is filled in") % {"heading": sheet.heading(step)}
            )
    if line["status"] == "已归档" and line["filed_at"] is None:
        ledger.fault(CASES, line, "filed_at", _("is empty, but the status is “%(status)s”") % {"status": "已归档"})
    if line["status"] == "进行中" and line["filed_at"] is not None:
        ledger.fault(CASES, line, "status", _("is “%(status)s”, but the case has been filed") % {"status": "进行中"})


def check_patients(ledger: Ledger) -> None:
    """One record number is one patient."""
    first: dict[tuple[str, str], Line] = {}
    for line in ledger.good(CASES):
        key = (line["institution"], line["record_no"])
        other = first.setdefault(key, line)
        for name in ("patient_name", "sex", "birth_year"):
            if line[name] != other[name]:
                message = _("is not the same as in row %(row)d, which has the same record number")
                ledger.fault(CASES, line, name, message % {"row": other.row})
