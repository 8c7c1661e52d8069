"""X06 laboratory and contract, X13 abroad, X15 not outsourcing, X16 who chooses; X12 the drug's target."""

from datetime import date, timedelta

import pytest

from audit.gates import Act, Verdict, judge
from referrals.models import Prescription
from tests.factories import (
    START,
    STEPS,
    ContractFactory,
    CredentialFactory,
    LaboratoryFactory,
    ReferralFactory,
    UserFactory,
    indication,
    moment,
)
from vendors.models import Credential, NotOutsourcingStatement

pytestmark = pytest.mark.usefixtures("as_machine")
PASSES, REFUSES, UNKNOWN, NOT_APPLICABLE = (
    Verdict.PASSES, Verdict.REFUSES, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
)  # fmt: skip
AT = START + STEPS["shipped"]


def outsourced(laboratory=None, contract=True, **fields):
    referral = ReferralFactory(laboratory=laboratory or LaboratoryFactory(), **fields)
    if contract:
        period = contract if isinstance(contract, dict) else {}
        ContractFactory(
            institution=referral.institution, laboratory=referral.laboratory, tests=[referral.test], **period
        )
    return referral


def test_x06_three_credentials_and_a_contract_that_lists_the_test_pass():
    """A25, A26, B8, B10."""
    assert judge("X06", outsourced(), AT).verdict == PASSES
    assert judge("X06", ReferralFactory(), AT).verdict == NOT_APPLICABLE


@pytest.mark.parametrize("kind", Credential.REQUIRED)
def test_x06_each_credential_has_to_be_in_force_and_the_refusal_says_since_when_not(kind):
    """A25: the laboratory's papers."""
    referral = outsourced()
    Credential.objects.filter(laboratory=referral.laboratory, kind=kind).update(valid_to=date(2026, 2, 28))
    judgement = judge("X06", referral, AT)
    assert judgement.verdict == REFUSES
    assert str(judgement.message) == (
        f"{referral.laboratory.name}的{kind.label}已于2026年2月28日失效（或本项目不在合同项目清单内），外送通道已关闭。"
    )
    Credential.objects.filter(laboratory=referral.laboratory, kind=kind).delete()
    assert judge("X06", referral, AT).verdict == REFUSES


def test_x06_a_renewed_credential_leaves_a_gap():
    """A25: lapsed on 1 March, renewed from 10 March; first and last day are in force."""
    referral = outsourced(laboratory=LaboratoryFactory(credentials__valid_to=date(2026, 3, 1)))
    for kind in Credential.REQUIRED:
        CredentialFactory(laboratory=referral.laboratory, kind=kind, valid_from=date(2026, 3, 10))
    days = {
        moment(2026, 3, 1, 23, 59): PASSES,
        moment(2026, 3, 2, 0, 0): REFUSES,
        moment(2026, 3, 9, 23, 59): REFUSES,
        moment(2026, 3, 10, 0, 0): PASSES,
    }
    assert {at: judge("X06", referral, at).verdict for at in days} == days


@pytest.mark.parametrize(
    "contract, said",
    [
        ({"valid_to": date(2026, 3, 6)}, "2026年3月6日失效"),
        ({"valid_from": date(2026, 3, 8)}, "2026年3月8日"),
        (False, "未登记"),
    ],
)
def test_x06_the_contract_has_to_be_in_force_that_day(contract, said):
    """A26, B10: shipped on 7 March."""
    judgement = judge("X06", outsourced(contract=contract), AT)
    assert judgement.verdict == REFUSES
    assert said in str(judgement.message)


def test_x06_first_and_last_day_of_the_contract_are_in_force():
    """A26."""
    referral = outsourced(contract={"valid_from": date(2026, 3, 7), "valid_to": date(2026, 3, 7)})
    days = {
        moment(2026, 3, 6, 23, 59): REFUSES,
        moment(2026, 3, 7, 0, 0): PASSES,
        moment(2026, 3, 7, 23, 59): PASSES,
        moment(2026, 3, 8, 0, 0): REFUSES,
    }
    assert {at: judge("X06", referral, at).verdict for at in days} == days


