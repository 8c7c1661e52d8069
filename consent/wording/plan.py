"""The part of a consent that tells the further steps of a plan: each with its place, price and condition, and the most
that is paid in all (A11, B16; practice.md: what I pay in all, before signing)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from audit.gates import Refusal, Refused
from consent.wording.section import Section
from documents.templatetags.formats import money
from referrals import planning
from referrals.actions.onward import place_for
from referrals.gates.money import WRONG_PRICE
from referrals.gates.words import day, link, say
from referrals.models import PlannedStep, Referral
from vendors.insurance import together
from vendors.models import Laboratory, Price

AFTER = {
    PlannedStep.After.NEGATIVE: "上一步结果为阴性时",
    PlannedStep.After.UNCLEAR: "上一步得不到可用结果时",
    PlannedStep.After.NOT_POSITIVE: "上一步结果为阴性或得不到可用结果时",
    PlannedStep.After.POSITIVE: "上一步结果为阳性时",
}


@dataclass(frozen=True)
class StepFacts:
    """One further step as the patient is told it."""

    step: PlannedStep
    laboratory: Laboratory | None
    in_house: bool
    price: Price

    @property
    def where(self) -> str:
        if self.laboratory:
            return f"外送：{self.laboratory.name}"
        return "院内" if self.in_house else "届时由医院按合同和资质确定，确定后再告诉您并请您签字"

    @property
    def condition(self) -> str:
        genes = f"（{self.step.genes}）" if self.step.genes else ""
        return AFTER[PlannedStep.After(self.step.after)] + genes


def gather_steps(referral: Referral, on: date, at: datetime) -> tuple[StepFacts, ...]:
    """The steps still planned. Raises Refused while one has no published price: the plan is priced as a whole."""
    if referral.is_research:
        return ()
    open_now = [one for one in planning.steps_of(referral) if one.status == PlannedStep.Status.PLANNED]
    return tuple(_facts(one, referral, on, at) for one in open_now)


def _facts(step: PlannedStep, referral: Referral, on: date, at: datetime) -> StepFacts:
    test = step.indication.test
    prices = Price.objects.filter(institution=referral.institution_id, test=test).in_force(on).published(on)
    price = prices.first()
    if price is None:
        said = _("Step %(n)s, %(test)s: no published price was in force on %(day)s.")
        values = {"n": step.position, "test": test.name, "day": day(on)}
        clauses = ("B13", "B14", "A13", "B16")
        refusal = Refusal("X07", say(WRONG_PRICE, said % values), clauses, link("vendors:prices"), _("To the prices"))
        raise Refused(refusal)
    in_house, laboratory = place_for(referral, step.indication, at)
    return StepFacts(step, laboratory, in_house, price)


def at_most(first: Price, steps: tuple[StepFacts, ...]) -> Decimal:
    return first.amount + sum((one.price.amount for one in steps), Decimal(0))


def section(first: Price, steps: tuple[StepFacts, ...]) -> Section:
    """The screen of the plan. Nothing is paid for a step that is not done."""
    rows = [("第1步（这次做）", f"{money(first.amount)}元")]
    for one in steps:
        kind = one.price.insurance_class or "医保类别未标注"
        rows.append(
            (
                f"第{one.step.position}步：{one.step.indication.test.name}",
                f"{one.condition}才做；{money(one.price.amount)}元（{kind}）；{one.where}",
            )
        )
    rows.append(("全部做完最多", f"{money(at_most(first, steps))}元"))
    whole = together([first, *(one.price for one in steps)])
    if whole.is_all_own:
        rows.append(("其中个人支付", f"{money(whole.amount)}元，医保不支付"))
    elif whole.own is not None:
        rows.append(("其中先由个人自付", f"{money(whole.own)}元，其余以医保结算为准"))
    else:
        rows.append(("其中个人支付", "以医保结算为准"))
    return Section(
        "plan",
        "后面可能还要做的检测",
        (
            "医师打算分步检测：先做第1步，看结果再决定要不要做下一步。您这次签字，同意的是整个安排。",
            "每一步做之前才收那一步的钱；没有做的步骤不收费。您随时可以说后面的不做了。",
            "到做下一步时，如果检测项目、检测机构或者价格和这里写的不一样，医院会重新告诉您并请您重新签字。",
            *(f"第{one.step.position}步为什么做：{one.step.necessity.rstrip('。')}。" for one in steps),
        ),
        tuple(rows),
        items=(2, 8),
    )
