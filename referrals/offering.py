"""What the catalog offers at the point of order (clauses A21, A33, B4): for words, a diagnosis and a patient, the lines in
force with everything a doctor decides by, and the answer to tests that have no place in the catalog.

However many lines are shown, the database is asked the same number of times (sixteen at most).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from catalog import capability, evidence, grading, restricted
from catalog import queries as catalog
from catalog.models import FormularyEntry, GeneTest, Grade, Indication, NotIndicated
from catalog.models.grading import Requirement, Title
from catalog.models.searching import drug_names
from documents import together
from referrals import requesting
from referrals.models import Patient, Referral, Result
from vendors import admitting, insurance
from vendors.models import ContractItem, Credential, Laboratory, NotOutsourcingStatement, Price

SHOWN = 30


@dataclass(frozen=True)
class Linked:
    """A drug of the line, and what is recorded here of it (A33); None: nothing is recorded."""

    name: str
    entry: FormularyEntry | None


@dataclass(frozen=True)
class Repeat:
    """An earlier report that makes the test a repeat (A21), and the answer to give."""

    result: Result
    message: str
    code: str


@dataclass
class Offer:
    """One line of the catalog as a choice: with what it costs here, where it would be done, and what comes first."""

    line: Indication
    covers: bool | None
    # In yuan; None: no price in force.
    price: Decimal | None = None
    # What of it the patient pays and the insurance reckons with.
    shares: insurance.Shares | None = None
    published_on: date | None = None
    in_house: bool = False
    outsourced: bool = False
    # In-house, or a laboratory could take it today; none is named to who requests (X16).
    is_open: bool = False
    chosen: bool = False
    # Why the row takes no new request (X02): an unreviewed newer edition, or evidence that does not count here.
    closed: str = ""
    drugs: list[Linked] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    needed: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        if self.in_house:
            return _("in-house")
        return _("sent to a contracted laboratory") if self.outsourced else _("no way open today")

    @property
    def is_shut(self) -> bool:
        """Under contract, and no laboratory may take it today: credentials, X13 or X15 stand against each."""
        return self.outsourced and not self.is_open


@dataclass
class Offers:
    """The answer to a catalog search: what is indicated, and what is known not to be."""

    lines: list[Offer] = field(default_factory=list)
    refused: list[restricted.Answer] = field(default_factory=list)
    more: bool = False


def offers(
    institution: Institution,
    words: str,
    diagnosis_code: str = "",
    chosen: int | None = None,
    on: date | None = None,
    pathology: str = "",
    stage: str = "",
    patient: Patient | None = None,
    by: User | None = None,
) -> Offers:
    """The lines of the edition in force that `words` mean, those that cover the diagnosis first; and the answers
    to tests that have no place in the catalog. The chosen line always stands on the list. With a patient: what is on
    record that makes a line a repeat; with the doctor: whether the authority reaches."""
    on = on or timezone.localdate()
    wanted = diagnosis_code.strip()
    found = _found(institution, words, wanted, chosen, on, pathology)
    listed = [
        Offer(one, one.covers(wanted) and not one.leaves_out(pathology) if wanted else None, chosen=one.pk == chosen)
        for one in found
    ]
    # A drug before which no test is asked for is looked up for words of Chinese only, as drugs are written.
    rules = catalog.rules_in_force(institution, on) if words.strip() and not words.isascii() else []
    items = list(NotIndicated.objects.all()) if words.strip() or patient else []
    refused = restricted.answers(words, f"{pathology} {stage}", rules, items)
    answer = Offers(listed[:SHOWN], refused, more=len(listed) > SHOWN)
    if not listed:
        return answer
    complete(answer.lines, institution, on)
    shut = evidence.closed([one.line for one in answer.lines], institution, on)
    for one in answer.lines:
        one.closed = shut.get(one.line.pk, "")
    _add_drugs(answer.lines, institution, on)
    records = requesting.records_of(patient) if patient else []
    first = bool(patient and wanted and requesting.first_visit(patient, wanted, records).answer)
    held = catalog.authority(by, institution, on) if by else None
    rules_here = grading.rules_on(institution, timezone.now())
    for one in answer.lines:
        one.needed = _needed(one, first, by, held, grading.asked_of(one.line, rules_here))
    if patient:
        templates = {one.code: one.message for one in items}
        _add_repeats(answer.lines, requesting.results_of(patient, records), templates, timezone.now())
    return answer


def _found(
    institution: Institution, words: str, wanted: str, chosen: int | None, on: date, pathology: str
) -> list[Indication]:
    edition = catalog.edition_in_force(institution, on)
    if edition is None or not (words.strip() or chosen or wanted):
        return []
    lines = Indication.objects.filter(edition=edition)
    covers = Q(pk__in=[])
    if wanted:
        covers = lines.covering_condition(wanted)
        if Indication(tumour="非小细胞").leaves_out(pathology):
            covers &= ~Q(tumour__startswith="非小细胞")
    # Without words, a diagnosis alone shows what is indicated for it.
    found = lines.search(words) if words.strip() else lines.filter(covers)
    if chosen:
        found = found | lines.filter(pk=chosen)
    rank = Case(When(pk=chosen, then=Value(0)), When(covers, then=Value(1)), default=Value(2))
    ranked = list(found.order_by(rank, "code").select_related("test").defer("says", "test__says")[: SHOWN + 1])
    for one in ranked:
        one.edition = edition
    return ranked


def complete(listed: list[Offer], institution: Institution, on: date) -> None:
    """Price, and where it would be done; a constant number of queries."""
    here, tests = {"institution": institution, "test": OuterRef("pk")}, {one.line.test_id for one in listed}
    price = Price.objects.in_force(on).filter(**here).order_by("-effective_from")
    own = capability.open_tests(institution, tests, on)
    items = ContractItem.objects.filter(_until("valid_to", on), **here, valid_from__lte=on)
    known = GeneTest.objects.filter(pk__in=tests).annotate(
        amount=Subquery(price.values("amount")[:1]),
        published_on=Subquery(price.values("published_on")[:1]),
        insurance_class=Subquery(price.values("insurance_class")[:1]),
        self_paid=Subquery(price.values("self_paid")[:1]),
        contracted=Exists(items),
    )
    taken = _taken_today(institution, tests, on)
    by_test = {one.pk: one for one in known}
    for one in listed:
        test: Any = by_test[one.line.test_id]
        one.price, one.published_on = test.amount, test.published_on
        if test.amount is not None:
            one.shares = insurance.reckoned(test.amount, test.insurance_class, test.self_paid)
        one.in_house, one.outsourced = test.pk in own, test.contracted
        one.is_open = one.in_house or test.pk in taken


def _until(last: str, on: date) -> Q:
    """Not ended by that day; the last day counts."""
    return Q(**{f"{last}__isnull": True}) | Q(**{f"{last}__gte": on})


def _open_today(items: QuerySet, institution: Institution, on: date) -> QuerySet:
    """The items whose laboratory could take the test today, by the facts of X06, X13 and X15."""
    papers = Credential.objects.filter(_until("valid_to", on), laboratory=OuterRef("laboratory"), valid_from__lte=on)
    stays = NotOutsourcingStatement.objects.filter(_until("valid_to", on), institution=institution, valid_from__lte=on)
    items = items.filter(~Exists(stays), laboratory__foreign_controlled=False, laboratory__in_mainland=True)
    return items.filter(*(Exists(papers.filter(kind=kind)) for kind in Credential.REQUIRED))


def _taken_today(institution: Institution, tests: set[int], on: date) -> set[int]:
    """The tests that some laboratory could take today, admitted for them as X06 asks; one query for all."""
    items = ContractItem.objects.filter(
        _until("valid_to", on), institution=institution, test__in=tests, valid_from__lte=on
    )
    listed = {
        "items": _open_today(items, institution, on).order_by("pk"),
        "laboratories": Laboratory.objects.order_by("pk"),
        "tests": GeneTest.objects.filter(pk__in=tests).order_by("pk"),
    }
    rows = together.rows({**listed, **admitting.querysets([institution.pk], tests)})
    register, now = admitting.Admissions(rows), timezone.now()
    laboratories, by_key = ({one.pk: one for one in rows[name]} for name in ("laboratories", "tests"))
    return {
        item.test_id
        for item in rows["items"]
        if not register.against(institution.pk, laboratories[item.laboratory_id], by_key[item.test_id], now)
    }


def offer(referral: Referral) -> Offer | None:
    """What the requested test costs here and where it would be done, today."""
    if referral.indication is None:
        return None
    one = Offer(referral.indication, True)
    complete([one], referral.institution, timezone.localdate())
    return one


def _add_drugs(listed: list[Offer], institution: Institution, on: date) -> None:
    named = {one.line.pk: drug_names(one.line.drugs) for one in listed}
    every = {name for names in named.values() for name in names}
    recorded = catalog.formulary_of(every, institution, on) if every else {}
    for one in listed:
        one.drugs = [Linked(name, recorded.get(name)) for name in named[one.line.pk]]


def _needed(one: Offer, first: bool, by: User | None, held: Grade | None, asked: Requirement) -> list[str]:
    """What comes before this line can be done. The doctor `by`, where known, has the authority `held`."""
    grade, needed = Grade(one.line.grade), []
    if one.line.needs_evidence_and_discussion:
        needed.append(_("papers as evidence and a departmental discussion (clause A22)"))
    elif asked.papers or asked.discussion:
        more = ([_("papers as evidence")] if asked.papers else []) + (
            [_("a departmental discussion")] if asked.discussion else []
        )
        said = _("%(what)s (the hospital's requirements per grade, clause A23)")
        needed.append(said % {"what": "、".join(more)})
    if asked.mdt or (first and one.covers):
        needed.append(_("an MDT conclusion (clause B5)"))
    if by and Title.of(by.title).rank < Title(asked.title).rank:
        said = _("a doctor with the title %(title)s or above (the hospital's requirements per grade, clause A23)")
        needed.append(said % {"title": asked.title_label})
    if by and (held is None or held.rank < grade.rank):
        said = _("a doctor whose request authority covers “%(grade)s”: yours does not (clause A23)")
        needed.append(said % {"grade": grade.label})
    return needed


def _add_repeats(listed: list[Offer], results: Iterable[Result], templates: Mapping[str, str], at: datetime) -> None:
    """N10: a germline result counts for life. N11: the same gene within the years of `requesting.EARLIER_YEARS`."""
    since = at - timedelta(days=round(requesting.EARLIER_YEARS * 365.25))
    earlier = [(one, requesting.genes_of(one.referral.test)) for one in results]
    for one in listed:
        wanted = requesting.genes_of(one.line.test)
        for result, genes in earlier:
            if result.referral.test_id != one.line.test_id and not wanted & genes:
                continue
            if is_germline(one.line) and is_germline(result.referral.indication):
                one.repeats.append(_germline(result, templates))
            elif result.reported_at >= since:
                days = (timezone.localdate(at) - timezone.localdate(result.reported_at)).days
                said = restricted.repeat_of_gene(templates.get(restricted.GENE_AGAIN, ""), days=days)
                one.repeats.append(Repeat(result, said, restricted.GENE_AGAIN))


def _germline(result: Result, templates: Mapping[str, str]) -> Repeat:
    said = restricted.repeat_of_germline(
        templates.get(restricted.GERMLINE_AGAIN, ""),
        day=timezone.localdate(result.reported_at),
        institution=result.referral.institution.name,
    )
    return Repeat(result, said, restricted.GERMLINE_AGAIN)


def is_germline(line: Indication | None) -> bool:
    return bool(line and line.germline.startswith("是"))