def test_x06_a_contract_that_does_not_list_the_test_or_is_another_hospitals_does_not_count():
    """B8, B10."""
    referral = outsourced(contract=False)
    ContractFactory(laboratory=referral.laboratory, tests=[referral.test])
    assert judge("X06", referral, AT).verdict == REFUSES
    ContractFactory(institution=referral.institution, laboratory=referral.laboratory, tests=[indication("BRE-01").test])
    judgement = judge("X06", referral, AT)
    assert judgement.verdict == REFUSES
    assert "项目清单" in str(judgement.message)


def test_x06_the_laboratory_a_person_names_is_the_one_judged():
    """A25: approving another laboratory than the one allocated."""
    other = LaboratoryFactory(credentials=False)
    act = Act(by=UserFactory(), data={"laboratory": other})
    assert judge("X06", outsourced(), AT, act).verdict == REFUSES


@pytest.mark.parametrize(
    "known, expected",
    [
        ({}, PASSES),
        ({"foreign_controlled": True}, REFUSES),
        ({"in_mainland": False}, REFUSES),
        ({"foreign_controlled": None}, UNKNOWN),
        ({"in_mainland": None}, UNKNOWN),
        ({"foreign_controlled": None, "in_mainland": False}, REFUSES),
    ],
)
def test_x13_specimens_stay_on_the_mainland_in_hands_not_foreign(known, expected):
    """人类遗传资源管理条例 art. 7."""
    judgement = judge("X13", outsourced(laboratory=LaboratoryFactory(**known)), AT)
    assert judgement.verdict == expected
    if expected == REFUSES:
        assert str(judgement.message) == "人类遗传资源材料不得运送、邮寄出境；该机构不能作为外送单位。"


def test_x13_does_not_apply_in_house():
    """人类遗传资源管理条例 art. 7."""
    assert judge("X13", ReferralFactory(), AT).verdict == NOT_APPLICABLE


def test_x15_while_the_statement_stands_nothing_goes_out():
    """B35: first and last day stand."""
    referral = outsourced()
    assert judge("X15", referral, AT).verdict == PASSES
    NotOutsourcingStatement.objects.create(
        institution=referral.institution, number="说明1号", valid_from=date(2026, 3, 7), valid_to=date(2026, 3, 8)
    )
    days = {
        moment(2026, 3, 6, 23, 59): PASSES,
        moment(2026, 3, 7, 0, 0): REFUSES,
        moment(2026, 3, 8, 23, 59): REFUSES,
        moment(2026, 3, 9, 0, 0): PASSES,
    }
    assert {at: judge("X15", referral, at).verdict for at in days} == days
    assert "外送功能已停用" in str(judge("X15", referral, AT).message)
    assert judge("X15", ReferralFactory(institution=referral.institution), AT).verdict == NOT_APPLICABLE


def test_x16_a_laboratory_chosen_by_the_requester_is_refused():
    """A29, B23."""
    referral = outsourced()
    assert judge("X16", referral, AT).verdict == PASSES
    act = Act(by=referral.requester, data={"laboratory_chosen_by_requester": True})
    assert judge("X16", referral, AT, act).verdict == REFUSES
    assert judge("X16", ReferralFactory(), AT).verdict == NOT_APPLICABLE


def test_x16_a_ledger_does_not_say_who_chose():
    """A29: not recorded, so not judged."""
    assert judge("X16", ReferralFactory(origin="ledger", shipped=True), AT).verdict == UNKNOWN


def ordered(drug, indication_, line="", since=None, **case):
    referral = ReferralFactory(**case)
    at = START + STEPS["filed"]
    Prescription.objects.create(
        referral=referral, drug=drug, indication=indication_, line=line, since=since, prescribed_at=at
    )
    return judge("X12", referral, at)


