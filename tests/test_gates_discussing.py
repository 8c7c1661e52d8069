"""X01 the MDT, X03 evidence and discussion, X14 nobody decides on their own request."""

from datetime import timedelta

import pytest

from audit.gates import Act, Verdict, judge
from catalog.models import Grade
from referrals import pathway
from referrals.models import DepartmentalDiscussion, Evidence, MDTReview
from tests.factories import START, STEPS, ReferralFactory, UserFactory, graded

pytestmark = pytest.mark.usefixtures("as_machine")
PASSES, REFUSES, UNKNOWN, NOT_APPLICABLE = (
    Verdict.PASSES, Verdict.REFUSES, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
)  # fmt: skip
AT = START + STEPS["sampled"]


def verdict(code, referral, at=AT):
    return judge(code, referral, at).verdict


def test_x01_a_first_visit_with_the_mdts_agreement_passes():
    """B5."""
    assert verdict("X01", ReferralFactory(first_visit=True, mdt=True)) == PASSES


def test_x01_a_first_visit_without_a_conclusion_is_refused():
    """B5, in the words of the rule."""
    judgement = judge("X01", ReferralFactory(first_visit=True), AT)
    assert judgement.verdict == REFUSES
    assert str(judgement.message) == (
        "该患者为初次就诊恶性肿瘤患者，须先完成多学科（MDT）讨论并形成“同意检测”结论后方可继续。"
    )
    assert judgement.clauses == ("B5",)


def test_x01_a_test_graded_for_mdt_has_a_message_of_its_own():
    """B5: not a first visit, but the catalog asks for the MDT."""
    judgement = judge("X01", ReferralFactory(indication=graded(Grade.MDT)), AT)
    assert judgement.verdict == REFUSES
    assert "需MDT" in str(judgement.message)
    assert "初次就诊" not in str(judgement.message)


def test_x01_a_conclusion_at_that_very_moment_counts_and_one_after_it_does_not():
    """B5: discussed, then decided, then tested."""
    referral = ReferralFactory(first_visit=True, mdt=AT)
    assert verdict("X01", referral) == PASSES
    judgement = judge("X01", referral, AT - timedelta(minutes=1))
    assert judgement.verdict == REFUSES
    assert "结论形成于其后" in [str(label) for label, _value in judgement.facts]


@pytest.mark.parametrize("conclusion", ["disagree", "more_information", "change_test"])
def test_x01_another_conclusion_is_refused(conclusion):
    """B5: only “agree to test” opens the way."""
    referral = ReferralFactory(first_visit=True, mdt={"conclusion": conclusion})
    assert verdict("X01", referral) == REFUSES


def test_x01_the_latest_conclusion_counts():
    """B5: an agreement taken back no longer opens the way."""
    referral = ReferralFactory(first_visit=True, mdt=True)
    later = START + STEPS["consented"]
    MDTReview.objects.create(referral=referral, concluded_at=later, conclusion="disagree", chair=UserFactory())
    assert verdict("X01", referral) == REFUSES
    assert verdict("X01", referral, later - timedelta(minutes=1)) == PASSES


def test_x01_neither_first_visit_nor_graded_does_not_apply_and_not_recorded_cannot_be_judged():
    """B5."""
    assert verdict("X01", ReferralFactory()) == NOT_APPLICABLE
    assert verdict("X01", ReferralFactory(origin="ledger", first_visit=None)) == UNKNOWN


def evidence(referral, **fields):
    return Evidence.objects.create(referral=referral, title="一项随机对照试验", recorded_at=START, **fields)


def test_x03_evidence_and_an_agreed_discussion_pass():
    """A22."""
    referral = ReferralFactory(indication=graded(Grade.DISCUSSION), discussed=True)
    evidence(referral)
    assert verdict("X03", referral) == PASSES
    assert verdict("X03", ReferralFactory()) == NOT_APPLICABLE
    assert verdict("X03", ReferralFactory(indication=None)) == NOT_APPLICABLE


