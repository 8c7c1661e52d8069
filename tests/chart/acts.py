"""What people do to a case: each act with the posts that take it, its steps in the trail, and the slips it may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from consent import actions as consent
from consent import queries as consents
from consent.signing import Choices, Signature, Signer
from documents import files
from referrals import barcodes, deliberating
from referrals.actions import (
    approving,
    charging,
    corrections,
    deliberations,
    ending,
    filing,
    receipts,
    requests,
    results,
    shipping,
    specimens,
)
from referrals.actions.onward import take_up as take_up_again
from referrals.models import Deliberation, Referral
from tests import factories as f
from tests.chart.world import OTHER_LINES, PAPER
from tests.fixtures.consents import drawn

# Slips a person may make; an act that has no place for one does as it should.
SLIPS = ("label", "future", "before", "blank", "amount", "old_page", "unfit")
FACTORS = {"risk": "进展快", "cost": "自付可承受", "evidence": "1A类", "note": "理由"}
OPEN = ("opinions", "discussion")


@dataclass(frozen=True)
class Given:
    """What a person brings to an act: the case as their page showed it, a slip, another case, and a choice."""

    case: Referral
    by: Any
    slip: str = ""
    other: Referral | None = None
    choice: int = 0

    def text(self, text: str) -> str:
        return " " if self.slip == "blank" else text

    @property
    def at(self) -> Any:
        """The time they type, None for now."""
        now = timezone.now()
        return {"future": now + timedelta(hours=2), "before": now - timedelta(days=40)}.get(self.slip)

    def label(self, own: str) -> str:
        return barcodes.next_barcode(self.other) if self.slip == "label" and self.other else own


@dataclass(frozen=True)
class Deed:
    name: str
    roles: tuple[str, ...]
    steps: tuple[str, ...]
    do: Callable[[Given], Any]
    # Taken by the requester themselves.
    own: bool = False


DEEDS: dict[str, Deed] = {}


def deed(*roles: str, steps: str, own: bool = False) -> Callable:
    def register(function: Callable[[Given], Any]) -> Callable:
        name = function.__name__
        DEEDS[name] = Deed(name, roles, tuple(steps.split()), function, own)
        return function

    return register


class NothingThere(Exception):
    """The page of this act would not be reached: there is no such record to act on."""


def _held(given: Given, kind: str = "") -> Deliberation:
    found = given.case.deliberations.order_by("-pk")
    held = (found.filter(kind=kind) if kind else found).first()
    if held is None or not Deliberation.objects.visible_to(given.by).filter(pk=held.pk).exists():
        raise NothingThere
    return held


@deed("R02", steps="discussion.called")
def call_discussion(given: Given) -> None:
    deliberations.call_discussion(referral=given.case, by=given.by)


@deed("R03", "R10", steps="mdt.called")
def call_mdt(given: Given) -> None:
    team = deliberating.teams(given.case.institution_id).first()
    deliberations.call_mdt(referral=given.case, team=team, by=given.by)


@deed("R01", "R02", "R04", steps="opinion.given")
def give_opinion(given: Given) -> None:
    stance = "disagree" if given.choice > 6 else "agree"
    values = FACTORS | {"risk": given.text("进展快"), "note": given.text("理由")}
    deliberations.give_opinion(deliberation=_held(given), by=given.by, stance=stance, **values)


@deed("R02", "R01", steps="discussion.concluded discussion.disagreed")
def conclude_discussion(given: Given) -> None:
    held = _held(given, "department")
    deliberations.conclude_discussion(
        deliberation=held, by=given.by, agreed=given.choice < 7, note=given.text("科室同意，注意事项已说明"),
        seen=held.opinions.count() - (given.slip == "old_page"),
    )  # fmt: skip


@deed("R04", steps="mdt.agreed mdt.disagreed mdt.more_information mdt.change_test")
def conclude_mdt(given: Given) -> None:
    says = {5: ("disagree", "D1"), 6: ("more_information", "M1"), 7: ("change_test", "C1"), 8: ("change_test", "C4")}
    conclusion, reason = says.get(given.choice, ("agree", "A1"))
    deliberations.conclude_mdt(
        deliberation=_held(given, "mdt"), by=given.by, conclusion=conclusion, reason_code=reason,
        advice=given.text("先PCR，阴性再议NGS"),
    )  # fmt: skip


@deed("R03", "R10", "R02", steps="deliberation.called_off")
def call_off(given: Given) -> None:
    deliberations.call_off(deliberation=_held(given), by=given.by, reason=given.text("改期"))


@deed("R01", steps="request.supplemented", own=True)
def supplement(given: Given) -> None:
    requests.supplement(referral=given.case, by=given.by, note=given.text("补充病理会诊意见"), stage="IV")


@deed("R01", steps="request.changed", own=True)
def change_test(given: Given) -> None:
    code = OTHER_LINES.get(given.case.indication.code, "BRE-01")
    requests.change_test(
        referral=given.case, by=given.by, indication=f.indication(code), reason=given.text("按MDT意见"), evidence=[PAPER],
    )  # fmt: skip


@deed("R10", steps="laboratory.allocated")
def take_up(given: Given) -> bool:
    """That the system has no step to take is no refusal."""
    return take_up_again(referral=given.case, by=given.by).status != given.case.status


@deed("R01", steps="consent.disclosed")
def disclose(given: Given) -> None:
    consent.disclose(referral=given.case, by=given.by, at=given.at)


@deed("R01", steps="consent.signed")
def sign(given: Given) -> None:
    text, _facts = consents.text_now(given.case, timezone.now())
    consent.record_consent(
        referral=given.case, by=given.by, shown="0" * 64 if given.slip == "old_page" else text.sha256, at=given.at,
        signer=Signer(kind="patient", name="甲某"), signature=Signature(strokes=[] if given.slip == "blank" else drawn()),
        choices=Choices(privacy=True, germline="not_know", leftover="destroy"),
    )  # fmt: skip


@deed("R01", steps="self_pay.signed")
def sign_self_pay(given: Given) -> None:
    if not consents.standing(given.case):
        raise NothingThere
    text = consent.self_pay_text(given.case, timezone.now())
    consent.sign_self_pay_notice(
        referral=given.case, by=given.by, shown=text.sha256, at=given.at, signer=Signer(kind="patient", name="甲某"),
        signature=Signature(strokes=drawn()),
    )  # fmt: skip


@deed("R01", steps="consent.refused")
def refuse_consent(given: Given) -> None:
    consent.refuse(referral=given.case, by=given.by, reason="想再想想")


@deed("R01", "R02", "R10", "R16", steps="consent.withdrawn")
def withdraw(given: Given) -> None:
    consent.withdraw(referral=given.case, by=given.by, reason="不做了")


@deed("R10", steps="outsourcing.approved")
def approve(given: Given) -> None:
    approving.approve(referral=given.case, by=given.by)


@deed("R10", steps="outsourcing.disapproved")
def disapprove(given: Given) -> None:
    approving.disapprove(referral=given.case, by=given.by, reason=given.text("院内可做"))


@deed("R12", steps="charge.made")
def charge(given: Given) -> None:
    charging.charge(
        referral=given.case, by=given.by, kind="receipt", receipt_no=given.text(f"JS{given.case.pk:06}"),
        amount=f.FEE - 1 if given.slip == "amount" else None,
    )  # fmt: skip


@deed("R12", steps="charge.reversed")
def refund(given: Given) -> None:
    charging.refund(referral=given.case, by=given.by, reversal_no="TF0001", reason=given.text("患者要求"))


@deed("R07", "R05", steps="specimen.collected")
def collect(given: Given) -> None:
    label = given.label(barcodes.next_barcode(given.case))
    specimens.collect(referral=given.case, by=given.by, barcode=label, kind="FFPE组织", at=given.at)


@deed("R05", steps="specimen.assessed specimen.unfit")
def assess(given: Given) -> None:
    fit = given.slip != "unfit"
    specimens.assess(
        referral=given.case, by=given.by, is_fit=fit, tumour_cell_percent=40 if fit else 3, reason=given.text("细胞太少"),
        at=given.at,
    )  # fmt: skip


@deed("R08", steps="shipment.packed")
def pack(given: Given) -> None:
    laboratory = given.case.laboratory
    if given.slip == "label" and given.other and given.other.laboratory:
        laboratory = given.other.laboratory
    if laboratory is None:
        raise NothingThere
    both = [given.case, given.other] if given.choice > 7 and given.other else [given.case]
    shipping.pack(referrals=both, laboratory=laboratory, by=given.by)


def _batch(given: Given) -> Any:
    specimen = barcodes.current(given.case)
    if specimen is None or specimen.batch is None:
        raise NothingThere
    return specimen.batch


@deed("R08", steps="shipment.handed_over")
def hand_over(given: Given) -> None:
    batch = _batch(given)
    codes = [barcodes.code_of(one) for one in batch.specimens.select_related("referral")]
    if given.slip == "label":
        codes = codes[1:]
    mild = Decimal("20.0") if batch.celsius_low is None else (batch.celsius_low + batch.celsius_high) / 2
    shipping.hand_over(
        batch=batch, by=given.by, carrier=given.text("冷链"), courier="李师傅", celsius=mild, scanned=codes,
        waybill="SF1",
    )  # fmt: skip


@deed("R08", steps="shipment.packed")
def take_out(given: Given) -> None:
    shipping.take_out(batch=_batch(given), referral=given.case, by=given.by)


@deed("R08", steps="shipment.received")
def receive(given: Given) -> None:
    receipts.receive(referral=given.case, by=given.by, at=given.at)


@deed("R08", steps="shipment.rejected")
def reject(given: Given) -> None:
    failure = ("missing", "damaged", "refused")[given.choice % 3]
    receipts.reject(referral=given.case, by=given.by, reason=given.text("溶血"), failure=failure, at=given.at)


def _report(given: Given) -> dict[str, Any]:
    """The report of the specimen this case goes on with; with a wrong label, of another case's."""
    own = barcodes.current(given.case)
    theirs = barcodes.current(given.other) if given.other else None
    named = theirs if given.slip == "label" and theirs else own
    number = f"BG-{given.case.number}-{given.case.results.count()}"
    return {
        "barcode": named.barcode if named else "", "reported_at": given.at, "outcome": "positive", "report_no": number,
        "signed_out_by": given.text("乙某"), "findings": "EGFR L858R",
        "pdf": files.check(f"%PDF-1.4\n{number}\n%%EOF".encode(), kinds=(files.PDF,), name="报告.pdf"),
    }  # fmt: skip


