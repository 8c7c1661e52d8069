"""The way out of the hospital shuts and opens by itself with admission, papers and quality rounds (X06; A25, B8)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.gates import Verdict, judge
from referrals import offering
from referrals.actions.onward import allocate
from referrals.models import Referral
from tests import factories as f
from tests.fixtures.laboratories import later
from vendors.actions import laboratories, standing
from vendors.models import Admission, AdmissionSpan, Credential, Laboratory, LaboratoryRound

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_machine")]


@pytest.fixture
def case(office):
    """A case of the hospital sent to the admitted laboratory under a contract."""
    office.admission = office.admitted()
    f.ContractFactory(institution=office.institution, laboratory=office.laboratory, tests=office.tests, admission=False)
    return f.ReferralFactory(
        institution=office.institution, laboratory=office.laboratory, indication=f.indication("LUNG-01")
    )


def verdict(case, at=None):
    return judge("X06", Referral.objects.get(pk=case.pk), at or timezone.now())


def test_an_admitted_laboratory_takes_the_test(case):
    """A25, B8."""
    assert verdict(case).verdict == Verdict.PASSES


def test_a_laboratory_registered_here_and_not_admitted_takes_nothing(office):
    """A25: a contract alone is not enough."""
    f.ContractFactory(institution=office.institution, laboratory=office.laboratory, tests=office.tests, admission=False)
    case = f.ReferralFactory(institution=office.institution, laboratory=office.laboratory)
    judged = verdict(case)
    assert judged.verdict == Verdict.REFUSES and "未经本院准入" in str(judged.message)


def test_suspending_shuts_at_once_and_lifting_opens_at_once_and_the_past_stays(case, office):
    """B8; a case of an hour gone by is judged as things stood then."""
    before = timezone.now()
    standing.suspend(admission=office.admission, reason="冷链失控", by=office.affairs)
    judged = verdict(case)
    assert judged.verdict == Verdict.REFUSES and "冷链失控" in str(judged.message)
    assert verdict(case, before).verdict == Verdict.PASSES
    standing.lift(admission=Admission.objects.get(pk=office.admission.pk), reason="已整改", by=office.leader)
    assert verdict(case).verdict == Verdict.PASSES


def test_a_restriction_shuts_the_tests_left_out_alone(case, office):
    """B8."""
    standing.restrict(admission=office.admission, tests=office.tests[1:], reason="质控", by=office.affairs)
    judged = verdict(case)
    assert judged.verdict == Verdict.REFUSES and "未获准承担" in str(judged.message)
    other = f.ReferralFactory(
        institution=office.institution, laboratory=office.laboratory, indication=f.indication("BRE-01")
    )
    assert verdict(other).verdict == Verdict.PASSES


@pytest.mark.parametrize("end", [standing.leave, standing.bar])
def test_who_left_or_is_barred_takes_nothing(case, office, end):
    """B8."""
    end(admission=office.admission, reason="不再合作", by=office.leader)
    judged = verdict(case)
    assert judged.verdict == Verdict.REFUSES and "终止" in str(judged.message)


def test_an_admission_that_ran_out_shuts_the_next_day(case, office):
    """A25: assessed again each year."""
    Admission.objects.filter(pk=office.admission.pk).update(valid_to=timezone.localdate())
    assert verdict(case).verdict == Verdict.PASSES
    assert "复评" in str(verdict(case, timezone.now() + timedelta(days=1)).message)


def test_a_paper_that_lapses_shuts_and_its_renewal_opens(case, office):
    """A25, B8: Q17 is renewed every year; history keeps the gap."""
    office.admission.papers.filter(check_code="Q17").update(valid_to=later(3))
    gap = timezone.now() + timedelta(days=4)
    assert "Q17" not in str(verdict(case, gap).message) and "承诺" in str(verdict(case, gap).message)
    office.paper(office.admission, "Q17", valid_from=later(3), valid_to=later(300))
    assert verdict(case, gap).verdict == Verdict.PASSES
    office.paper(office.admission, "Q16", verdict="not_met", note="2026年因商业贿赂被罚")
    assert "不符合" in str(verdict(case).message)


def test_a_credential_that_lapses_shuts_and_a_renewed_one_opens(case, office):
    """A25; vocab §5 Q01."""
    Credential.objects.filter(kind="pcr_audit").update(valid_to=later(-1))
    assert verdict(case).verdict == Verdict.REFUSES
    laboratories.record_credential(
        laboratory=office.laboratory, kind="pcr_audit", number="闽PCR-9", valid_from=timezone.localdate(),
        valid_to=later(900), by=office.buyer,
    )  # fmt: skip
    assert verdict(case).verdict == Verdict.PASSES


def test_a_failed_round_shuts_that_test_until_the_next_is_passed(case, office):
    """Q05, A15."""
    given = {"laboratory": office.laboratory, "test": case.test, "organiser": "国家病理质控中心", "by": office.buyer}
    laboratories.record_round(name="第一轮", held_on=later(-5), passed=False, **given)
    judged = verdict(case)
    assert judged.verdict == Verdict.REFUSES and "第一轮" in str(judged.message)
    laboratories.record_round(name="第二轮", held_on=timezone.localdate(), passed=True, **given)
    assert verdict(case).verdict == Verdict.PASSES
    assert LaboratoryRound.objects.count() == 2


def test_a_laboratory_of_the_ledger_is_admitted_by_its_contract_until_a_conclusion(case, office):
    """History stays as it was: the ledger knows no admissions."""
    since = timezone.now()
    AdmissionSpan.objects.all().delete()
    Admission.objects.update(concluded_at=None, concluded_by=None, status="applied")
    Laboratory.objects.filter(pk=office.laboratory.pk).update(origin="ledger")
    assert verdict(case).verdict == Verdict.PASSES
    Admission.objects.update(concluded_at=timezone.now(), concluded_by=office.leader, status="declined")
    assert verdict(case).verdict == Verdict.REFUSES
    assert verdict(case, since).verdict == Verdict.PASSES


def test_the_allocation_and_the_offer_see_the_same(case, office):
    """A24, X16: what X06 refuses is not allocated, and not offered as open."""
    f.PriceFactory(institution=office.institution, test=case.test)
    Referral.objects.filter(pk=case.pk).update(laboratory=None, status="submitted")
    case = Referral.objects.get(pk=case.pk)
    assert offering.offer(case).is_open
    standing.suspend(admission=office.admission, reason="投诉", by=office.discipline)
    assert not offering.offer(case).is_open
    assert not allocate(case, at=timezone.now())
    assert "投诉" in case.allocations.get().considered[0]["shut_by"][0]
