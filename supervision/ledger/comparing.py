"""What is known already. The same content again changes nothing; other content under a known number is refused,
field by field; the rest is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Post
from accounts.roles import LEDGER_POSTS
from referrals.models import Identity, Patient, Reconciliation, Referral
from supervision.ledger import columns
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
    SHEETS,
)
from supervision.ledger.known import Known
from supervision.ledger.reading import Ledger, Line
from supervision.models import LedgerEntry
from vendors.models import ContractItem, Credential, Price, Statement, StatementLine

SEXES = {"男": Patient.Sex.MALE, "女": Patient.Sex.FEMALE}
KINDS = {kind.label: kind for kind in Credential.Kind if kind != Credential.Kind.OTHER}


@dataclass
class New:
    """The rows of each sheet that are not recorded yet, and how many were."""

    lines: dict[str, list[Line]] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    # Blank fields of known institutions, people and laboratories that the workbook fills in: (object, field, value).
    fill: list[tuple[Any, str, str]] = field(default_factory=list)
    # Patients known by record number: (institution code, record number) → id.
    patients: dict[tuple[str, str], int] = field(default_factory=dict)

    def __getitem__(self, title: str) -> list[Line]:
        return self.lines.get(title, [])

    @property
    def anything(self) -> bool:
        return bool(self.fill) or any(self.lines.values())


def compare(ledger: Ledger, known: Known) -> New:
    """Sort the rows into new and known; leave a fault at every difference."""
    new = New()
    for sheet in SHEETS:
        new.lines[sheet.title] = []
        new.unchanged[sheet.title] = 0
    compare_named(ledger, known, new)
    compare_people(ledger, known, new)
    compare_periods(ledger, known, new)
    compare_cases(ledger, known, new)
    compare_bills(ledger, known, new)
    return new


def sort_in(ledger: Ledger, new: New, title: str, line: Line, there: Any, identity: Iterable[str] = ()) -> None:
    """`there` are the known values of the fields to compare, or None for a row not known."""
    if there is None:
        new.lines[title].append(line)
        return
    same = True
    for name, value in there.items():
        if line[name] != value:
            same = False
            if name in identity:
                message = _("is not what is recorded under this number")
            else:
                message = _("“%(now)s” here, but recorded is “%(then)s”")
            ledger.fault(title, line, name, message % {"now": shown(line[name]), "then": shown(value)})
    new.unchanged[title] += same


def shown(value: Any) -> str:
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, bool):
        return "是" if value else "否"
    return "—" if value in (None, "") else str(value)


def compare_named(ledger: Ledger, known: Known, new: New) -> None:
    """Institutions, departments and laboratories: a field still blank here is filled in."""
    for line in ledger.good(INSTITUTIONS):
        one = known.institutions.get(line["code"])
        sort_in(ledger, new, INSTITUTIONS, line, one and filled(new, one, line, ["name", "grade", "ownership", "uscc"]))
    for line in ledger.good(DEPARTMENTS):
        there = known.departments.get((line["institution"], line["name"]))
        sort_in(ledger, new, DEPARTMENTS, line, {} if there else None)
    for line in ledger.good(LABORATORIES):
        laboratory = known.laboratories.get(line["laboratory"])
        sort_in(ledger, new, LABORATORIES, line, laboratory and filled(new, laboratory, line, ["name", "uscc"]))


def filled(new: New, one: Any, line: Line, names: list[str]) -> dict[str, str]:
    """The fields of `one` to compare; where it has none yet, the workbook's value is noted to be filled in."""
    there = {}
    for name in names:
        value = getattr(one, name)
        if value == "" and line[name]:
            new.fill.append((one, name, line[name]))
        elif line[name] != "":
            there[name] = value
    return there


