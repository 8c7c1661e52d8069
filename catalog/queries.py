"""Questions to the catalog: what is in force somewhere on a day, who may ask, which drug needs what."""

import difflib
import re
from collections.abc import Collection
from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from catalog import capability
from catalog.gene_names import current_symbol, other_names
from catalog.models import (
    DrugTargetRule,
    Edition,
    FormularyEntry,
    Gene,
    GeneTest,
    Grade,
    Indication,
    RequestAuthority,
    RuleEdition,
)
from catalog.targets.criteria import same_drug


def day_of(at: date | datetime) -> date:
    """The calendar day, in the site's time zone, of a moment or a day."""
    if isinstance(at, datetime):
        return timezone.localtime(at).date() if timezone.is_aware(at) else at.date()
    return at


def edition_in_force(institution, at: date | datetime) -> Edition | None:
    """The institution's own edition in force on that day, else the county's starter.

    A day before every edition belongs to imported history: then the edition kept as its basis counts.
    `institution` is an Institution, its id, or None for the starter alone.
    """
    on = day_of(at)
    institution_id = getattr(institution, "pk", institution)
    here = Q(institution__isnull=True) | Q(institution=institution_id)
    editions = Edition.objects.in_force(on).filter(here)
    # Its own before the county's.
    if standing := sorted(editions, key=lambda one: one.institution_id is None):
        return standing[0]
    basis = Edition.objects.binding().filter(basis_for_history=True, in_force_from__gt=on)
    if institution_id and (own := basis.filter(institution=institution_id).last()):
        return own
    return basis.filter(institution__isnull=True).last()


def indication_in_force(code: str, institution, at: date | datetime) -> Indication | None:
    """The line of that code in the edition in force, or None: then X02 is broken."""
    edition = edition_in_force(institution, at)
    return (
        Indication.objects.select_related("edition", "test").filter(edition=edition, code=code).first()
        if edition and code
        else None
    )


def indications_for(test: GeneTest, diagnosis_code: str, institution, at: date | datetime) -> list[Indication]:
    """The lines in force that name this test and cover this diagnosis."""
    edition = edition_in_force(institution, at)
    if edition is None:
        return []
    lines = Indication.objects.select_related("edition", "test").filter(edition=edition, test=test)
    return [line for line in lines if line.covers(diagnosis_code)]


def authority(user, institution, at: date | datetime) -> Grade | None:
    """The highest grade this doctor may ask for there on that day; None without any (X04)."""
    grades = RequestAuthority.objects.in_force(day_of(at)).filter(user=user, institution=institution)
    held = [Grade(grade) for grade in grades.values_list("grade", flat=True)]
    return max(held, key=lambda grade: grade.rank, default=None)


def may_request(user, institution, grade: str, at: date | datetime) -> bool:
    held = authority(user, institution, at)
    return held is not None and held.rank >= Grade(grade).rank


def done_in_house(institution, test: GeneTest, at: date | datetime) -> bool:
    """Whether the institution may do this test itself on that day: registered, and all it stands on holds (A2, A14)."""
    return bool(capability.open_tests(institution, [test], day_of(at)))


# A symbol as it is written: letters and digits, as H3-3A, NTRK1/2/3 apart; never a method or a marker's name.
SYMBOL = re.compile(r"(?<![A-Za-z0-9-])[A-Z][A-Z0-9]{1,9}(?:-[A-Z0-9]{1,4})?(?![A-Za-z0-9])")
NO_GENES = {
    "TMB", "MSI", "HRD", "LOH", "TAI", "LST", "EBV", "EBER", "DNA", "RNA", "PCR", "NGS", "FISH", "IHC", "HRR", "BAT",
    "MMR", "CPS", "TPS",
}  # fmt: skip


def symbols_in(genes: str) -> list[str]:
    """The gene symbols in a cell: KRAS、NRAS; NTRK1/2/3 says NTRK1, and 微卫星位点（BAT-25…） none."""
    found = [one for one in SYMBOL.findall(genes) if one not in NO_GENES and one.split("-")[0] not in NO_GENES]
    return list(dict.fromkeys(one for one in found if not re.fullmatch(r"[A-Z]\d{1,2}", one)))


def gene_symbols() -> frozenset[str]:
    """The symbols known here: those of the table of genes, and those that the binding editions use."""
    cells = Indication.objects.filter(edition__status__in=Edition.BINDING).order_by().values_list("genes", flat=True)
    used = {symbol for cell in cells.distinct() for symbol in symbols_in(cell)}
    # Written under a former name somewhere, it is not known by that name.
    return frozenset(used - set(other_names())) | frozenset(Gene.objects.values_list("symbol", flat=True))


def known_symbol(symbol: str, among: Collection[str] | None = None) -> tuple[bool, str]:
    """Whether this gene symbol is known here, and if not the nearest that is ("" without one): the current symbol of a
    former or customary name, else one that is written alike. `among` is `gene_symbols()`, for those who ask of many."""
    known = gene_symbols() if among is None else among
    if symbol in known:
        return True, symbol
    wanted = current_symbol(symbol)
    if wanted in known:
        return False, wanted
    near = difflib.get_close_matches(wanted, sorted(known), n=1, cutoff=0.7)
    return False, near[0] if near else ""


def rule_edition_in_force(institution, at: date | datetime) -> RuleEdition | None:
    """The institution's own edition of the drug rules in force on that day, else the county's."""
    institution_id = getattr(institution, "pk", institution)
    found = list(RuleEdition.objects.in_force(day_of(at)).filter(Q(institution=institution_id) | Q(institution=None)))
    return next((one for one in found if one.institution_id), found[0] if found else None)


def rules_in_force(institution, at: date | datetime) -> list[DrugTargetRule]:
    """The drug rules of the edition in force there on that day; each knows its edition."""
    institution_id = getattr(institution, "pk", institution)
    editions = RuleEdition.objects.in_force(day_of(at)).filter(Q(institution=institution_id) | Q(institution=None))
    rules = list(DrugTargetRule.objects.filter(edition__in=editions.values("pk")).select_related("edition"))
    own = [one for one in rules if one.edition.institution_id]
    return own or rules


def requires(drug: str, indication: str = "", line: str = "", *, institution=None, at=None) -> bool | None:
    """Whether a target test must stand before this drug; None when the rules disagree or are silent.

    None means a person decides by the label (G26 is written so on purpose). Never by the drug alone (A31).
    """
    needs = {
        use.need
        for rule in rules_in_force(institution, at or timezone.localdate())
        if any(same_drug(drug, name) for name in rule.drug_names)
        for use in rule.read_uses
        if (not indication or use.speaks_of(indication)) and (not line or use.in_line(line))
    }
    return {"test": True, "none": False}.get(needs.pop()) if len(needs) == 1 else None


def formulary_status(drug: str, institution, on: date | datetime) -> FormularyEntry | None:
    """What is recorded here of a drug on a day: formulary, insurance class, restriction (A33). None: nothing."""
    return FormularyEntry.objects.on(day_of(on)).filter(institution=institution, drug=drug.strip()).first()


def formulary_of(drugs, institution, on: date | datetime) -> dict[str, FormularyEntry]:
    """The same for several drugs at once, by name; one query."""
    found = FormularyEntry.objects.on(day_of(on)).filter(institution=institution, drug__in=list(drugs))
    return {one.drug: one for one in found}
