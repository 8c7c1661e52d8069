"""Recording the new rows of a ledger, in one transaction that the caller holds. Everything is marked as history.

Times are facts of the case as the hospital wrote them down; the trail keeps its own time, now. Whom the ledger
does not name stays unknown, and so does what it does not say: the price a charge followed, the contract a
specimen went under. The rules look those up for the day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import models

from accounts.models import Department, Institution, Post, User
from accounts.roles import LEDGER_POSTS
from referrals.identity import initials
from supervision.ledger.cases import write_cases
from supervision.ledger.checking import posts_of
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
)
from supervision.ledger.comparing import KINDS, New
from supervision.ledger.known import Known
from supervision.ledger.reading import Ledger, Line
from supervision.models import LedgerImport
from vendors.models import (
    Contract,
    ContractItem,
    Credential,
    Laboratory,
    Origin,
    Price,
    Statement,
    StatementLine,
)

BATCH = 1000
Made = TypeVar("Made", bound=models.Model)


def write(
    ledger: Ledger, known: Known, new: New, ledger_import: LedgerImport, report: Callable[[str, int, int], None]
) -> list[int]:
    """Record what is new; returns the ids of the new cases. `known` grows as things are made."""
    for one, name, value in new.fill:
        setattr(one, name, value)
        one.save(update_fields=[name])
    write_institutions(known, new)
    write_people(ledger, known, new)
    write_laboratories(known, new)
    write_contracts(known, new)
    write_prices(known, new)
    cases = write_cases(new, known, ledger_import, report)
    write_bills(known, new)
    return cases


def make(model: type[Made], rows: Iterable[Made]) -> list[Made]:
    return model._default_manager.bulk_create(list(rows), batch_size=BATCH)


def write_institutions(known: Known, new: New) -> None:
    made = [
        Institution(**{name: line[name] for name in ("code", "name", "grade", "ownership", "uscc")})
        for line in new[INSTITUTIONS]
    ]
    known.institutions |= {one.code: one for one in make(Institution, made)}
    places = [
        Department(institution=known.institutions[line["institution"]], name=line["name"]) for line in new[DEPARTMENTS]
    ]
    known.departments |= {(one.institution.code, one.name): one for one in make(Department, places)}


def write_people(ledger: Ledger, known: Known, new: New) -> None:
    """Accounts without a password, with the posts the ledger names; and those of other institutions whom one of
    our cases names, without a post: their own institution gives it."""
    named = {line[name] for line in new[CASES] for name in ("requester", "mdt_chair", "approver")}
    strangers = [line for username, line in ledger.outsiders.items() if username in named]
    lines = [line for line in [*new[PEOPLE], *strangers] if line["username"] not in known.users]
    known.users |= {
        one.username: one
        for one in make(
            User,
            [
                User(
                    username=line["username"],
                    name=line["name"],
                    pinyin=initials(line["name"]),
                    title=line["title"],
                    password=make_password(None),
                )
                for line in lines
            ],
        )
    }
    posts = [
        Post(
            user=known.users[line["username"]],
            institution=known.institutions[line["institution"]],
            department=known.departments.get((line["institution"], line["department"])),
            role_id=role,
        )
        for line in new[PEOPLE]
        # An account that can sign in gets no right from a workbook (`comparing.compare_people` says so).
        if known.users[line["username"]].password.startswith(UNUSABLE_PASSWORD_PREFIX)
        for role in dict.fromkeys(LEDGER_POSTS[post] for post in posts_of(line))
    ]
    make(Post, posts)


def write_laboratories(known: Known, new: New) -> None:
    made = [
        Laboratory(code=line["laboratory"], name=line["name"], uscc=line["uscc"], origin=Origin.LEDGER)
        for line in new[LABORATORIES]
    ]
    known.laboratories |= {one.code: one for one in make(Laboratory, made)}
    credentials = [
        Credential(
            laboratory=known.laboratories[line["laboratory"]],
            kind=KINDS.get(line["kind"], Credential.Kind.OTHER),
            kind_name="" if line["kind"] in KINDS else line["kind"],
            number=line["number"],
            valid_from=line["valid_from"],
            valid_to=line["valid_to"],
            origin=Origin.LEDGER,
        )
        for line in new[CREDENTIALS]
    ]
    make(Credential, credentials)


def write_contracts(known: Known, new: New) -> None:
    plain = ("number", "valid_from", "valid_to", "procurement_method", "procurement_no")
    made = [
        Contract(
            institution=known.institutions[line["institution"]],
            laboratory=known.laboratories[line["laboratory"]],
            origin=Origin.LEDGER,
            **{name: line[name] for name in plain},
        )
        for line in new[CONTRACTS]
    ]
    known.contracts |= {(one.institution.code, one.number): one for one in make(Contract, made)}
    make(ContractItem, [contract_item(known, line) for line in new[ITEMS]])


def contract_item(known: Known, line: Line) -> ContractItem:
    contract = known.contracts[line["institution"], line["contract"]]
    return ContractItem(
        contract=contract,
        test_id=known.tests[line["test"]],
        settlement_price=line["settlement_price"],
        institution_id=contract.institution_id,
        laboratory_id=contract.laboratory_id,
        valid_from=contract.valid_from,
        valid_to=contract.valid_to,
        origin=Origin.LEDGER,
    )


def write_prices(known: Known, new: New) -> None:
    plain = ("item_code", "item_name", "amount", "effective_from", "effective_to", "published_on", "basis")
    prices = [
        Price(
            institution=known.institutions[line["institution"]],
            test_id=known.tests[line["test"]],
            origin=Origin.LEDGER,
            **{name: line[name] for name in plain},
        )
        for line in new[PRICES]
    ]
    make(Price, prices)


def write_bills(known: Known, new: New) -> None:
    """Lines keep their order in the workbook; a statement known from an earlier one goes on counting."""
    bills: dict[tuple[str, str, str], list[Line]] = {}
    for line in new[BILLS]:
        bills.setdefault((line["laboratory"], line["institution"], line["month"]), []).append(line)
    there = {
        (one.laboratory.code, one.institution.code, one.month): (one, one.last or 0)
        for one in Statement.objects.filter(month__in={month for _lab, _place, month in bills})
        .standing()
        .select_related("laboratory", "institution")
        .annotate(last=models.Max("lines__line_no"))
    }
    fresh = [
        Statement(
            laboratory=known.laboratories[laboratory],
            institution=known.institutions[institution],
            month=month,
            origin=Origin.LEDGER,
        )
        for laboratory, institution, month in bills
        if (laboratory, institution, month) not in there
    ]
    there |= {(one.laboratory.code, one.institution.code, one.month): (one, 0) for one in make(Statement, fresh)}
    make(
        StatementLine,
        [
            StatementLine(
                statement=there[key][0],
                institution_id=there[key][0].institution_id,
                line_no=number,
                sample_no=line["sample_no"],
                test_code=line["test"],
                received_on=line["received_on"],
                amount=line["amount"],
            )
            for key, lines in bills.items()
            for number, line in enumerate(lines, there[key][1] + 1)
        ],
    )
