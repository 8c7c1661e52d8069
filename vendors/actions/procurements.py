"""Procurements, and contracts on their way into force (A26, B9, B10)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from audit import declaring
from audit.gates import Refused
from audit.refusing import needed
from audit.steps import in_turn, move
from catalog import changes
from catalog.models import Indication
from documents.files import Upload
from vendors import contract_pathway as pathway
from vendors import contracting
from vendors.actions.acting import hospital_of, in_order, kept, reason_of, refused
from vendors.models import (
    ClauseTick,
    Contract,
    ContractDraft,
    ContractItem,
    DraftContractItem,
    Laboratory,
    Procurement,
)

BUY, CHECK, SIGN = pathway.BUY, pathway.CHECK, pathway.SIGN
S = ContractDraft.Status


@transaction.atomic
def record_procurement(
    *, laboratory: Laboratory, number: str, subject: str, method: str, notice: str, noticed_on: date, award_no: str,
    awarded_on: date, budget: Decimal, amount: Decimal, bids: list[str], file: Upload, by: Any,
) -> Procurement:  # fmt: skip
    """A purchase with its notice, bids and award (B9). One that looks split is kept, and has to be answered."""
    institution = hospital_of(by, BUY)
    named = needed(number=number, subject=subject, notice=notice, award_no=award_no)
    bids = [line.strip()[:120] for line in bids if line.strip()]
    wrong: dict[str, Any] = {}
    if method not in Procurement.Method.values:
        wrong["method"] = _("This choice is not known.")
    if not bids or (len(bids) < 2 and method != Procurement.Method.SINGLE):
        wrong["bids"] = _("List the bids, one a line; only a single-source purchase has one alone.")
    if amount > budget:
        wrong["amount"] = _("The award is above the budget.")
    if awarded_on > timezone.localdate():
        wrong["awarded_on"] = _("This day is still to come.")
    if Procurement.objects.filter(institution=institution, number=named["number"]).exists():
        wrong["number"] = _("This number is taken.")
    if wrong:
        raise ValidationError(wrong)
    in_order(noticed_on, awarded_on, "awarded_on")
    with declaring.step("procurement.recorded", clause="B9"):
        return Procurement.objects.create(
            institution=institution, laboratory=laboratory, method=method, noticed_on=noticed_on, awarded_on=awarded_on,
            budget=budget, amount=amount, bids=bids, file=kept(file, by, institution), recorded_by=by, **named,
        )  # fmt: skip


@transaction.atomic
def answer_splitting(*, procurement: Procurement, answer: str, by: Any) -> Procurement:
    """Why several purchases of one kind within a year are no splitting; not said by who recorded the purchase (X14)."""
    hospital_of(by, SIGN, procurement)
    procurement = Procurement.objects.select_for_update().get(pk=procurement.pk)
    if procurement.recorded_by_id in one_with(by):
        raise refused("X14", _("Whoever recorded the purchase does not answer the warning."), "B9")
    if not contracting.looks_split(procurement) or procurement.answer:
        raise refused("stale", _("There is no warning to answer."), "B9")
    answer = needed(answer=answer)["answer"]
    with declaring.step("procurement.answered", reason=answer[:300], clause="B9"):
        procurement.answer, procurement.answered_at, procurement.answered_by = answer[:500], timezone.now(), by
        procurement.save(update_fields=["answer", "answered_at", "answered_by"])
    return procurement


def held(draft: ContractDraft, *statuses: str) -> ContractDraft:
    found = ContractDraft.objects.select_for_update(of=("self",)).select_related("laboratory", "procurement")
    draft = found.get(pk=draft.pk)
    if statuses and draft.status not in statuses:
        said = _("The contract stands at “%(status)s”; what is checked or in force is not edited.")
        mend = draft.get_absolute_url()
        raise refused("out_of_turn", said % {"status": draft.get_status_display()}, "A26", mend=mend)
    return draft


@transaction.atomic
def draft_contract(
    *, laboratory: Laboratory, number: str, party: str, invoice_issuer: str, payee: str, valid_from: date,
    valid_to: date, file: Upload, by: Any, procurement: Procurement | None = None, supplements: Contract | None = None,
    renews: Contract | None = None,
) -> ContractDraft:  # fmt: skip
    """A contract, or with `supplements` a numbered supplement to one in force (A26). With `renews` it follows a former
    one: it begins after that ends and takes its tests and prices over into the draft, to be looked at again; bought,
    checked clause by clause and signed it is like every contract (A25, B9, B10)."""
    institution = hospital_of(by, BUY)
    named = needed(number=number, party=party, invoice_issuer=invoice_issuer, payee=payee)
    in_order(valid_from, valid_to)
    for one in (procurement, supplements, renews):
        if one is not None and one.institution_id != institution.pk:
            raise ValidationError(_("This belongs to another hospital."))
    if supplements is not None:
        if supplements.laboratory_id != laboratory.pk:
            raise ValidationError({"supplements": _("This contract is with another laboratory.")})
        if valid_from < timezone.localdate():
            raise ValidationError({"valid_from": _("A supplement holds from today or later.")})
        last = supplements.valid_to
        if supplements.valid_from > valid_from or (last and last < valid_to):
            raise ValidationError({"valid_to": _("A supplement holds within the days of its contract.")})
    if renews is not None:
        _follows(renews, laboratory, valid_from, supplements)
    taken = ContractDraft.objects.filter(institution=institution, number=named["number"]).exclude(status=S.DISCARDED)
    if taken.exists() or Contract.objects.filter(institution=institution, number=named["number"]).exists():
        raise ValidationError({"number": _("This number is taken.")})
    with declaring.step("contract.drafted", clause="A26,B10"):
        draft = ContractDraft.objects.create(
            institution=institution, laboratory=laboratory, procurement=procurement, supplements=supplements,
            valid_from=valid_from, valid_to=valid_to, file=kept(file, by, institution), made_by=by, **named,
        )  # fmt: skip
    if renews is not None:
        _take_over(renews, draft)
    return draft


def _follows(former: Contract, laboratory: Laboratory, valid_from: date, supplements: Contract | None) -> None:
    if supplements is not None:
        raise ValidationError({"renews": _("A supplement renews nothing: name the one or the other.")})
    if former.laboratory_id != laboratory.pk:
        raise ValidationError({"renews": _("This contract is with another laboratory.")})
    if former.valid_to is None or valid_from <= former.valid_to:
        raise ValidationError({"valid_from": _("The new contract begins after the former one ends.")})


def _take_over(former: Contract, draft: ContractDraft) -> None:
    """The tests the former contract listed on its last day, as they stood then. Where no turnaround was agreed, as in
    contracts of the ledger, the longest of the catalog stands in the draft, to be looked at."""
    listed = former.items.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=former.valid_to))
    lines = Indication.objects.filter(test__in=listed.values("test")).order_by().values_list("test")
    known = dict(lines.annotate(days=Max("turnaround_days")))
    with declaring.step("contract.item", clause="A26"):
        for item in listed.order_by("pk"):
            DraftContractItem.objects.create(
                draft=draft, test_id=item.test_id, settlement_price=item.settlement_price,
                turnaround_days=item.turnaround_days or known.get(item.test_id) or 1, institution_id=draft.institution_id,
            )  # fmt: skip


@transaction.atomic
def put_item(*, draft: ContractDraft, test: Any, settlement_price: Decimal, turnaround_days: int, by: Any) -> Any:
    """A test with its price and days; put again, they change."""
    hospital_of(by, BUY, draft)
    draft = held(draft, S.DRAFT)
    if settlement_price < 0:
        raise ValidationError({"settlement_price": _("A price is not negative.")})
    if turnaround_days < 1:
        raise ValidationError({"turnaround_days": _("At least one working day.")})
    values = {"settlement_price": settlement_price, "turnaround_days": turnaround_days}
    with declaring.step("contract.item", clause="A26"):
        made, _new = DraftContractItem.objects.update_or_create(
            draft=draft, test=test, defaults={**values, "institution_id": draft.institution_id}
        )
    return made


@transaction.atomic
def take_out(*, draft: ContractDraft, test: Any, by: Any) -> ContractDraft:
    """A test the draft lists no more."""
    hospital_of(by, BUY, draft)
    draft = held(draft, S.DRAFT)
    item = draft.items.filter(test=test).first()
    if item is None:
        raise refused("stale", _("The draft does not list this test."), "A26")
    with declaring.step("contract.item_removed", clause="A26"):
        item.delete()
    return draft


@transaction.atomic
def tick(*, draft: ContractDraft, clause: str, page: int, quote: str, by: Any) -> ClauseTick:
    """Legal found the clause: on which page, in which words."""
    hospital_of(by, CHECK, draft)
    draft = held(draft, S.REVIEW)
    if draft.made_by_id in one_with(by):
        raise refused("X14", _("Whoever drafted the contract does not check it."), "A26")
    if clause not in contracting.clauses():
        raise ValidationError({"clause": _("This clause is not among the required ones.")})
    if page < 1:
        raise ValidationError({"page": _("Pages begin at 1.")})
    quote = needed(quote=quote)["quote"]
    with declaring.step("contract.clause", clause="A26,B10"):
        made, _new = ClauseTick.objects.update_or_create(
            draft=draft, clause=clause,
            defaults={"institution_id": draft.institution_id, "page": page, "quote": quote[:300], "ticked_by": by},
        )  # fmt: skip
    return made


@transaction.atomic
def submit(*, draft: ContractDraft, by: Any) -> ContractDraft:
    hospital_of(by, BUY, draft)
    draft = held(draft)
    in_turn(draft, pathway.SUBMIT, by=by)
    if said := contracting.against_submitting(draft):
        raise Refused(said)
    return move(draft, pathway.SUBMIT, by=by, clause="A26")


@transaction.atomic
def give_back(*, draft: ContractDraft, reason: str, by: Any) -> ContractDraft:
    """By legal from its check, or by who would sign; the check begins anew."""
    draft, reason = held(draft), reason_of(reason, "A26")
    step = pathway.REFUSE if draft.status == S.CHECKED else pathway.RETURN
    hospital_of(by, step.permission, draft)
    moved = move(draft, step, by=by, reason=reason, clause="A26", last_reason=reason, checked_at=None, checked_by=None)
    with declaring.step(step.name, reason=reason, clause="A26"):
        draft.ticks.all().delete()
    return moved


@transaction.atomic
def pass_check(*, draft: ContractDraft, by: Any) -> ContractDraft:
    """Every required clause was found in the text."""
    hospital_of(by, CHECK, draft)
    draft = held(draft)
    in_turn(draft, pathway.PASS, by=by)
    if draft.made_by_id in one_with(by):
        raise refused("X14", _("Whoever drafted the contract does not check it."), "A26")
    if said := contracting.against_passing(draft):
        raise Refused(said)
    return move(draft, pathway.PASS, by=by, clause="A26,B10", checked_at=timezone.now(), checked_by=by)


@transaction.atomic
def discard(*, draft: ContractDraft, reason: str, by: Any) -> ContractDraft:
    hospital_of(by, BUY, draft)
    reason = reason_of(reason, "A26")
    return move(held(draft), pathway.DISCARD, by=by, reason=reason, clause="A26", last_reason=reason)


@transaction.atomic
def sign(*, draft: ContractDraft, by: Any) -> ContractDraft:
    """Into force: procured, admitted, one identity, every clause there. Its items are frozen from here (A26, B9, B10)."""
    hospital_of(by, SIGN, draft)
    draft = held(draft)
    in_turn(draft, pathway.ACTIVATE, by=by)
    if {draft.made_by_id, draft.checked_by_id} & one_with(by):
        raise refused("X14", _("Whoever drafted or checked the contract does not sign it."), "A26", "B10")
    if said := contracting.against_signing(draft):
        raise Refused(said)
    with declaring.step(pathway.ACTIVATE.name, clause="A26,B9,B10"):
        contract = _supplemented(draft) if draft.supplements_id else _contract_of(draft)
    moved = move(
        draft, pathway.ACTIVATE, by=by, clause="A26,B9,B10", signed_at=timezone.now(), signed_by=by,
        contract_id=None if draft.supplements_id else contract.pk,
    )  # fmt: skip
    changes.announce()
    return moved


def _contract_of(draft: ContractDraft) -> Contract:
    bought: Any = draft.procurement
    contract = Contract.objects.create(
        number=draft.number, institution_id=draft.institution_id, laboratory_id=draft.laboratory_id,
        valid_from=draft.valid_from, valid_to=draft.valid_to, procurement_method=bought.get_method_display(),
        procurement_no=bought.number,
    )  # fmt: skip
    for item in draft.items.all():
        _listed(contract, draft, item)
    return contract


def _supplemented(draft: ContractDraft) -> Contract:
    """From the supplement's first day its items hold; what they change ends the day before."""
    contract: Any = draft.supplements
    for item in draft.items.all():
        former = contract.items.select_for_update().filter(test_id=item.test_id).exclude(valid_to__lt=draft.valid_from)
        for one in former:
            if one.valid_from >= draft.valid_from:
                said = _("“%(test)s” is changed from that day already: choose a later one.")
                raise refused("overlap", said % {"test": one.test.name}, "A26")
            one.valid_to = draft.valid_from - timedelta(days=1)
            one.save(update_fields=["valid_to"])
        _listed(contract, draft, item)
    return contract


