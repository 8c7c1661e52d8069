"""X02 the catalog, X04 the doctor's authority, X10 the study: may this be asked for at all."""

from datetime import date, timedelta

import pytest

from audit.gates import Act, Verdict, judge
from catalog.models import Edition, Grade
from tests.factories import (
    START,
    ReferralFactory,
    RequestAuthorityFactory,
    StudyFactory,
    UserFactory,
    graded,
    indication,
    moment,
    on,
)

pytestmark = pytest.mark.usefixtures("as_machine")
PASSES, REFUSES, UNKNOWN, NOT_APPLICABLE = (
    Verdict.PASSES, Verdict.REFUSES, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE
)  # fmt: skip


def verdict(code, referral, at=START, **act):
    judgement = judge(code, referral, at, Act(by=referral.requester, data=act) if act else None)
    assert judgement.code == code
    return judgement.verdict


def test_x02_an_indication_of_the_catalog_in_force_passes():
    """B2, B3."""
    assert verdict("X02", ReferralFactory()) == PASSES


def test_x02_no_indication_is_refused_in_the_words_of_the_rule():
    """B2: an item in no norm, guideline or consensus is not submitted."""
    judgement = judge("X02", ReferralFactory(indication=None), START)
    assert judgement.verdict == REFUSES
    assert "未列入本院基因检测适应症目录" in str(judgement.message)
    assert judgement.clauses == ("B2", "B3")


def test_x02_a_panel_for_another_tumour_is_refused():
    """B2: the indication has to cover the diagnosis."""
    judgement = judge("X02", ReferralFactory(diagnosis_code="C50"), START)
    assert judgement.verdict == REFUSES
    assert "C50" in str(judgement.message)


def test_x02_without_a_diagnosis_it_cannot_be_judged():
    """B2."""
    assert verdict("X02", ReferralFactory(diagnosis_code="")) == UNKNOWN


def test_x02_the_indication_has_to_be_of_the_test():
    """B2."""
    assert verdict("X02", ReferralFactory(test=indication("BRE-01").test)) == REFUSES


def test_x02_the_hospitals_own_catalog_comes_before_the_countys():
    """B3: each hospital keeps its own list; a line of the county's then no longer counts."""
    referral = ReferralFactory()
    Edition.objects.create(
        institution=referral.institution, number="1", title="本院目录", status="in_force",
        in_force_from=date(2026, 3, 3),
    )  # fmt: skip
    assert verdict("X02", referral, START) == PASSES
    assert verdict("X02", referral, moment(2026, 3, 2, 23, 59)) == PASSES
    assert verdict("X02", referral, moment(2026, 3, 3, 0, 0)) == REFUSES


def test_x02_for_history_being_in_the_catalog_that_is_its_basis_suffices():
    """B3: history is judged by the starter edition, whatever the day, and its marks do not trip the rule."""
    referral = ReferralFactory(origin="ledger", diagnosis_code="", requested_at=moment(2020, 1, 1))
    assert verdict("X02", referral, moment(2020, 1, 1)) == PASSES


@pytest.mark.parametrize(
    "grade, authority, expected",
    [
        (Grade.ROUTINE, Grade.ROUTINE, PASSES),
        (Grade.DISCUSSION, Grade.ROUTINE, REFUSES),
        (Grade.DISCUSSION, Grade.MDT, PASSES),
        (Grade.MDT, Grade.DISCUSSION, REFUSES),
        (Grade.ROUTINE, None, REFUSES),
    ],
)
def test_x04_the_authority_covers_the_grade(grade, authority, expected):
    """A23, A42."""
    referral = ReferralFactory(indication=graded(grade))
    if authority:
        RequestAuthorityFactory(user=referral.requester, institution=referral.institution, grade=authority)
    assert verdict("X04", referral) == expected


def test_x04_names_both_grades():
    """A42: the refusal says what the doctor may ask for and what this is."""
    referral = ReferralFactory(indication=graded(Grade.MDT))
    RequestAuthorityFactory(user=referral.requester, institution=referral.institution)
    said = str(judge("X04", referral, START).message)
    assert said == "您的检测申请权限为常规，本项目为需MDT，请由具备权限的医师申请。"


def test_x04_first_and_last_day_hold_and_a_suspension_ends_it_that_day():
    """A42: judged by the hospital's own days, not by UTC."""
    referral = ReferralFactory()
    day = on(START)
    authority = RequestAuthorityFactory(
        user=referral.requester, institution=referral.institution, starts_on=day, ends_on=day
    )
    assert verdict("X04", referral, moment(2026, 3, 2, 0, 0)) == PASSES
    assert verdict("X04", referral, moment(2026, 3, 2, 23, 59)) == PASSES
    assert verdict("X04", referral, moment(2026, 3, 1, 23, 59)) == REFUSES
    assert verdict("X04", referral, moment(2026, 3, 3, 0, 0)) == REFUSES
    authority.suspended_on, authority.suspended_by, authority.suspended_reason = day, UserFactory(), "约谈"
    authority.save()
    assert verdict("X04", referral, START) == REFUSES


def test_x04_history_from_before_any_authority_was_recorded_cannot_be_judged():
    """A42: what the hospital did not keep is not held against the doctor."""
    referral = ReferralFactory(origin="ledger", requested_at=START)
    assert verdict("X04", referral) == UNKNOWN
    RequestAuthorityFactory(
        user=referral.requester, institution=referral.institution, starts_on=on(START) + timedelta(days=30)
    )
    assert verdict("X04", referral) == UNKNOWN
    assert verdict("X04", ReferralFactory(origin="ledger", requester=None)) == UNKNOWN


def test_x04_does_not_apply_without_an_indication():
    """A23: without an indication there is no grade; X02 refuses."""
    assert verdict("X04", ReferralFactory(indication=None)) == NOT_APPLICABLE


def test_x10_a_study_with_both_approvals_passes():
    """A48."""
    referral = ReferralFactory(nature="research", study=StudyFactory())
    assert verdict("X10", referral) == PASSES
    assert verdict("X10", ReferralFactory()) == NOT_APPLICABLE


@pytest.mark.parametrize(
    "study",
    [
        {"ethics": False},
        {"ethics__valid_to": date(2026, 3, 1)},
        {"ethics__valid_from": date(2026, 3, 3)},
        {"ethics__covers_site": False},
        {"hospital_approved_on": None},
        {"hospital_approved_on": date(2026, 3, 3)},
        {"ended_on": date(2026, 3, 1)},
    ],
)
def test_x10_a_study_not_approved_for_this_site_that_day_is_refused(study):
    """A48."""
    judgement = judge("X10", ReferralFactory(nature="research", study=StudyFactory(**study)), START)
    assert judgement.verdict == REFUSES
    assert str(judgement.message).startswith("研究项目伦理批件已过期或不覆盖本中心，不能入组检测。")


@pytest.mark.parametrize("edge", [{"ethics__valid_to": on(START)}, {"ethics__valid_from": on(START)}])
def test_x10_first_and_last_day_are_in_force(edge):
    """A48."""
    assert verdict("X10", ReferralFactory(nature="research", study=StudyFactory(**edge))) == PASSES


def test_x10_a_study_that_history_does_not_name_cannot_be_judged():
    """A48; live, the request has to name it."""
    assert verdict("X10", ReferralFactory(nature="research", origin="ledger")) == UNKNOWN
    assert verdict("X10", ReferralFactory(nature="research")) == REFUSES
