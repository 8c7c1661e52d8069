"""A case taken over from a ledger goes on here: what the ledger left out and a rule asks for (X14, X03) medical
affairs fills in by a correction, once, and the same step then passes."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from audit.gates import Refused
from catalog.models import Grade
from referrals.actions import approving, corrections
from referrals.models import Correction, MDTReview, OutsourcingApproval, Referral
from tests.factories import UserFactory, graded, staff


@pytest.fixture
def case(hospital):
    """Awaiting approval; its ledger tells of an MDT and not who chaired it."""
    made = hospital.at("awaiting_approval", first_visit=True, mdt=True)
    Referral.objects.filter(pk=made.pk).update(origin="ledger")
    MDTReview.objects.filter(referral=made).update(origin="ledger", chair=None)
    return Referral.objects.get(pk=made.pk)


def fill(case, by, field, value, reason="据MDT纸质记录"):
    return corrections.correct(referral=case, by=by, field=field, value=value, reason=reason)


def test_an_unnamed_chair_stops_the_approval_and_the_refusal_leads_to_its_mend(hospital, case, client):
    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    (refusal,) = refused.value.refusals
    assert refusal.code == "X14"
    assert "MDT主持人" in str(refusal.message)
    assert "医务科" in str(refusal.message)
    assert refusal.mend == reverse("referrals:corrections", args=[case.pk]) + "?field=mdt.chair"
    client.force_login(hospital.affairs, backend="django.contrib.auth.backends.ModelBackend")
    assert 'name="value"' in client.get(refusal.mend).content.decode()


def test_medical_affairs_names_the_chair_on_the_page_and_the_case_goes_on(hospital, case, client):
    chair = staff("R04", hospital.institution, name="钱主任")
    client.force_login(hospital.affairs, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("referrals:corrections", args=[case.pk]) + "?field=mdt.chair"

    sent = client.post(page, {"was": "", "value": chair.username, "reason": "据MDT纸质记录"})

    assert sent.status_code == 302, sent.content.decode()
    assert MDTReview.objects.get(referral=case).chair == chair
    assert Correction.objects.get(referral=case).after == chair.username
    assert "钱主任" in client.get(reverse("referrals:case", args=[case.pk])).content.decode()
    approved = approving.approve(referral=case, by=hospital.affairs)
    assert approved.status == "awaiting_charge"
    assert OutsourcingApproval.objects.filter(referral=case, decided_by=hospital.affairs).exists()


def test_who_is_named_is_named_once_and_a_chair_who_requested_is_refused_for_good(hospital, case):
    fill(case, hospital.affairs, "mdt.chair", case.requester.username)

    with pytest.raises(Refused) as again:
        fill(case, hospital.affairs, "mdt.chair", staff("R04", hospital.institution).username)
    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    assert [one.code for one in again.value.refusals] == ["missing"]
    assert [one.code for one in refused.value.refusals] == ["X14"]
    assert "申请人" in str(refused.value.refusals[0].message)


def test_only_medical_affairs_names_and_nobody_names_themselves(hospital, case):
    for by in (hospital.doctor, hospital.cashier):
        with pytest.raises(PermissionDenied):
            fill(case, by, "mdt.chair", hospital.head.username)
    with pytest.raises(Refused) as refused:
        fill(case, hospital.affairs, "mdt.chair", hospital.affairs.username)
    assert [one.code for one in refused.value.refusals] == ["X14"]
    for nobody in ("", "没有这个人", UserFactory().username):
        with pytest.raises(ValidationError):
            fill(case, hospital.affairs, "mdt.chair", nobody)
    assert MDTReview.objects.get(referral=case).chair is None


def test_an_unnamed_requester_and_an_unnamed_approver_are_filled_in_alike(hospital, case):
    MDTReview.objects.filter(referral=case).update(chair=staff("R04", hospital.institution))
    Referral.objects.filter(pk=case.pk).update(requester=None)
    case.refresh_from_db()
    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)
    assert refused.value.refusals[0].mend.endswith("?field=requester")

    fill(case, hospital.affairs, "requester", hospital.doctor.username)
    case.refresh_from_db()

    assert case.requester == hospital.doctor
    assert approving.approve(referral=case, by=hospital.affairs).status == "awaiting_charge"


def test_papers_a_ledger_did_not_count_are_counted_from_the_record(hospital):
    """A22: X03 stands at the fee and at the sample."""
    line = graded(Grade.DISCUSSION)
    made = hospital.at("awaiting_charge", outsourced=False, indication=line, discussed=True)
    Referral.objects.filter(pk=made.pk).update(origin="ledger")
    made.refresh_from_db()
    from django.utils import timezone

    from audit.gates import Verdict, judge

    assert judge("X03", made, timezone.now()).verdict == Verdict.UNKNOWN

    fill(made, hospital.affairs, "evidence_count", 2)

    made.refresh_from_db()
    assert judge("X03", made, timezone.now()).verdict == Verdict.PASSES


def test_a_live_case_offers_none_of_these(hospital):
    from referrals import correcting

    case = hospital.at("awaiting_approval")

    offered = {one.field.name for one in correcting.choices(case, hospital.affairs)}

    assert offered
    assert not offered & {"requester", "mdt.chair", "approval.decided_by", "evidence_count"}