def _listed(contract: Contract, draft: ContractDraft, item: DraftContractItem) -> None:
    ContractItem.objects.create(
        contract=contract, test_id=item.test_id, settlement_price=item.settlement_price,
        turnaround_days=item.turnaround_days, institution_id=contract.institution_id,
        laboratory_id=contract.laboratory_id, valid_from=draft.valid_from, valid_to=draft.valid_to,
    )  # fmt: skip


@transaction.atomic
def terminate(*, contract: Contract, last_day: date, reason: str, by: Any) -> Contract:
    """It ends earlier than agreed, today at the soonest: nothing is sent under it after its last day."""
    hospital_of(by, SIGN, contract)
    reason = reason_of(reason, "A26")
    contract = Contract.objects.select_for_update().get(pk=contract.pk)
    if last_day < timezone.localdate():
        raise ValidationError({"last_day": _("A contract does not end backwards: today or later.")})
    if contract.valid_to and contract.valid_to <= last_day:
        raise refused("stale", _("This contract ends by then already."), "A26")
    if last_day < contract.valid_from:
        raise ValidationError({"last_day": _("The last day lies before the first.")})
    with declaring.step("contract.terminated", reason=reason, clause="A26"):
        contract.valid_to = last_day
        contract.save(update_fields=["valid_to"])
        contract.items.filter(valid_from__lte=last_day).exclude(valid_to__lt=last_day).update(valid_to=last_day)
        contract.items.filter(valid_from__gt=last_day).delete()
    changes.announce()
    return contract