def test_x03_each_of_the_two_elements_is_needed():
    """A22: evidence and discussion, not either."""
    line = graded(Grade.DISCUSSION)
    discussed_only = ReferralFactory(indication=line, discussed=True)
    evidence_only = ReferralFactory(indication=line)
    evidence(evidence_only)
    for referral, missing in ((discussed_only, "证据"), (evidence_only, "讨论")):
        judgement = judge("X03", referral, AT)
        assert judgement.verdict == REFUSES
        said = str(judgement.message)
        assert said.startswith("本项目缺乏诊疗指南（规范）支持，须同时具备循证医学证据和科室讨论记录。")
        assert missing in said.split("。")[1]


def test_x03_a_discussion_held_later_or_one_that_did_not_agree_does_not_count():
    """A22: before the test is done."""
    line = graded(Grade.DISCUSSION)
    late = ReferralFactory(indication=line, discussed=AT + timedelta(hours=1))
    against = ReferralFactory(indication=line, discussed={"agreed": False})
    for referral in (late, against):
        evidence(referral)
        assert verdict("X03", referral) == REFUSES


def test_x03_a_ledger_gives_the_number_of_papers_or_leaves_it_open():
    """A22."""
    line = graded(Grade.DISCUSSION)
    assert verdict("X03", ReferralFactory(origin="ledger", indication=line, discussed=True, evidence_count=2)) == PASSES
    assert (
        verdict("X03", ReferralFactory(origin="ledger", indication=line, discussed=True, evidence_count=0)) == REFUSES
    )
    assert verdict("X03", ReferralFactory(origin="ledger", indication=line, discussed=True)) == UNKNOWN
    assert verdict("X03", ReferralFactory(origin="ledger", indication=line)) == REFUSES


def test_x14_deciders_other_than_the_requester_pass():
    """Separation of duties is per case."""
    assert verdict("X14", ReferralFactory(first_visit=True, shipped=True)) == PASSES
    assert verdict("X14", ReferralFactory()) == NOT_APPLICABLE


@pytest.mark.parametrize("step, field", [("mdt", "chair"), ("approved", "decided_by"), ("discussed", "chair")])
def test_x14_the_requester_who_decided_is_refused(step, field):
    """Separation of duties: chairing the MDT or the discussion, or approving the outsourcing."""
    doctor = UserFactory()
    judgement = judge("X14", ReferralFactory(requester=doctor, **{step: {field: doctor}}), AT)
    assert judgement.verdict == REFUSES
    assert str(judgement.message) == "申请人、被投诉人不得参与本事项的审批、讨论表决或核查。"


def test_x14_whoever_takes_a_deciding_step_is_asked_before_it_is_taken():
    """The requester may not conclude the MDT, nor be named its chair by the secretary."""
    referral = ReferralFactory(first_visit=True)
    other, step = UserFactory(), pathway.MDT_AGREE
    assert step.refusals(referral, AT, Act(by=referral.requester, step=step.name))
    assert step.refusals(referral, AT, Act(by=other, step=step.name, data={"chair": referral.requester}))
    assert not step.refusals(referral, AT, Act(by=other, step=step.name))


def test_x14_unknown_actors_cannot_be_judged_unless_a_known_one_already_breaks_it():
    """History often does not say who."""
    doctor = UserFactory()
    no_chair = ReferralFactory(origin="ledger", mdt={"chair": None})
    assert verdict("X14", no_chair) == UNKNOWN
    assert verdict("X14", ReferralFactory(origin="ledger", requester=None, mdt=True)) == UNKNOWN
    own = ReferralFactory(origin="ledger", requester=doctor, mdt={"chair": None}, approved={"decided_by": doctor})
    assert verdict("X14", own) == REFUSES


def test_x14_a_ledgers_discussion_without_a_chair_is_no_decision_to_judge():
    """The ledger has no column for it."""
    referral = ReferralFactory(origin="ledger", discussed={"chair": None})
    assert DepartmentalDiscussion.objects.filter(referral=referral).exists()
    assert verdict("X14", referral) == NOT_APPLICABLE
