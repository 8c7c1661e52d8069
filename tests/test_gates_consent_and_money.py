"""X05 consent, X07 the published price, X08 the hospital's charge, X09 research never charged, X11 filing."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from audit.gates import Act, Verdict, judge
from referrals import pathway
from referrals.models import Charge
from tests.factories import (
    FEE,
    START,
    STEPS,
    LaboratoryFactory,
    PriceFactory,
    ReferralFactory,
    StudyFactory,
    UserFactory,
    indication,
    moment,
)

pytestmark = pytest.mark.usefixtures("as_machine")
PASSES, REFUSES, UNKNOWN, NOT_APPLICABLE = (
    Verdict.PASSES, Verdict.REFUSES, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
)  # fmt: skip
AT = START + STEPS["charged"]


def act(step=pathway.CHARGE, **data):
    return Act(by=UserFactory(), step=step.name, data=data)


def test_x05_a_consent_signed_by_then_passes():
    """A11, B17."""
    referral = ReferralFactory(consented=True)
    assert judge("X05", referral, AT).verdict == PASSES
    assert judge("X05", referral, START + STEPS["consented"]).verdict == PASSES


def test_x05_no_consent_by_then_is_refused_in_the_words_of_the_rule():
    """A11: no sampling, charging or sending out."""
    referral = ReferralFactory(consented=AT + timedelta(minutes=1))
    judgement = judge("X05", referral, AT)
    assert judgement.verdict == REFUSES
    assert str(judgement.message) == (
        "未检索到有效的书面知情同意（或同意书版本与当前项目、机构、价格不一致），不得采样、收费或外送。"
    )
    assert judgement.clauses == ("A11", "B17")


def test_x05_a_relative_signs_with_a_reason_only():
    """A11 with 民法典1219: relatives only where the patient cannot or should not be told."""
    said = {"signer": "relative", "relation": "子女"}
    assert judge("X05", ReferralFactory(consented={**said, "reason": "不宜向患者说明"}), AT).verdict == PASSES
    judgement = judge("X05", ReferralFactory(origin="ledger", consented={**said, "reason": " "}), AT)
    assert judgement.verdict == REFUSES
    assert "未记录" in str(judgement.message)


def test_x05_a_withdrawn_consent_holds_until_it_was_withdrawn():
    """B17: consent can be withdrawn."""
    referral = ReferralFactory(consented={"withdrawn_at": AT})
    assert judge("X05", referral, AT - timedelta(minutes=1)).verdict == PASSES
    assert judge("X05", referral, AT).verdict == REFUSES


@pytest.mark.parametrize("changed", ["test", "laboratory", "price"])
def test_x05_a_change_of_test_laboratory_or_price_lapses_the_consent(changed):
    """B17, 个保法14: what was signed for is what is done."""
    referral = ReferralFactory(consented=True)
    if changed == "test":
        referral.test = indication("BRE-01").test
    elif changed == "laboratory":
        referral.laboratory = LaboratoryFactory()
    judgement = judge("X05", referral, AT, act(amount=Decimal("1200.00") if changed == "price" else FEE))
    assert judgement.verdict == REFUSES
    assert len(str(judgement.message)) > 50


def test_x05_what_a_ledger_does_not_say_was_consented_to_is_not_compared():
    """A11: only the signature and its time are on record."""
    referral = ReferralFactory(origin="ledger", consented=True, laboratory=LaboratoryFactory())
    assert judge("X05", referral, AT, act(amount=Decimal(1))).verdict == PASSES


def test_x05_a_second_consent_replaces_the_first():
    """B17: signed again after a change."""
    referral = ReferralFactory(consented={"signer": "relative", "relation": "子女", "reason": "", "origin": "ledger"})
    assert judge("X05", referral, AT).verdict == REFUSES
    referral.consents.create(signed_at=AT, signer="patient", origin="ledger")
    assert judge("X05", referral, AT).verdict == PASSES


def test_x07_the_published_price_of_the_day_passes():
    """B13, B14, A13, B16."""
    referral = ReferralFactory(charged=True)
    assert judge("X07", referral, AT).verdict == PASSES
    assert judge("X07", referral, AT, act(amount=FEE)).verdict == PASSES


@pytest.mark.parametrize("origin", ["live", "ledger"])
def test_x07_another_amount_is_refused(origin):
    """B16: the price told is the price charged."""
    referral = ReferralFactory(origin=origin, charged={"amount": Decimal("1200.00")})
    judgement = judge("X07", referral, AT)
    assert judgement.verdict == REFUSES
    assert "1,200.00" in str(judgement.message)
    assert str(judgement.message).startswith("本项目无对应医疗服务价格项目（或公示价格与拟收费用不一致），不能计费。")


@pytest.mark.parametrize(
    "price, at, expected",
    [
        ({"effective_from": date(2026, 3, 2)}, moment(2026, 3, 2, 0, 0), PASSES),
        ({"effective_from": date(2026, 3, 2)}, moment(2026, 3, 1, 23, 59), REFUSES),
        ({"effective_to": date(2026, 3, 2)}, moment(2026, 3, 2, 23, 59), PASSES),
        ({"effective_to": date(2026, 3, 2)}, moment(2026, 3, 3, 0, 0), REFUSES),
        ({"published_on": date(2026, 3, 2)}, moment(2026, 3, 2, 0, 0), PASSES),
        ({"published_on": date(2026, 3, 2)}, moment(2026, 3, 1, 23, 59), REFUSES),
        ({"published_on": None}, START, REFUSES),
    ],
)
def test_x07_in_force_and_published_by_the_hospitals_own_days(price, at, expected):
    """B14: published before it is charged; first and last day are in force."""
    referral = ReferralFactory()
    PriceFactory(institution=referral.institution, **price)
    assert judge("X07", referral, at, act(amount=FEE)).verdict == expected


def test_x07_another_hospitals_price_does_not_count_and_research_has_none():
    """B13."""
    PriceFactory()
    assert judge("X07", ReferralFactory(), AT, act(amount=FEE)).verdict == REFUSES
    assert judge("X07", ReferralFactory(nature="research"), AT).verdict == NOT_APPLICABLE


def test_x08_a_charge_by_then_passes_and_none_is_refused():
    """A28: the hospital collects, before the specimen leaves."""
    referral = ReferralFactory(charged=True, laboratory=LaboratoryFactory())
    assert judge("X08", referral, AT).verdict == PASSES
    judgement = judge("X08", referral, AT - timedelta(minutes=1))
    assert judgement.verdict == REFUSES
    assert str(judgement.message) == "未检索到本院收费凭证，不能登记外送。检测费用应由本院收取。"


def test_x08_a_reversed_charge_is_none():
    """A28."""
    referral = ReferralFactory(charged=True, laboratory=LaboratoryFactory())
    Charge.objects.filter(referral=referral).update(reversed_at=AT + timedelta(hours=1))
    assert judge("X08", referral, AT).verdict == PASSES
    assert judge("X08", referral, AT + timedelta(hours=1)).verdict == REFUSES


def test_x08_does_not_apply_to_research_nor_in_house():
    """A28; A49 forbids the charge in research."""
    research = ReferralFactory(nature="research", study=StudyFactory(), laboratory=LaboratoryFactory())
    assert judge("X08", research, AT).verdict == NOT_APPLICABLE
    assert judge("X08", ReferralFactory(), AT).verdict == NOT_APPLICABLE


def test_x09_charging_research_is_refused_live_and_found_in_history():
    """A49."""
    live = ReferralFactory(nature="research")
    assert judge("X09", live, AT).verdict == PASSES
    assert judge("X09", live, AT, act(amount=Decimal(1))).verdict == REFUSES
    past = ReferralFactory(nature="research", origin="ledger", charged=True)
    judgement = judge("X09", past, AT)
    assert judgement.verdict == REFUSES
    assert str(judgement.message) == "本检测登记为临床试验/临床研究检测，严禁向患者收取任何费用。"
    assert judge("X09", ReferralFactory(), AT, act(amount=FEE)).verdict == NOT_APPLICABLE


FILED = START + STEPS["filed"]


def test_x11_three_documents_pass_and_a_missing_one_is_refused_by_name():
    """A27, B12."""
    assert judge("X11", ReferralFactory(filed=True), FILED).verdict == PASSES
    referral = ReferralFactory(origin="ledger", filed={"order_filed": False})
    judgement = judge("X11", referral, FILED)
    assert judgement.verdict == REFUSES
    said = str(judgement.message)
    assert said.startswith("知情同意书、检查单（医嘱）、检查结果未全部存入病历，不能办结。")
    assert "检查单" in said.split("。")[1]


def test_x11_a_blank_cannot_be_judged_unless_another_is_missing():
    """A27: what the ledger leaves blank is not recorded."""
    assert judge("X11", ReferralFactory(origin="ledger", filed={"order_filed": None}), FILED).verdict == UNKNOWN
    both = ReferralFactory(origin="ledger", filed={"order_filed": None, "result_filed": False})
    assert judge("X11", both, FILED).verdict == REFUSES


def test_x11_before_filing_the_documents_brought_are_asked():
    """A27: live, nothing is in the record until it is filed."""
    referral = ReferralFactory(reported=True)
    assert judge("X11", referral, FILED).verdict == REFUSES
    whole = {"consent_filed": True, "order_filed": True, "result_filed": True}
    assert judge("X11", referral, FILED, act(pathway.FILE, **whole)).verdict == PASSES
