"""The outsourced-test catalog (外送检测项目目录, columns of `reports.md` §5; clauses A24–A26, B8–B11, B14).

Nothing of it is typed: it follows from contracts, admissions, credentials, rounds of quality assessment, price items,
the edition in force, and the register of in-house capability. The page, the exports, the API and the public list are
the same lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from catalog import capability
from catalog.models import Indication, InHouseCapability
from catalog.queries import edition_in_force
from documents import together
from documents.templatetags.formats import day
from vendors import admitting
from vendors.models import (
    AdmissionPaper,
    AdmissionSpan,
    ClauseTick,
    ContractItem,
    Credential,
    LaboratoryRound,
    NotOutsourcingStatement,
    Price,
    PricePart,
)

# Of the contract's clauses: the specimens it asks for, and how they travel.
SPECIMENS, TRANSPORT = "C03", "C04"
REAGENTS, DEVICES = "Q08", "Q10"

LAPSED = gettext_lazy("%(paper)s of %(laboratory)s is not in force: the way out is shut.")
ABROAD = gettext_lazy("%(laboratory)s is foreign-controlled or tests outside the mainland: the way out is shut.")
ORIGIN_UNKNOWN = gettext_lazy(
    "Whether %(laboratory)s is foreign-controlled and tests on the mainland is not recorded: the way out is shut."
)
STATED = gettext_lazy("The hospital has stated that it sends no gene tests out (%(number)s): the way out is shut.")


@dataclass
class Line:
    """One test at one laboratory under one contract, with everything the catalog says of it."""

    item: ContractItem
    indications: list[Indication] = field(default_factory=list)
    price: Price | None = None
    # Why it is not done in-house (A24); empty: it is, and nothing is sent out.
    why_not_here: list[str] = field(default_factory=list)
    # Why it may not be sent there that day; empty: it may.
    against: list[str] = field(default_factory=list)
    standing: str = ""
    round: LaboratoryRound | None = None
    licence: Credential | None = None
    papers: dict[str, AdmissionPaper] = field(default_factory=dict)
    clauses: dict[str, ClauseTick] = field(default_factory=dict)
    edition: str = ""

    @property
    def pk(self) -> int:
        return self.item.pk

    @property
    def draft(self) -> int:
        """The draft its contract was signed from; 0 for a contract of the ledger."""
        made = getattr(self.item.contract, "draft", None)
        return made.pk if made else 0

    @property
    def in_house(self) -> bool:
        return not self.why_not_here

    @property
    def is_open(self) -> bool:
        """Sent there that day: not done in-house, and nothing stands against it."""
        return not self.against and not self.in_house

    @property
    def cells(self) -> list[tuple[str, Any]]:
        """Heading and value of each column, in the order of the form."""
        return [(str(heading), value(self)) for _key, heading, _width, _kind, value in COLUMNS]

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The columns as words."""
        return [(heading, _words(value)) for heading, value in self.cells]


def _words(value: Any) -> str:
    if isinstance(value, date):
        return day(value)
    return "—" if value in (None, "") else str(value)


def items(institution: Any, on: date) -> QuerySet[ContractItem]:
    """The tests under a contract that runs that day."""
    return (
        ContractItem.objects.filter(institution=institution)  # type: ignore[attr-defined]
        .in_force(on)
        .select_related("test", "laboratory", "contract__draft")
        .order_by("test__code", "laboratory__code", "pk")
    )


