"""May the specimen go out, and there: the laboratory's papers and contract (X06), human genetic resources (X13),
the statement of not outsourcing (X15), and that the requester did not choose (X16)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit.gates import Act, Judgement, cannot_judge, not_applicable, passes, refuses
from referrals.gates.case import Case, brought, covers, local_day, rule
from referrals.gates.words import day, link, say
from vendors.models import Credential, Laboratory, Origin

LAPSED = _(
    "%(document)s of %(laboratory)s lapsed on %(day)s (or the contract does not list this test): the way out is shut."
)
NOT_YET = _("%(document)s of %(laboratory)s is in force only from %(day)s: the way out is shut.")
NOT_RECORDED = _("%(document)s of %(laboratory)s is not recorded: the way out is shut.")
NOT_IN_CONTRACT = _("No contract of this hospital with %(laboratory)s lists the test “%(test)s”: the way out is shut.")
ABROAD = _(
    "Human genetic resources may not be carried or posted out of the country; this laboratory cannot take specimens."
)
NOT_OUTSOURCING = _(
    "This hospital has filed the statement “no gene tests sent outside”, so sending out is switched off. To start, "
    "withdraw the statement and file anew first."
)
CHOSEN = _(
    "The hospital allocates the laboratory from its catalog and contracts; the requesting doctor does not choose it."
)
IN_HOUSE = _("Done in-house; nothing is sent out.")


@rule("X06", clauses=["A25", "A26", "B8", "B10"], title=_("Laboratory admitted, certified and under contract"))
def laboratory_may_take_it(case: Case, at: datetime, act: Act | None) -> Judgement:
    """The hospital has admitted the laboratory for this test (`vendors.admitting`: a ledger's laboratory by its contract,
    until an admission is concluded); on the day its three credentials are in force, and so is a contract of this hospital
    with it that lists the test (A25, A26, B8, B10). First and last day are in force."""
    if not case.is_outsourced(at, act):
        return not_applicable(IN_HOUSE)
    laboratory, on = case.laboratory(at, act), local_day(at)
    if laboratory is None:
        return cannot_judge(_("laboratory"), mend=case.page("facts"))
    facts: list[tuple] = [(_("laboratory"), laboratory.name), (_("day"), day(on))]
    wrong = [
        *_credentials(case, laboratory, on, facts),
        *_contract(case, laboratory, on, facts),
        *_admission(case, laboratory, at, facts),
    ]
    if not wrong:
        return passes(*facts)
    return refuses(
        say(*wrong),
        mend=link("vendors:laboratory", laboratory.pk),
        mend_label=_("To the laboratory"),
        facts=facts,
    )


def _credentials(case: Case, laboratory: Laboratory, on: date, facts: list) -> Iterator[str]:
    for kind in Credential.REQUIRED:
        known = case.registers.credentials.get((laboratory.pk, kind), [])
        valid = [one for one in known if covers(one.valid_from, one.valid_to, on)]
        shown = valid or known
        facts.append((kind.label, "；".join(_paper(one) for one in shown) or _("not recorded")))
        if not valid:
            yield _wrong(laboratory, kind.label, known, on)


def _contract(case: Case, laboratory: Laboratory, on: date, facts: list) -> Iterator[str]:
    referral = case.referral
    contracts = case.registers.contracts.get((referral.institution_id, laboratory.pk), [])
    listing = [one for one in contracts if (one.pk, referral.test_id) in case.registers.contract_tests]
    valid = [one for one in listing if covers(one.valid_from, one.valid_to, on)]
    shown = valid or listing or contracts
    facts.append((_("contract"), "；".join(_paper(one) for one in shown) or _("not recorded")))
    facts.append((_("test"), referral.test.name))
    if valid:
        return
    if not listing and any(covers(one.valid_from, one.valid_to, on) for one in contracts):
        yield NOT_IN_CONTRACT % {"laboratory": laboratory.name, "test": referral.test.name}
    else:
        yield _wrong(laboratory, _("contract"), listing or contracts, on)


def _admission(case: Case, laboratory: Laboratory, at: datetime, facts: list) -> list[str]:
    referral, register = case.referral, case.registers.admissions
    against = register.against(referral.institution_id, laboratory, referral.test, at)
    span = register.span(referral.institution_id, laboratory.pk, at)
    stands: Any = _("none")
    if span is not None:
        stands = span.get_kind_display()
    elif register.by_contract(referral.institution_id, laboratory, at):
        stands = _("by its contract, as the ledger has it")
    facts.append((_("admission"), stands))
    return against


def _wrong(laboratory: Laboratory, document: Any, known: list, on: date) -> str:
    """Why none of these papers holds on the day: lapsed and since when, not yet in force, or never recorded."""
    values = {"laboratory": laboratory.name, "document": document}
    if lapsed := [one.valid_to for one in known if one.valid_to and one.valid_to < on]:
        return LAPSED % {**values, "day": day(max(lapsed))}
    if known:
        return NOT_YET % {**values, "day": day(min(one.valid_from for one in known))}
    return NOT_RECORDED % values


def _paper(paper: Any) -> str:
    return f"{paper.number}（{day(paper.valid_from)}—{day(paper.valid_to)}）"


@rule("X13", clauses=(), title=_("Not abroad, not foreign-controlled"))
def genetic_resources_stay_here(case: Case, at: datetime, act: Act | None) -> Judgement:
    """Specimens do not leave the country nor go to a foreign-controlled laboratory (Regulations on Human Genetic
    Resources, art. 7). Until medical affairs has recorded both facts, it cannot be judged."""
    if not case.is_outsourced(at, act):
        return not_applicable(IN_HOUSE)
    laboratory = case.laboratory(at, act)
    if laboratory is None:
        return cannot_judge(_("laboratory"), mend=case.page("facts"))
    known = {
        _("foreign-controlled"): laboratory.foreign_controlled,
        _("tests on the mainland"): laboratory.in_mainland,
    }
    facts = [(_("laboratory"), laboratory.name)]
    facts += [(label, _yes_no(value)) for label, value in known.items()]
    mend, mend_label = link("vendors:laboratory", laboratory.pk), _("To the laboratory")
    if laboratory.foreign_controlled or laboratory.in_mainland is False:
        return refuses(ABROAD, mend=mend, mend_label=mend_label, facts=facts)
    if missing := [label for label, value in known.items() if value is None]:
        return cannot_judge(*missing, mend=mend, mend_label=mend_label, facts=facts)
    return passes(*facts)


def _yes_no(value: bool | None) -> Any:
    return _("not recorded") if value is None else _("yes") if value else _("no")


@rule("X15", clauses=["B35"], title=_("No statement of not outsourcing"))
def hospital_outsources(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A hospital whose statement that it sends nothing outside stands that day sends nothing outside (B35)."""
    if not case.is_outsourced(at, act):
        return not_applicable(IN_HOUSE)
    on = local_day(at)
    statements = case.registers.not_outsourcing.get(case.referral.institution_id, [])
    standing = [one for one in statements if covers(one.valid_from, one.valid_to, on)]
    if standing:
        facts = [(_("statement of not outsourcing"), _paper(one)) for one in standing]
        return refuses(NOT_OUTSOURCING, mend=link("vendors:laboratories"), facts=facts)
    return passes((_("statement of not outsourcing"), _("none")))


@rule("X16", clauses=["A29", "B23"], title=_("Laboratory not chosen by the requester"))
def requester_does_not_choose(case: Case, at: datetime, act: Act | None) -> Judgement:
    """The requesting doctor never chooses the laboratory (A29, B23): the request has no such field, and an act
    that brings one is refused. Who chose in a ledger is not recorded."""
    if brought(act, "laboratory_chosen_by_requester"):
        return refuses(CHOSEN, mend=case.page("facts"))
    if not case.is_outsourced(at, act):
        return not_applicable(IN_HOUSE)
    shipment = case.shipment(at)
    if act is None and shipment and shipment.origin == Origin.LEDGER:
        return cannot_judge(_("who chose the laboratory"))
    return passes()