@deed("R05", "R08", steps="result.returned")
def record_result(given: Given) -> None:
    results.record_result(referral=given.case, by=given.by, **_report(given))


@deed("R05", "R08", steps="result.corrected")
def correct_result(given: Given) -> None:
    results.correct_result(referral=given.case, by=given.by, reason="漏报一处", **_report(given))


@deed("R01", "R02", steps="result.reviewed")
def review(given: Given) -> None:
    results.review(referral=given.case, by=given.by)


@deed("R01", steps="patient.told")
def tell(given: Given) -> None:
    results.tell(referral=given.case, by=given.by, at=given.at)


@deed("R15", "R01", steps="record.filed")
def file(given: Given) -> None:
    filing.file_record(referral=given.case, by=given.by)


@deed("R01", "R09", steps="drug.prescribed")
def prescribe(given: Given) -> None:
    filing.prescribe(referral=given.case, by=given.by, drug=given.text("吉非替尼"), indication="非小细胞肺癌")


@deed("R01", "R10", steps="request.cancelled", own=True)
def cancel(given: Given) -> None:
    requests.cancel(referral=given.case, by=given.by, reason=given.text("转院"))


@deed("R10", steps="entry.voided")
def void(given: Given) -> None:
    ending.void(referral=given.case, by=given.by, reason=given.text("录错患者"))


