"""A targeted drug stands on a result that shows its target (X12)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.gates import Act, Judgement, cannot_judge, not_applicable, passes, refuses
from catalog.targets import engine
from documents.templatetags.formats import day
from referrals.gates.case import Case, brought, latest, local_day, rule
from referrals.gates.words import link, say
from referrals.models import Prescription, SpecialUse

NO_TARGET = _("%(drug)s for %(indication)s needs a test that shows %(target)s; no result that supports it was found.")
NOT_BY_THAT_WAY = _("The special use of %(drug)s is not consented to, or is of another drug, indication or patient.")


@rule("X12", clauses=["A31"], title=_("Target shown before a targeted drug"))
def target_is_shown(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A drug whose label asks for a target, for that indication and line, stands on a result that shows it (A31).

    Asked of the same engine as every drug check, with the edition of the rules in force that day. Beyond the label only
    the approved and consented special use opens the way (A36, A37).
    """
    prescription = brought(act, "prescription") or latest(case.prescriptions, "prescribed_at", at)
    if prescription is None:
        return not_applicable(_("No targeted drug has been ordered on this case."))
    facts: list[tuple] = [(_("drug"), prescription.drug), (_("drug's indication"), prescription.indication)]
    if prescription.line:
        facts.append((_("line or setting"), prescription.line))
    if prescription.special_use_id:
        return _by_special_use(prescription, case, at, facts)
    answer = engine.support(
        case.registers.drug_rules(case.referral.institution_id, local_day(at)),
        drug=prescription.drug,
        indication=prescription.indication,
        line=prescription.line,
        readings=case.registers.readings(at).get(case.referral.patient_id, []),
        since=prescription.since,
    )
    return _judged(answer, prescription, case, facts)


def _judged(answer: engine.Answer, prescription: Prescription, case: Case, facts: list[tuple]) -> Judgement:
    if answer.rule is not None:
        row = answer.rule
        facts = [*facts, (_("rule of the drug"), f"{row.code} {row.need_as_written} {row.biomarker}".strip())]
    for one in answer.used:
        facts.append((_("result"), f"{one.found}（{day(one.reading.reported_on)} {one.reading.label}）"))
    for reading, why in answer.others:
        facts.append((_("result that does not count"), f"{day(reading.reported_on)} {reading.label}：{why}"))
    if answer.status == engine.SUPPORTED:
        return passes(*facts)
    if answer.status == engine.NOT_REQUIRED:
        return not_applicable(answer.why, facts=facts)
    mend, label = case.page("result"), _("To the result")
    if answer.status == engine.CANNOT_TELL:
        return cannot_judge(message=answer.why, mend=mend, mend_label=label, facts=facts)
    if not answer.used and not answer.others:
        facts.append((_("result"), _("none for this target")))
    if answer.rule is not None and answer.rule.not_sufficient:
        facts.append((_("not sufficient"), answer.rule.not_sufficient))
    values: dict[str, Any] = {
        "drug": prescription.drug, "indication": prescription.indication, "target": answer.target,
    }  # fmt: skip
    # Why the results there are do not count is said with the refusal, each reason once.
    reasons = dict.fromkeys(f"{why}。" for _reading, why in answer.others)
    return refuses(say(NO_TARGET % values, *reasons), mend=mend, mend_label=label, facts=facts)


def _by_special_use(prescription: Prescription, case: Case, at: datetime, facts: list[tuple]) -> Judgement:
    use: Any = prescription.special_use
    facts = [*facts, (_("special use"), use.get_kind_display()), (_("status"), use.get_status_display())]
    same = (use.patient_id, use.drug, use.indication) == (
        case.referral.patient_id, prescription.drug, prescription.indication,
    )  # fmt: skip
    if same and use.status == SpecialUse.Status.CONSENTED and use.signed_at <= at:
        return passes(*facts)
    mend = link("referrals:special_use", use.pk)
    return refuses(
        NOT_BY_THAT_WAY % {"drug": prescription.drug}, mend=mend, mend_label=_("To the special use"), facts=facts
    )
