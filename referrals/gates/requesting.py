"""May this be asked for: the catalog (X02), the doctor's authority (X04), the study's ethics approval (X10)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.gates import Act, Judgement, cannot_judge, not_applicable, passes, refuses
from catalog import restricted
from catalog.models import Grade, RequestAuthority
from catalog.models.grading import Title
from referrals.gates.case import Case, local_day, rule
from referrals.gates.words import day, link, say

NOT_LISTED = _(
    "The test is not in this hospital's catalog of indications (or its basis has lapsed and awaits review), so the "
    "request cannot be submitted. If there is evidence for it, take the route “tests without guideline support”."
)
NO_AUTHORITY = _(
    "You may request tests of the grade “%(authority)s”; this test is graded “%(grade)s”. A doctor with the "
    "authority has to request it."
)
LOW_TITLE = _(
    "The hospital asks that a test graded “%(grade)s” is requested by a doctor with the title %(asked)s or above; the "
    "title on record is %(title)s."
)
SUSPENDED = _("The authority was suspended on %(day)s: %(reason)s.")
NO_ETHICS = _("The study's ethics approval has lapsed or does not cover this site, so no one can be tested under it.")


def answers_to(test: Any) -> list[str]:
    """The answer of the list of tests not indicated, where such a test is meant."""
    return [one.message for one in restricted.answers(f"{test.name} {test.genes}")]


@rule("X02", clauses=["B2", "B3"], title=_("Listed in the catalog of indications"))
def indication_is_in_the_catalog(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A test is done for an indication the catalog of the day names, and for a diagnosis it covers (B2, B3).

    The marks 待核 and 待复核 do not by themselves break it. For history it is enough that the catalog serving as
    its basis names the indication.
    """
    referral, indication = case.referral, case.referral.indication
    if indication is None:
        return refuses(
            say(NOT_LISTED, *answers_to(referral.test)),
            mend=link("catalog:browse"),
            mend_label=_("Open the catalog"),
            facts=[(_("test"), referral.test.name), (_("indication"), _("none"))],
        )
    edition = indication.edition
    facts = [(_("indication"), str(indication)), (_("catalog edition"), str(edition))]
    if case.is_history and edition.basis_for_history:
        return passes(*facts)
    in_force = case.registers.edition_in_force(referral.institution_id, local_day(at))
    if in_force is None or in_force.pk != edition.pk or indication.test_id != referral.test_id:
        known = in_force or _("none")
        return refuses(
            say(NOT_LISTED, *answers_to(referral.test)),
            mend=link("catalog:browse"),
            mend_label=_("Open the catalog"),
            facts=[*facts, (_("edition in force that day"), str(known)), (_("test"), referral.test.name)],
        )
    if closed := case.registers.why_closed(indication.pk, referral.institution_id, at):
        return refuses(
            closed[1],
            mend=link("catalog:indication", indication.code),
            mend_label=_("See the row and what it rests on"),
            facts=[*facts, (_("clause"), closed[0])],
        )
    if not referral.diagnosis_code:
        return cannot_judge(_("diagnosis (ICD-10)"), mend=case.page("facts"), facts=facts)
    if not indication.covers(referral.diagnosis_code) or indication.leaves_out(referral.pathology):
        diagnosis = f"{referral.diagnosis_code} {referral.pathology}".strip()
        other = _("The catalog lists it for %(tumour)s (%(codes)s), which does not cover the diagnosis %(diagnosis)s.")
        values = {"tumour": indication.tumour, "codes": indication.icd10, "diagnosis": diagnosis}
        return refuses(
            say(NOT_LISTED, other % values),
            mend=link("catalog:browse"),
            mend_label=_("Open the catalog"),
            facts=[*facts, (_("diagnosis (ICD-10)"), diagnosis)],
        )
    return passes(*facts)


@rule("X04", clauses=["A23", "A42"], title=_("Within the doctor's request authority"))
def requester_has_the_authority(case: Case, at: datetime, act: Act | None) -> Judgement:
    """The requesting doctor holds, that day and not suspended, an authority that covers the test's grade (A23, A42).

    History from before the hospital recorded any authority of this doctor cannot be judged.
    """
    referral, grade, on = case.referral, case.grade, local_day(at)
    requester = referral.requester
    if grade is None:
        return not_applicable(_("No indication is named, so the test has no grade."))
    if requester is None:
        return cannot_judge(_("requesting doctor"), mend=case.page("facts"))
    granted = case.registers.authorities.get((referral.institution_id, requester.pk), [])
    begun = [one for one in granted if one.starts_on <= on]
    if not begun and case.is_history:
        return cannot_judge(_("request authority of the doctor"))
    held = [Grade(one.grade) for one in begun if one.state(on) == "in_force"]
    asked = case.asked(at)
    highest = max(held, key=lambda one: one.rank, default=None)
    authority = highest.label if highest else pgettext_lazy("request authority", "none")
    facts = [
        (_("requesting doctor"), requester.name),
        (_("request authority"), str(authority)),
        (_("grade of the test"), str(grade.label)),
    ]
    if asked and asked.title:
        facts.append((_("title"), requester.title or str(_("not recorded"))))
    mend = link("catalog:person", requester.pk)
    if highest and highest.rank >= grade.rank:
        if asked and Title.of(requester.title).rank < Title(asked.title).rank:
            said = LOW_TITLE % {"grade": grade.label, "asked": asked.title_label, "title": requester.title or _("none")}
            return refuses(said, mend=link("catalog:grades"), mend_label=_("See the requirements"), facts=facts)
        return passes(*facts)
    why = NO_AUTHORITY % {"authority": authority, "grade": grade.label}
    if stopped := max((one for one in begun if one.state(on) == "suspended"), key=_suspended_on, default=None):
        facts.append((_("authority suspended on"), day(stopped.suspended_on)))
        said = SUSPENDED % {"day": day(stopped.suspended_on), "reason": stopped.suspended_reason}
        why = say(why, said) if not highest else why
    return refuses(why, mend=mend, mend_label=_("See the record of authority"), facts=facts)


def _suspended_on(one: RequestAuthority) -> date:
    return one.suspended_on or one.starts_on


@rule("X10", clauses=["A48"], title=_("Ethics approval of the study"))
def study_is_approved(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A research test belongs to a study that the hospital approved and whose ethics approval covers this site
    on the day (A48). History that names no study cannot be judged."""
    referral, on = case.referral, local_day(at)
    if not referral.is_research:
        return not_applicable(_("Not a research test."))
    study = referral.study
    if study is None:
        if case.is_history:
            return cannot_judge(_("study and its ethics approval"), mend=case.page("facts"))
        return refuses(say(NO_ETHICS, _("No study is named.")), mend=case.page("facts"))
    approvals = case.registers.ethics_approvals.get(study.pk, [])
    facts = [(_("study"), str(study))]
    facts += [(_("ethics approval"), f"{one.number}（{day(one.valid_from)}—{day(one.valid_to)}）") for one in approvals]
    missing = []
    if not any(one.in_force(on) for one in approvals):
        missing.append(_("On %(day)s no ethics approval of this study is in force here.") % {"day": day(on)})
    if study.hospital_approved_on is None or study.hospital_approved_on > on:
        missing.append(_("The hospital had not approved this study by %(day)s.") % {"day": day(on)})
    if study.ended_on and study.ended_on < on:
        missing.append(_("The study ended on %(day)s.") % {"day": day(study.ended_on)})
    if missing:
        return refuses(
            say(NO_ETHICS, *missing), mend=link("referrals:study", study.pk), mend_label=_("To the study"), facts=facts
        )
    return passes(*facts)