def test_x12_a_result_that_shows_the_target_passes():
    """A31: EGFR L858R before osimertinib, first line."""
    assert ordered("奥希替尼", "EGFR突变NSCLC", "一线", reported=True).verdict == PASSES


@pytest.mark.parametrize(
    "result",
    [
        False,
        {"outcome": "negative", "findings": ""},
        {"outcome": "positive", "findings": "EGFR阳性"},
        {"outcome": "positive", "findings": "EGFR T790M"},
    ],
)
def test_x12_no_result_a_negative_one_or_one_that_names_no_site_is_refused(result):
    """A31: “EGFR阳性” alone is not sufficient."""
    judgement = ordered("奥希替尼", "EGFR突变NSCLC", "一线", reported=result)
    assert judgement.verdict == REFUSES
    assert str(judgement.message).startswith("奥希替尼用于EGFR突变NSCLC须有EGFR 19del或L858R检测支持")


def test_x12_hangs_on_the_line_not_on_the_drug():
    """A31: T790M after progress, not L858R again."""
    again = {"outcome": "positive", "findings": "EGFR L858R"}
    assert ordered("奥希替尼", "EGFR突变NSCLC", "TKI进展后", reported=again).verdict == REFUSES
    resistant = {"outcome": "positive", "findings": "EGFR T790M"}
    after = {"since": (START - timedelta(days=30)).date(), "reported": resistant}
    assert ordered("奥希替尼", "EGFR突变NSCLC", "TKI进展后", **after).verdict == PASSES


def test_x12_a_report_from_before_the_progress_does_not_count():
    """A31: “治疗前的旧报告”; without the day of the progress nobody can tell."""
    resistant = {"outcome": "positive", "findings": "EGFR T790M"}
    old = {"since": (START + timedelta(days=300)).date(), "reported": resistant}
    assert ordered("奥希替尼", "EGFR突变NSCLC", "TKI进展后", **old).verdict == REFUSES
    assert ordered("奥希替尼", "EGFR突变NSCLC", "TKI进展后", reported=resistant).verdict == UNKNOWN


def test_x12_a_label_that_asks_for_no_test_blocks_nothing():
    """A31: olaparib in platinum-sensitive recurrence; the label says no BRCA test."""
    assert ordered("奥拉帕利", "铂敏感复发卵巢癌维持").verdict == NOT_APPLICABLE
    assert ordered("贝伐珠单抗", "转移性结直肠癌").verdict == NOT_APPLICABLE
    assert ordered("奥拉帕利", "卵巢癌一线维持（单药）").verdict == REFUSES


def test_x12_wild_type_is_a_negative_result_and_needs_both_genes():
    """A31: cetuximab; KRAS alone is not enough."""
    negative = {"outcome": "negative", "findings": "未检出KRAS、NRAS突变"}
    both = {"indication": indication("CRC-01"), "reported": negative}
    assert ordered("西妥昔单抗", "转移性结直肠癌", **both).verdict == PASSES
    mutated = {**both, "reported": {"outcome": "positive", "findings": "KRAS G12D"}}
    assert ordered("西妥昔单抗", "转移性结直肠癌", **mutated).verdict == REFUSES
    assert ordered("西妥昔单抗", "转移性结直肠癌", reported=negative).verdict == REFUSES


def test_x12_what_a_rule_cannot_read_is_left_to_the_pharmacist():
    """A31: a threshold, a rule kept drug by drug, a result not stated, a drug without a rule."""
    assert ordered("帕博利珠单抗", "未列明").verdict == UNKNOWN
    assert ordered("尼拉帕利", "卵巢癌").verdict == UNKNOWN
    unread = {"outcome": "unknown", "findings": ""}
    assert ordered("奥希替尼", "EGFR突变NSCLC", "一线", reported=unread).verdict == UNKNOWN
    assert judge("X12", ReferralFactory(), AT).verdict == NOT_APPLICABLE