def lines(institution: Any, found: Iterable[ContractItem], on: date) -> list[Line]:
    """These items with all that is said of them that day; a constant number of queries."""
    made = [Line(one) for one in found]
    if not made:
        return []
    tests, laboratories = {one.item.test_id for one in made}, {one.item.laboratory_id for one in made}
    edition = edition_in_force(institution, on)
    prices = Price.objects.filter(institution=institution, test__in=tests).in_force(on).published(on)
    parts = Prefetch("parts", PricePart.objects.select_related("item"))
    price = {one.test_id: one for one in prices.prefetch_related(parts).order_by("effective_from", "pk")}
    admissions = admitting.querysets([institution.pk], tests)
    rows = together.rows(
        {
            **admissions,
            "indications": Indication.objects.filter(edition=edition, test__in=tests).defer("says").order_by("code"),
            "credentials": Credential.objects.filter(laboratory__in=laboratories).in_force(on).order_by("valid_from"),
            "stated": NotOutsourcingStatement.objects.filter(institution=institution).in_force(on),  # type: ignore[attr-defined]
            "products": AdmissionPaper.objects.filter(
                institution=institution, check_code__in=[REAGENTS, DEVICES], admission__concluded_at__isnull=False
            ).order_by("pk"),
            "clauses": ClauseTick.objects.filter(
                draft__in={one.draft for one in made}, clause__in=[SPECIMENS, TRANSPORT]
            ).order_by("pk"),
        }
    )
    register = admitting.Admissions({name: rows[name] for name in admissions})
    clauses: dict[Any, dict[str, ClauseTick]] = defaultdict(dict)
    for tick in rows["clauses"]:
        clauses[tick.draft_id][tick.clause] = tick
    indications = _grouped(rows["indications"], "test_id")
    held = {(one.laboratory_id, one.kind): one for one in rows["credentials"]}
    here = _not_here(institution, tests, on)
    at = _moment(on)
    for line in made:
        one = line.item
        line.indications, line.price = indications.get(one.test_id, []), price.get(one.test_id)
        line.why_not_here, line.clauses = here[one.test_id], clauses.get(line.draft, {})
        line.edition = edition.number if edition else ""
        line.licence = held.get((one.laboratory_id, Credential.Kind.PRACTICE_LICENCE))
        line.round = register.latest_round(one.laboratory_id, one.test_id, on)
        line.against = [
            *_stated(rows["stated"]), *_papers(one, held), *_origin(one),
            *register.against(institution.pk, one.laboratory, one.test, at),
        ]  # fmt: skip
        line.standing, span = _standing(register, institution.pk, one, at)
        line.papers = {
            paper.check_code: paper for paper in rows["products"] if span and paper.admission_id == span.admission_id
        }
    return made


def catalog(institution: Any, on: date) -> list[Line]:
    """The whole catalog of a hospital that day."""
    return lines(institution, items(institution, on), on)


def _moment(on: date) -> datetime:
    """Of today this moment, of another day its noon: what was suspended in the morning is not open at noon."""
    if on == timezone.localdate():
        return timezone.now()
    return timezone.make_aware(datetime.combine(on, time(12)))


