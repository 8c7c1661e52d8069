"""A case whose way out shuts before it is sent: before the fee it goes to another lawful laboratory by the rule, or waits
with the reason and who mends it; a consent names its laboratory and is told anew (A11, A24, A25, B8, B17, X05, X06, X16)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice
from audit.gates import Refused, Verdict, judge
from audit.models import Event
from consent import actions as consents
from consent import queries
from consent.models import Consent
from referrals import tasks
from referrals.actions import charging
from referrals.models import Referral, WayChange
from tests import factories as f
from tests.fixtures.consents import tell_and_sign
from tests.fixtures.laboratories import later
from vendors.actions import laboratories

pytestmark = pytest.mark.django_db


def shut(laboratory, on=-1):
    laboratory.credentials.filter(kind="biosafety").update(valid_to=later(on))


def renew(hospital, laboratory):
    return laboratories.record_credential(
        laboratory=laboratory, kind="biosafety", number="闽BSL-9", valid_from=timezone.localdate(),
        valid_to=later(900), by=f.staff("R13", hospital.institution),
    )  # fmt: skip


def second(hospital, case, **item):
    """Another laboratory under contract for the same test."""
    made = f.LaboratoryFactory()
    f.ContractFactory(
        institution=hospital.institution, laboratory=made, tests=[case.test], tests__price=Decimal("700.00")
    )
    made.contract_items.update(**item) if item else None
    return made


def again(case):
    return Referral.objects.get(pk=case.pk)


def told(who):
    return [one.text for one in Notice.objects.filter(user=who).order_by("pk")]


def test_before_the_fee_it_goes_elsewhere_and_the_consent_is_told_anew(hospital, client):
    """A11, A24, A25, B8, B17: in one transaction; once; the trail, the page and the notices say so."""
    case = hospital.at("awaiting_charge")
    hospital.affairs  # noqa: B018  is in post
    other = second(hospital, case)
    shut(hospital.laboratory)

    assert tasks.watch_ways() == 1

    case = again(case)
    assert (case.laboratory, case.status, case.approved_at) == (other, "awaiting_consent", None)
    assert case.contract.laboratory == other and case.route == "outsourced"
    consent = Consent.objects.get(referral=case)
    assert consent.laboratory == hospital.laboratory and "执行机构" in consent.lapse_reason
    current = case.allocations.get(superseded_at__isnull=True)
    assert current.laboratory == other and current.contract == case.contract
    assert [(one.is_open, one.laboratory, one.moved_from) for one in case.way_changes.all()] == [
        (False, hospital.laboratory, None), (True, other, hospital.laboratory),
    ]  # fmt: skip
    steps = list(Event.objects.of_rows([("referrals_referral", case.pk)]).values_list("step", flat=True))
    assert {"laboratory.moved", "consent.lapsed"} <= set(steps)
    (said,) = told(hospital.doctor)
    assert hospital.laboratory.name not in said and other.name not in said and case.number in said
    (said,) = told(hospital.affairs)
    assert hospital.laboratory.name in said and other.name in said
    client.force_login(hospital.affairs)
    page = client.get(reverse("referrals:case", args=[case.pk])).content.decode()
    assert f"由{hospital.laboratory.name}改送{other.name}" in page
    client.force_login(hospital.doctor)
    assert other.name not in _way(client.get(reverse("referrals:case", args=[case.pk])).content.decode())

    assert tasks.watch_ways() == 0
    assert len(told(hospital.doctor)) == 1 and case.allocations.filter(superseded_at__isnull=True).count() == 1


def _way(page):
    return page.partition('id="way"')[2].partition("</section>")[0]


def test_after_it_went_elsewhere_it_goes_on_with_a_new_consent_to_the_new_laboratory(hospital):
    case = hospital.at("awaiting_charge")
    other = second(hospital, case)
    shut(hospital.laboratory)
    tasks.watch_ways()
    case = again(case)
    assert judge("X05", case, timezone.now()).verdict == Verdict.REFUSES

    consent = tell_and_sign(case, by=hospital.doctor)

    assert consent.laboratory == other
    assert again(case).status == "awaiting_approval"
    assert judge("X05", again(case), timezone.now()).verdict == Verdict.PASSES


def test_what_was_told_and_not_signed_is_told_again_after_it_went_elsewhere(hospital):
    """A10, A11: the text names the laboratory."""
    case = hospital.at("awaiting_consent")
    text, _facts = queries.text_now(case, timezone.now())
    consents.disclose(referral=case, by=hospital.doctor, shown=text.sha256)
    second(hospital, case)
    shut(hospital.laboratory)
    tasks.watch_ways()
    assert len(told(hospital.doctor)) == 1 and "告知" in told(hospital.doctor)[0]

    with pytest.raises(Refused) as refused:
        tell_and_sign(again(case), by=hospital.doctor, shown=text.sha256, tell=False)
    assert "执行机构" in " ".join(str(one) for one in refused.value.refusals)


@pytest.mark.parametrize("status", ["charged", "sampled", "recollect"])
def test_once_the_fee_is_charged_it_stays_with_the_laboratory_of_its_consent(hospital, client, status):
    """A11, B17: the patient paid for what they signed to."""
    case = hospital.at(status)
    second(hospital, case)
    shut(hospital.laboratory)
    assert tasks.watch_ways() == 1
    assert tasks.watch_ways() == 0
    assert (again(case).laboratory, again(case).status) == (hospital.laboratory, status)
    assert Consent.objects.get(referral=case).lapsed_at is None
    client.force_login(hospital.affairs)
    page = _way(client.get(reverse("referrals:case", args=[case.pk])).content.decode())
    assert "知情同意书" in page and "采购办" in page


def test_refunded_it_goes_elsewhere(hospital):
    """B13, B17."""
    case = hospital.at("charged")
    other = second(hospital, case)
    shut(hospital.laboratory)
    tasks.watch_ways()
    charging.refund(referral=again(case), by=hospital.cashier, reversal_no="TF-1", reason="外送通道关闭，改送")

    assert tasks.watch_ways() == 1
    assert (again(case).laboratory, again(case).status) == (other, "awaiting_consent")
    assert [one.is_open for one in case.way_changes.all()] == [False, True]


def test_with_nobody_else_it_waits_says_who_mends_it_and_goes_once_another_may(hospital, client):
    case = hospital.at("awaiting_approval")
    other = second(hospital, case)
    shut(hospital.laboratory)
    shut(other)
    assert tasks.watch_ways() == 1
    assert tasks.watch_ways() == 0
    assert again(case).status == "awaiting_approval" and again(case).laboratory == hospital.laboratory
    client.force_login(hospital.affairs)
    page = _way(client.get(reverse("referrals:case", args=[case.pk])).content.decode())
    assert other.name in page and hospital.laboratory.name in page and "采购办" in page

    renew(hospital, other)
    assert tasks.watch_ways() == 1
    assert again(case).laboratory == other


def test_a_test_done_in_house_since_is_no_longer_sent(hospital):
    """A24."""
    case = hospital.at("awaiting_charge")
    f.in_house(hospital.institution, case.test)
    shut(hospital.laboratory)
    assert tasks.watch_ways() == 1
    case = again(case)
    assert (case.laboratory, case.contract, case.route, case.status) == (None, None, "in_house", "awaiting_consent")
    assert WayChange.objects.filter(referral=case).last().laboratory is None


def test_the_day_a_paper_lapses_the_beat_shuts_the_way_and_the_renewal_opens_it(hospital, time_machine):
    """A25, B8: the clock passes midnight; nobody does anything; told once however often the beat runs."""
    case = hospital.at("charged")
    hospital.affairs  # noqa: B018  is in post
    last = later(1)
    hospital.laboratory.credentials.filter(kind="biosafety").update(valid_to=last)
    zone = timezone.get_current_timezone()
    time_machine.move_to(datetime(last.year, last.month, last.day, 23, 50, tzinfo=zone), tick=False)
    assert tasks.watch_ways() == 0
    time_machine.shift(timedelta(minutes=12))
    assert [tasks.watch_ways() for _n in range(3)] == [1, 0, 0]
    assert len(told(hospital.doctor)) == 1 and len(told(hospital.affairs)) == 1
    assert timezone.localdate(case.way_changes.get().noticed_at) == last + timedelta(days=1)

    time_machine.shift(timedelta(days=3))
    assert tasks.watch_ways() == 0
    renew(hospital, hospital.laboratory)
    assert [tasks.watch_ways() for _n in range(3)] == [1, 0, 0]
    assert [one.is_open for one in case.way_changes.all()] == [False, True]
    assert len(told(hospital.doctor)) == 2
    assert len([one for one in told(hospital.affairs) if "外送通道" in one]) == 2


def test_the_beat_comes_in_the_first_minutes_of_each_hour_of_the_hospital(settings):
    (entry,) = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["task"] == tasks.watch_ways.name]
    assert entry["schedule"].minute == {2} and 0 in entry["schedule"].hour


def test_programs_are_told_what_the_page_tells_the_same_people(hospital, client):
    """X16: the requester's program learns no laboratory before the specimen leaves."""
    case = hospital.at("awaiting_approval")
    other = second(hospital, case)
    shut(hospital.laboratory)
    shut(other)
    tasks.watch_ways()
    address = f"/api/v1/referrals/{case.pk}/"

    client.force_login(hospital.affairs)
    known = client.get(address).json()
    assert known["laboratory"] == hospital.laboratory.name
    assert {one["laboratory"] for one in known["way"]["candidates"]} == {hospital.laboratory.name, other.name}
    assert known["way"]["is_shut"] and "采购办" in known["way"]["mended_by"]
    client.force_login(hospital.doctor)
    answer = client.get(address)
    known = answer.json()
    assert known["way"]["is_shut"] and known["way"]["candidates"] == [] and known["laboratory"] is None
    assert other.name not in answer.content.decode() and hospital.laboratory.name not in answer.content.decode()


def test_the_requester_reads_no_laboratory_on_page_list_and_gates_before_the_specimen_leaves(hospital, client):
    """A29, B23, X16; from the hand-over on they read where their patient's specimen is."""
    case, sent = hospital.at("awaiting_approval"), hospital.at("shipped")
    other = second(hospital, case)
    shut(hospital.laboratory)
    shut(other)
    tasks.watch_ways()
    client.force_login(hospital.doctor)
    pages = [
        reverse("referrals:case", args=[case.pk]),
        reverse("referrals:list"),
        f"/api/v1/referrals/{case.pk}/gates/",
    ]
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200
        page = answer.content.decode()
        assert hospital.laboratory.name not in page and other.name not in page, address
    assert hospital.laboratory.name in client.get(reverse("referrals:case", args=[sent.pk])).content.decode()
    client.force_login(hospital.affairs)
    for address in pages:
        assert hospital.laboratory.name in client.get(address).content.decode(), address
