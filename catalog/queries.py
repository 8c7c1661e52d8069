"""Questions to the catalog: what is in force somewhere on a day, who may ask, which drug needs what."""

import re
from datetime import date, datetime

from django.utils import timezone

from catalog.models import (
    DrugTargetRule,
    Edition,
    GeneTest,
    Grade,
    Indication,
    InHouseCapability,
    RequestAuthority,
)


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
    editions = Edition.objects.in_force(on)
    if institution_id and (own := editions.filter(institution=institution_id).first()):
        return own
    if starter := editions.filter(institution__isnull=True).first():
        return starter
    basis = Edition.objects.exclude(status=Edition.Status.DRAFT).filter(basis_for_history=True, in_force_from__gt=on)
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
    """Whether the institution had registered this test as its own on that day (clauses A2, A14)."""
    on = day_of(at)
    registered = InHouseCapability.objects.filter(institution=institution, test=test, registered_on__lte=on)
    return registered.exclude(ends_on__lt=on).exists()


def drug_rules(drug: str, indication: str = "", line: str = "") -> list[DrugTargetRule]:
    """The rules that bear on this drug for this indication and line (clause A31: never by drug alone).

    With an indication only rules that name it in full, or share its words, are kept; the same for the line.
    When nothing fits the indication, every rule of the drug is returned: then a pharmacist must choose.
    """
    rules = [rule for rule in DrugTargetRule.objects.all() if _same_drug(drug, rule)]
    for wanted, name in ((indication, "indication"), (line, "line")):
        if wanted:
            fitting = [rule for rule in rules if _speaks_of(getattr(rule, name), wanted)]
            rules = fitting or rules
    return rules


def requires(drug: str, indication: str = "", line: str = "") -> bool | None:
    """Whether a target test must stand before this drug; None when the rules disagree or are silent.

    None means a person decides by the label (G26 is written so on purpose).
    """
    answers = {
        {DrugTargetRule.Need.TEST: True, DrugTargetRule.Need.NONE: False}.get(DrugTargetRule.Need(rule.need))
        for rule in drug_rules(drug, indication, line)
    }
    return answers.pop() if len(answers) == 1 else None


def _same_drug(drug: str, rule: DrugTargetRule) -> bool:
    """By name; a combination (达拉非尼+曲美替尼) is one name, and its parts are not it."""
    plain = _plain(drug)
    return any(plain == _plain(name) for name in rule.drug_names)


def _speaks_of(text: str, wanted: str) -> bool:
    here, there = _plain(text), _plain(wanted)
    return bool(here) and (there in here or here in there)


def _plain(text: str) -> str:
    return re.sub(r"[\s（）()，,；;]", "", text).replace("＋", "+").lower()
