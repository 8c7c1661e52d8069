"""A targeted drug stands on a result that shows its target (X12)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.gates import Act, Judgement, cannot_judge, not_applicable, passes, refuses
from catalog.models import DrugTargetRule
from referrals.gates.case import Case, brought, latest, rule
from referrals.models import Prescription, Result

NO_TARGET = _("%(drug)s for %(indication)s needs a test that shows %(target)s; no result that supports it was found.")
# Clinicians' names beside the symbols the catalog stores (vocab.md §12).
OTHER_NAMES = {"HER2": "ERBB2", "PD-L1": "CD274", "HER-2": "ERBB2"}
GENE = re.compile(r"PD-L1|HER-2|[A-Z][A-Z0-9]{2,}")
# L858R, T790M, G12C, 19del, ex20ins: the place in the gene a report has to name.
PLACE = re.compile(r"(?<![A-Z0-9])[A-Z]\d{2,}[A-Z]?(?![A-Z0-9])|\d+del|ex\d+\w*", re.ASCII)
# Methods, measures, diseases and families that look like a gene's symbol.
NOT_GENES = re.compile(r"IHC\d?|ISH|FISH|TPS|RAS|NSCLC|GIST|CML|AML|CLL|MCL|ALL|TMB")
POSITIVE = {"阳性", "分子方法阳性"}


@rule("X12", clauses=["A31"], title=_("Target shown before a targeted drug"))
def target_is_shown(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A drug whose label asks for a target, for that indication and line, stands on a result that shows it (A31).

    The rule hangs on drug, indication and line together, never on the drug alone; no test is asked for where the
    label asks for none. A result that a rule cannot read (a threshold, an expression) is left to the pharmacist.
    """
    prescription = brought(act, "prescription") or latest(case.prescriptions, "prescribed_at", at)
    if prescription is None:
        return not_applicable(_("No targeted drug has been ordered on this case."))
    rules = [one for one in case.registers.drug_rules if _speaks_of(one, prescription)]
    facts: list[tuple] = [(_("drug"), prescription.drug), (_("drug's indication"), prescription.indication)]
    if prescription.line:
        facts.append((_("line or setting"), prescription.line))
    if not rules:
        return cannot_judge(_("a rule for this drug, indication and line"), facts=facts)
    verdicts = [_by_rule(one, case, at, prescription, facts) for one in rules]
    # Two lines of one label: what supports either supports the order.
    order = ("passes", "not_applicable", "unknown", "refuses")
    return min(verdicts, key=lambda one: order.index(one.verdict))


def _speaks_of(rule: DrugTargetRule, prescription: Prescription) -> bool:
    if prescription.drug not in rule.drug_names:
        return False
    indications = {rule.indication, *re.split(r"[；、]", rule.indication)}
    if prescription.indication not in indications and rule.indication != "各适应证":
        return False
    settings = {rule.line, *re.split(r"[/；]", rule.line)}
    return not prescription.line or prescription.line in settings or "说明书" in rule.line or rule.line in ("", "—")


def _by_rule(
    rule: DrugTargetRule, case: Case, at: datetime, prescription: Prescription, facts: list[tuple]
) -> Judgement:
    facts = [*facts, (_("rule of the drug"), f"{rule.code} {rule.need_as_written} {rule.biomarker}".strip())]
    if rule.need == DrugTargetRule.Need.NONE:
        return not_applicable(_("The drug's label asks for no test here."), facts=facts)
    if rule.need == DrugTargetRule.Need.PATHOLOGY:
        return not_applicable(_("The drug asks for pathology; a gene test is only recommended."), facts=facts)
    if rule.need == DrugTargetRule.Need.LABEL:
        return cannot_judge(_("what the label of this drug asks for"), facts=facts)
    result = latest(case.results, "reported_at", at)
    if result and case.referral.is_research and not case.is_history:
        facts = [*facts, (_("result"), _("of a research test: it does not support a drug"))]
        return _refused(rule, prescription, case, facts)
    same_gene = _same_gene(rule, case)
    if result and same_gene is None:
        return cannot_judge(_("whether the test read what the rule asks for"), facts=facts)
    if result is None or not same_gene:
        return _refused(rule, prescription, case, [*facts, (_("result"), _("none for this target"))])
    facts.append((_("result"), f"{result.get_outcome_display()} {result.findings}".strip()))
    return _read(rule, result, prescription, case, facts)


def _read(
    rule: DrugTargetRule, result: Result, prescription: Prescription, case: Case, facts: list[tuple]
) -> Judgement:
    if result.outcome == Result.Outcome.UNKNOWN:
        return cannot_judge(_("the result, positive or negative"), facts=facts)
    positive = result.outcome == Result.Outcome.POSITIVE
    if rule.accepted_result in POSITIVE:
        places = [one.lower() for one in PLACE.findall(rule.biomarker)]
        named = not places or any(place in result.findings.lower() for place in places)
        return passes(*facts) if positive and named else _refused(rule, prescription, case, facts)
    if rule.accepted_result.startswith(("野生型", "阴性")):
        return _refused(rule, prescription, case, facts) if positive else passes(*facts)
    return cannot_judge(_("whether the result meets “%(rule)s”") % {"rule": rule.accepted_result}, facts=facts)


def _same_gene(rule: DrugTargetRule, case: Case) -> bool | None:
    """Whether the test read the gene of the rule; where a rule joins genes by +, all of them. None: no telling."""
    asked = _genes(rule.biomarker) or _genes(rule.indication)
    read = _genes(f"{case.referral.test.genes} {case.referral.test.name}")
    if not asked:
        return None
    joined = re.search(r"[A-Z0-9][+＋][A-Z]", rule.biomarker)
    return asked <= read if joined else bool(asked & read)


def _genes(text: str) -> set[str]:
    """Symbols in a text as the catalog stores them; mismatch repair and microsatellites are one target."""
    text = re.sub(r"([A-Z]{3,})1/2/3", r"\g<1>1 \g<1>2 \g<1>3", text)
    text = re.sub(r"([A-Z]{3,})1/2", r"\g<1>1 \g<1>2", text)
    names = [name for name in GENE.findall(text) if not NOT_GENES.fullmatch(name) and not PLACE.fullmatch(name)]
    found = {OTHER_NAMES.get(name, name) for name in names}
    if re.search("微卫星|MMR|MSI|MLH1", text):
        found = found - {"MMR"} | {"MSI"}
    return found


def _refused(rule: DrugTargetRule, prescription: Prescription, case: Case, facts: list[tuple]) -> Judgement:
    if rule.not_sufficient:
        facts = [*facts, (_("not sufficient"), rule.not_sufficient)]
    values: dict[str, Any] = {
        "drug": prescription.drug,
        "indication": prescription.indication,
        "target": rule.biomarker,
    }
    return refuses(NO_TARGET % values, mend=case.page("result"), mend_label=_("To the result"), facts=facts)
