"""Off-book lines become alerts for the discipline office (A28, B29, B31)."""

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Notice
from audit.gates import Refused
from referrals.matching import rematch
from referrals.models import Shipment
from supervision import alerting
from supervision.models import Alert
from tests import factories as f


@pytest.fixture
def office(billing):
    return billing.person("R17")


@pytest.fixture
def alert(billing, office):
    billing.record(billing.row(billing.case()), billing.row("X-1", 900))
    return Alert.objects.get()


def test_an_off_book_line_raises_one_alert_and_tells_the_office(billing, office, alert):
    rematch([billing.hospital.pk])

    assert (alert.kind, alert.sample_no, alert.amount, alert.month) == ("no_referral", "X-1", 900, "2026-03")
    assert Alert.objects.count() == 1
    assert Notice.objects.filter(user=office).count() == 1


def test_a_test_billed_by_a_laboratory_it_was_not_sent_to_raises_one_too(billing):
    case = billing.case()
    Shipment.objects.filter(referral=case).update(laboratory=f.LaboratoryFactory())
    billing.record(billing.row(case))

    assert Alert.objects.get().referral == case


def test_finance_explains_and_the_discipline_office_judges(billing, office, alert):
    alerting.explain(alert=alert, explanation="机构回函称系录入他院样本", by=billing.finance)
    alerting.review(alert=alert, outcome="reasonable", opinion="机构更正函已核实", by=office)

    alert.refresh_from_db()
    assert (alert.outcome, alert.reviewed_by) == ("reasonable", office)
    with pytest.raises(Refused):
        alerting.explain(alert=alert, explanation="再说明", by=billing.finance)


def test_who_explained_does_not_judge(billing, office, alert):
    """X14"""
    f.PostFactory(user=office, role="R12", institution=billing.hospital)
    both = type(office).objects.get(pk=office.pk)
    both.act_as(next(post for post in both.posts_now if post.role_id == "R12"))
    alerting.explain(alert=alert, explanation="说明", by=both)

    with pytest.raises(Refused) as refused:
        alerting.review(alert=alert, outcome="reasonable", opinion="合理", by=office)

    assert [one.code for one in refused.value.refusals] == ["X14"]


def test_finance_does_not_judge(billing, alert):
    with pytest.raises(PermissionDenied):
        alerting.review(alert=alert, outcome="reasonable", opinion="合理", by=billing.finance)


def test_an_alert_stays_when_the_laboratory_replaces_its_statement(billing, alert):
    """What a laboratory once billed is not unsaid by a new file."""
    billing.record(billing.row(billing.case()), reason="机构更正")

    assert Alert.objects.get() == alert