@deed("R01", "R10", "R05", "R12", steps="correction.made", own=True)
def correct(given: Given) -> None:
    fields = (
        ("first_visit", True), ("first_visit", False), ("stage", "IIIB"), ("patient.birth_year", 1960),
        ("specimen.tumour_cell_percent", 30), ("charge.receipt_no", "JS0002"), ("diagnosis_code", "C34.3"),
        ("result.outcome", "negative"), ("specimen.tumour_cell_percent", 5), ("diagnosis_code", "C50.8"),
    )  # fmt: skip
    field, value = fields[given.choice % len(fields)]
    corrections.correct(referral=given.case, by=given.by, field=field, value=value, reason=given.text("录错"))


def in_turn(case: Referral) -> str:
    """What the chart waits for; nothing when the case has ended or only the system could move it."""
    plain = {
        "submitted": "take_up", "discussed": "take_up", "mdt_agreed": "take_up", "more_information": "supplement",
        "change_test": "change_test", "awaiting_approval": "approve", "charged": "collect", "awaiting_sampling": "collect",
        "recollect": "collect", "shipped": "receive", "received": "record_result", "reported": "review",
        "reviewed": "tell", "told": "file",
    }  # fmt: skip
    if case.status in ("awaiting_discussion", "awaiting_mdt"):
        return _of_deliberation(case)
    if case.status == "awaiting_consent":
        telling = case.disclosures.order_by("-pk").first()
        signed = case.consents.order_by("-pk").first()
        fresh = telling and (signed is None or telling.told_at > signed.signed_at)
        fresh = fresh and not consents.changes(telling, case, timezone.now())
        return "sign" if fresh else "disclose"
    if case.status == "awaiting_charge":
        return "sign_self_pay" if consents.self_pay_notice_due(case) else "charge"
    if case.status == "sampled":
        specimen = barcodes.current(case)
        if specimen.is_fit is None:
            return "assess"
        if case.laboratory_id is None:
            return "record_result"
        return "hand_over" if specimen.batch_id else "pack"
    return plain.get(case.status, "")


def _of_deliberation(case: Referral) -> str:
    kind, call, end = (
        ("mdt", "call_mdt", "conclude_mdt")
        if case.status == "awaiting_mdt"
        else ("department", "call_discussion", "conclude_discussion")
    )
    held = case.deliberations.filter(kind=kind, status__in=OPEN).first()
    if held is None:
        return call
    return end if held.status == "discussion" else "give_opinion"