def _grouped(rows: Iterable[Any], name: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _not_here(institution: Any, tests: set[int], on: date) -> dict[int, list[str]]:
    """Why the hospital does not do each test itself that day (A24); nothing: it does."""
    mine = list(InHouseCapability.objects.filter(institution=institution, test__in=tests))
    registry = capability.Registry.of(mine)
    found: dict[int, list[str]] = {}
    for test in tests:
        known = [one for one in mine if one.test_id == test]
        shut = [[str(each.message) for each in registry.shut(one, on)] for one in known]
        if not known:
            found[test] = [_("The hospital has not registered the test as done in-house.")]
        else:
            found[test] = (
                [] if any(not each for each in shut) else list(dict.fromkeys(m for each in shut for m in each))
            )
    return found


def _stated(rows: list[NotOutsourcingStatement]) -> Iterator[str]:
    for one in rows:
        yield STATED % {"number": one.number}


def _papers(item: ContractItem, held: dict) -> Iterator[str]:
    for kind in Credential.REQUIRED:
        if (item.laboratory_id, kind) not in held:
            yield LAPSED % {"paper": kind.label, "laboratory": item.laboratory.name}


def _origin(item: ContractItem) -> Iterator[str]:
    """X13."""
    one = item.laboratory
    if one.foreign_controlled or one.in_mainland is False:
        yield ABROAD % {"laboratory": one.name}
    elif one.foreign_controlled is None or one.in_mainland is None:
        yield ORIGIN_UNKNOWN % {"laboratory": one.name}


def _standing(
    register: admitting.Admissions, institution: int, item: ContractItem, at: datetime
) -> tuple[str, AdmissionSpan | None]:
    span = register.span(institution, item.laboratory_id, at)
    if span is None:
        by_contract = register.by_contract(institution, item.laboratory, at)
        return (_("by its contract, as the ledger has it") if by_contract else _("not admitted by this hospital")), None
    words = str(span.get_kind_display())
    return (f"{words}：{span.reason}" if span.reason and span.kind != AdmissionSpan.Kind.OPEN else words), span


# The columns: key, heading, width in the workbook, kind, value. The public list and the form say the same.


def _once(values: Iterable[str]) -> str:
    return "；".join(dict.fromkeys(one for one in values if one))


def _tumours(line: Line) -> str:
    return _once(f"{one.tumour}（{one.icd10}）{one.setting}" for one in line.indications)


def _basis(line: Line) -> str:
    return _once(
        f"{one.guideline}（{one.issuer}，{one.year}）{one.doc_no} {one.recommendation}".replace("  ", " ").strip()
        for one in line.indications
    )


def _contract(line: Line) -> str:
    one = line.item.contract
    return f"{one.number}（{day(one.valid_from)}—{day(one.valid_to)}）"


def _procured(line: Line) -> str:
    one = line.item.contract
    return " ".join(part for part in (one.procurement_method, one.procurement_no) if part)


def _products(line: Line) -> str:
    return _once(f"{one.number} {one.note}".strip() for _code, one in sorted(line.papers.items()))


def _round(line: Line) -> str:
    if line.round is None:
        return ""
    passed = _("passed") if line.round.passed else _("not passed")
    return f"{line.round} {day(line.round.held_on)} {passed}"


def _clause(code: str) -> Any:
    return lambda line: line.clauses[code].quote if code in line.clauses else ""


def _price_items(line: Line) -> str:
    if line.price is None:
        return ""
    parts = [f"{one.item.code} {one.item.name}×{one.quantity}" for one in line.price.parts.all()]
    return "；".join(parts) or f"{line.price.item_code} {line.price.item_name}"


def _amount(line: Line) -> Decimal | None:
    return line.price.amount if line.price else None


def _note(line: Line) -> str:
    here = [_("done in-house; nothing is sent out")] if line.in_house else []
    return "；".join([*here, *line.against])


COLUMNS: tuple[tuple[str, Any, int, str, Any], ...] = (
    ("test_name", gettext_lazy("Test"), 22, "text", lambda one: one.item.test.name),
    ("genes", gettext_lazy("Genes or targets (HGNC)"), 18, "text", lambda one: one.item.test.genes),
    ("method", gettext_lazy("Method"), 14, "text", lambda one: one.item.test.method),
    ("tumours", gettext_lazy("Tumours (ICD-10) and indications"), 36, "text", _tumours),
    ("purpose", gettext_lazy("Purpose of the test"), 18, "text", lambda one: _once(x.purpose for x in one.indications)),
    ("basis", gettext_lazy("Basis: document, issuer, year, recommendation"), 36, "text", _basis),
    (
        "grade", gettext_lazy("Management grade"), 12, "text",
        lambda one: _once(str(x.get_grade_display()) for x in one.indications),
    ),
    ("why_not_here", gettext_lazy("Why not done in-house"), 28, "text", lambda one: "；".join(one.why_not_here)),
    (
        "specimen", gettext_lazy("Specimen and requirements"), 24, "text",
        lambda one: _once([one.item.test.specimen, _clause(SPECIMENS)(one)]),
    ),
    ("transport", gettext_lazy("Keeping and transport"), 24, "text", _clause(TRANSPORT)),
    ("laboratory", gettext_lazy("Laboratory"), 26, "text", lambda one: one.item.laboratory.name),
    ("contract", gettext_lazy("Contract number and period"), 28, "text", _contract),
    ("procurement", gettext_lazy("Procurement method and number"), 22, "text", _procured),
    ("products", gettext_lazy("Platform and reagents, registration numbers"), 24, "text", _products),
    ("round", gettext_lazy("Latest quality assessment"), 24, "text", _round),
    (
        "turnaround_days", gettext_lazy("Promised turnaround (working days)"), 10, "integer",
        lambda one: one.item.turnaround_days,
    ),
    ("price_items", gettext_lazy("Price items, code and name"), 32, "text", _price_items),
    ("amount", gettext_lazy("Price charged (yuan)"), 12, "money", _amount),
    (
        "insurance_class", gettext_lazy("Insurance class"), 10, "text",
        lambda one: one.price.insurance_class if one.price else "",
    ),
    (
        "published_on", gettext_lazy("Published on"), 12, "day",
        lambda one: one.price.published_on if one.price else None,
    ),
    ("edition", pgettext_lazy("of the catalog", "Edition"), 16, "text", lambda one: one.edition),
    ("effective_from", gettext_lazy("Effective from"), 12, "day", lambda one: one.item.valid_from),
    ("effective_to", gettext_lazy("In use until"), 12, "day", lambda one: one.item.valid_to),
    ("standing", gettext_lazy("Admission"), 16, "text", lambda one: one.standing),
    ("note", gettext_lazy("Note"), 36, "text", _note),
)  # fmt: skip


def searched(found: QuerySet[ContractItem], words: str) -> QuerySet[ContractItem]:
    """The items whose test or laboratory has these words."""
    words = words.strip()
    if not words:
        return found
    return found.filter(
        Q(test__name__icontains=words) | Q(test__genes__icontains=words) | Q(laboratory__name__icontains=words)
    )