def compare_people(ledger: Ledger, known: Known, new: New) -> None:
    """A person is known by staff number. An import gives posts only to accounts that cannot sign in yet:
    who may do what in the system is decided where staff are managed."""
    held: dict[str, list[Post]] = {}
    usernames = [line["username"] for line in ledger.good(PEOPLE) if line["username"] in known.users]
    for post in Post.objects.filter(user__username__in=usernames).select_related("user", "institution", "department"):
        held.setdefault(post.user.username, []).append(post)
    kept = 0
    for line in ledger.good(PEOPLE):
        user = known.users.get(line["username"])
        if user is None:
            new.lines[PEOPLE].append(line)
            continue
        posts = [post for post in held.get(user.username, []) if post.institution.code == line["institution"]]
        there = filled(new, user, line, ["name", "title"])
        roles = {LEDGER_POSTS[post] for post in posts_of(line)}
        if not posts and roles:
            if user.has_usable_password():
                kept += 1
            else:
                new.lines[PEOPLE].append(line)
                continue
        elif not roles <= {post.role_id for post in posts}:
            there["posts"] = "；".join(sorted({post.role_id for post in posts})) if not posts else _posts_named(posts)
        sort_in(ledger, new, PEOPLE, line, there)
    if kept:
        ledger.notes.append(
            _("%(count)d people have accounts here already; their posts were left as they are.") % {"count": kept}
        )


def _posts_named(posts: list[Post]) -> str:
    names = {code: name for name, code in reversed(LEDGER_POSTS.items())}
    return ";".join(names.get(post.role_id, post.role_id) for post in posts)


def compare_periods(ledger: Ledger, known: Known, new: New) -> None:
    """Credentials, contracts, their items, and prices."""
    credentials = {
        (one.laboratory.code, one.label, one.number): one for one in Credential.objects.select_related("laboratory")
    }
    for line in ledger.good(CREDENTIALS):
        there = credentials.get((line["laboratory"], line["kind"], line["number"]))
        sort_in(ledger, new, CREDENTIALS, line, there and fields(there, "valid_from", "valid_to"))
    for line in ledger.good(CONTRACTS):
        contract = known.contracts.get((line["institution"], line["number"]))
        there = contract and {
            "laboratory": contract.laboratory.code,
            **fields(contract, "valid_from", "valid_to", "procurement_method", "procurement_no"),
        }
        sort_in(ledger, new, CONTRACTS, line, there)
    items = {
        (one.contract.institution.code, one.contract.number, one.test.code): one
        for one in ContractItem.objects.select_related("contract__institution", "test")
    }
    for line in ledger.good(ITEMS):
        item = items.get((line["institution"], line["contract"], line["test"]))
        sort_in(ledger, new, ITEMS, line, item and fields(item, "settlement_price"))
    prices = {
        (one.institution.code, one.test.code, one.item_code, one.effective_from): one
        for one in Price.objects.select_related("institution", "test")
    }
    for line in ledger.good(PRICES):
        price = prices.get((line["institution"], line["test"], line["item_code"], line["effective_from"]))
        names = ("item_name", "amount", "effective_to", "published_on", "basis")
        sort_in(ledger, new, PRICES, line, price and fields(price, *names))


def fields(one: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}


def content(line: Line) -> dict[str, Any]:
    """A case's row as kept for comparison: every column but the patient's name, as JSON values."""
    return {column.name: plain(line[column.name]) for column in columns.BY_TITLE[CASES].columns if not column.identity}


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


def compare_cases(ledger: Ledger, known: Known, new: New) -> None:
    lines = ledger.good(CASES)
    compare_patients(ledger, known, new, lines)
    numbers = [line["number"] for line in lines]
    kept = {
        (code, number): row
        for code, number, row in LedgerEntry.objects.filter(referral__number__in=numbers).values_list(
            "institution__code", "referral__number", "content"
        )
    }
    recorded = set(Referral.objects.filter(number__in=numbers).values_list("institution__code", "number"))
    for line in lines:
        key = (line["institution"], line["number"])
        if key in recorded and key not in kept:
            ledger.fault(CASES, line, "number", _("is a case recorded here, not one read from a ledger"))
        elif key not in kept:
            new.lines[CASES].append(line)
        else:
            compare_case(ledger, new, line, kept[key])


def compare_case(ledger: Ledger, new: New, line: Line, kept: dict[str, Any]) -> None:
    now = content(line)
    differing = [name for name in now if now[name] != kept.get(name)]
    for name in differing:
        message = _("“%(now)s” here, but recorded is “%(then)s”")
        ledger.fault(CASES, line, name, message % {"now": shown(line[name]), "then": shown(written(kept.get(name)))})
    new.unchanged[CASES] += not differing


def written(value: Any) -> Any:
    """A kept value back in the form a person reads."""
    if isinstance(value, str) and len(value) > 10 and value[10:11] == "T":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


def compare_patients(ledger: Ledger, known: Known, new: New, lines: list[Line]) -> None:
    """A record number known here must be the same patient. Names are compared, never repeated."""
    rows = Patient.objects.filter(record_no__in={line["record_no"] for line in lines})
    there = {(one.institution.code, one.record_no): one for one in rows.select_related("institution")}
    names = dict(
        Identity.objects.filter(patient__in=[one.pk for one in there.values()]).values_list("patient_id", "name")
    )
    for line in lines:
        patient = there.get((line["institution"], line["record_no"]))
        if patient is None:
            continue
        new.patients[line["institution"], line["record_no"]] = patient.pk
        named = names.get(patient.pk)
        if named is not None and named != line["patient_name"]:
            ledger.fault(CASES, line, "patient_name", _("is not the name recorded under this record number"))
        if patient.sex != SEXES.get(line["sex"], Patient.Sex.UNKNOWN):
            ledger.fault(CASES, line, "sex", _("is not what is recorded under this record number"))
        if patient.birth_year != line["birth_year"]:
            ledger.fault(CASES, line, "birth_year", _("is not what is recorded under this record number"))


def kept_months(ledger: Ledger) -> set[tuple[str, str, str]]:
    """Laboratory, institution and month that a ledger adds nothing to: closed, or with a statement given in here."""
    asked = {line["month"] for line in ledger.good(BILLS)}
    closed = Reconciliation.objects.filter(month__in=asked, closed_at__isnull=False)
    given = Statement.objects.filter(month__in=asked, upload__isnull=False).standing()
    names = ("laboratory__code", "institution__code", "month")
    return {*closed.values_list(*names), *given.values_list(*names)}


def compare_bills(ledger: Ledger, known: Known, new: New) -> None:
    """A statement is known by laboratory, institution and month. Lines may be added to it, never changed."""
    there: dict[tuple[str, ...], Counter] = {}
    asked = {line["month"] for line in ledger.good(BILLS)}
    for line in StatementLine.objects.filter(statement__month__in=asked).select_related(
        "statement__laboratory", "statement__institution"
    ):
        bill = line.statement
        key = (bill.laboratory.code, bill.institution.code, bill.month)
        there.setdefault(key, Counter())[line.sample_no, line.test_code, line.received_on, line.amount] += 1
    unmatched = []
    for line in ledger.good(BILLS):
        left = there.get((line["laboratory"], line["institution"], line["month"]), Counter())
        row = (line["sample_no"], line["test"], line["received_on"], line["amount"])
        if left[row] > 0:
            left[row] -= 1
            new.unchanged[BILLS] += 1
        else:
            unmatched.append((line, left))
    kept = kept_months(ledger) if unmatched else set()
    for line, left in unmatched:
        if (line["laboratory"], line["institution"], line["month"]) in kept:
            message = _("this month is closed, or the laboratory's own statement was given in; no line can be added")
            ledger.fault(BILLS, line, "month", message)
            continue
        former = next((row for row, count in left.items() if count > 0 and row[0] == line["sample_no"]), None)
        if former is None:
            new.lines[BILLS].append(line)
            continue
        left[former] -= 1
        sort_in(ledger, new, BILLS, line, dict(zip(("test", "received_on", "amount"), former[1:], strict=True)))
