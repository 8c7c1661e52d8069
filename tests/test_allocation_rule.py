"""Which laboratory takes the test, why, by which way, and what is said when its way shuts or opens (A24–A26, B8, B10,
B35; X16 stays: the requester is told no laboratory)."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice
from referrals import tasks, ways
from referrals.actions import shipping
from referrals.actions.onward import allocate
from referrals.models import Shipment, WayChange
from tests import factories as f
from tests.fixtures.laboratories import NAME, USCC, Office, later, paper
from tests.fixtures.stations import leaving
from vendors.actions import laboratories, not_outsourcing, standing
from vendors.models import Admission, ContractItem, LaboratoryRound

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(hospital):
    """A case that awaits its allocation, and a way to put laboratories beside one another."""

    class Rule:
        here = hospital
        case = f.ReferralFactory(
            institution=hospital.institution, requester=hospital.doctor, department=hospital.department,
            status="submitted", indication=f.indication(), first_visit=False, laboratory=None,
        )  # fmt: skip

        def laboratory(self, *, days=7, price="600.00", passed=None, lying=0, code=None):
            made = f.LaboratoryFactory(**({"code": code} if code else {}))
            f.ContractFactory(
                institution=hospital.institution, laboratory=made, tests=[self.case.test], tests__price=price
            )
            ContractItem.objects.filter(laboratory=made).update(turnaround_days=days)
            if passed is not None:
                LaboratoryRound.objects.create(
                    laboratory=made, test=self.case.test, organiser="国家病理质控中心", name="第一轮",
                    held_on=date(2026, 1, 5), passed=passed, recorded_by=hospital.affairs,
                )  # fmt: skip
            for _n in range(lying):
                sent = hospital.at("shipped")
                Shipment.objects.filter(referral=sent).update(laboratory=made)
            return made

        def chosen(self):
            allocate(self.case, at=timezone.now())
            found = self.case.allocations.get(superseded_at__isnull=True)
            return found, {one["laboratory"]: one for one in found.considered}

    return Rule()


@pytest.mark.parametrize(
    ("best", "other", "decided"),
    [
        ({"passed": True, "price": "900", "days": 12}, {"price": "100", "days": 3}, "quality"),
        ({"days": 5, "price": "900"}, {"days": 9, "price": "100"}, "turnaround"),
        ({"price": "900"}, {"price": "100", "lying": 2}, "load"),
        ({"price": "500"}, {"price": "600"}, "price"),
        ({"code": "A1"}, {"code": "B1"}, "code"),
    ],
)
def test_quality_then_turnaround_then_load_then_price_decide(rule, best, other, decided):
    """A24, A25, B8, B10: each outweighs all after it; why is kept for every laboratory."""
    wanted, second = rule.laboratory(**best), rule.laboratory(**other)
    made, looked_at = rule.chosen()
    assert made.laboratory == wanted
    assert looked_at[wanted.name]["decided"] == "chosen"
    assert looked_at[second.name]["decided"] == decided


def test_what_may_not_take_it_is_never_chosen_however_good(rule):
    """A25, B8, X06: in force and admitted must be; a failed round, a suspension and a lapsed contract are said."""
    failed, suspended, lapsed = (rule.laboratory(passed=one, days=1, price="1") for one in (False, True, True))
    ContractItem.objects.filter(laboratory=lapsed).update(valid_to=later(-1))
    lapsed.contracts.update(valid_to=later(-1))
    admission = Admission.objects.get(laboratory=suspended)
    standing.suspend(admission=admission, reason="冷链失控", by=rule.here.affairs)
    plain = rule.laboratory(days=20, price="9000")

    made, looked_at = rule.chosen()

    assert made.laboratory == plain and set(looked_at) == {one.name for one in (failed, suspended, lapsed, plain)}
    assert "冷链失控" in looked_at[suspended.name]["shut_by"][0]
    assert "第一轮" in looked_at[failed.name]["shut_by"][0]
    assert looked_at[lapsed.name]["decided"] == "shut" and looked_at[lapsed.name]["contract"] == ""


def test_the_way_is_copied_from_the_admission_and_goes_with_the_shipment(rule):
    """A4, A24: 医联体, 协作组 or 第三方, and why."""
    chosen = rule.here.laboratory = rule.laboratory()
    Admission.objects.filter(laboratory=chosen).update(route="alliance", route_reason="医联体牵头医院病理中心")
    made, _all = rule.chosen()
    assert (made.outside_route, made.outside_reason) == ("alliance", "医联体牵头医院病理中心")
    Admission.objects.filter(laboratory=chosen).update(route="group", route_reason="后来改了")

    case = rule.here.at("sampled", patient=rule.case.patient)
    rule.case.allocations.update(referral=case)
    batch = shipping.pack(laboratory=case.laboratory, referrals=[case], by=rule.here.carrier)
    shipping.hand_over(batch=batch, by=rule.here.carrier, **leaving(batch))
    sent = case.shipments.get()
    assert (sent.outside_route, sent.outside_reason) == ("alliance", "医联体牵头医院病理中心")


def test_the_case_page_explains_it_to_who_may_see_laboratories_and_never_to_the_requester(rule, client):
    """A29, B23, X16."""
    first, second = rule.laboratory(days=3), rule.laboratory(days=9)
    rule.chosen()
    address = reverse("referrals:case", args=[rule.case.pk])
    client.force_login(rule.here.affairs)
    page = client.get(address).content.decode()
    assert first.name in page and second.name in page and "周转" in page and "委托第三方" in page
    client.force_login(rule.here.doctor)
    page = client.get(address).content.decode()
    assert second.name not in page and 'id="way"' not in page


def test_a_case_nobody_may_take_tells_the_requester_so_without_a_name(rule, client):
    """X16."""
    shut = rule.laboratory(passed=False)
    rule.chosen()
    client.force_login(rule.here.doctor)
    page = client.get(reverse("referrals:case", args=[rule.case.pk])).content.decode()
    assert shut.name not in page and "目前没有机构可以承担" in page
    client.force_login(rule.here.affairs)
    assert shut.name in client.get(reverse("referrals:case", args=[rule.case.pk])).content.decode()


def test_a_second_look_that_finds_the_same_leaves_no_row(rule):
    rule.laboratory(passed=False)
    for _n in range(3):
        assert not allocate(rule.case, at=timezone.now())
    assert rule.case.allocations.count() == 1


# Shut and opened


def lawful(hospital, *tests):
    """The hospital's laboratory as one that stood every check, so that a suspension of it can be lifted again."""
    laboratory = hospital.laboratory
    laboratory.name, laboratory.uscc, laboratory.kind = NAME, USCC, "laboratory"
    laboratory.licence_no, laboratory.subjects = "PDY00000535010017D1102"[:22], ["molecular", "pathology"]
    laboratory.save()
    return Office(hospital.institution, laboratory, list(tests)).admitted()


def told(who):
    return [one.text for one in Notice.objects.filter(user=who).order_by("pk")]


@pytest.mark.parametrize("why", ["suspended", "credential", "stated"])
def test_a_way_that_shuts_and_opens_is_told_to_the_owner_of_every_open_case_and_stands_on_it(hospital, client, why):
    """A25, B8, B35, X06, X15: once each; the owner without a laboratory's name, medical affairs with the reason."""
    cases = [hospital.at("awaiting_consent"), hospital.at("charged")]
    gone = hospital.at("shipped")
    hospital.affairs  # noqa: B018  is in post
    if why == "suspended":
        lawful(hospital, cases[0].test)
        Notice.objects.all().delete()
    assert tasks.watch_ways() == 0
    if why == "suspended":
        admission = Admission.objects.standing().get(laboratory=hospital.laboratory)
        standing.suspend(admission=admission, reason="冷链失控", by=hospital.affairs)
    elif why == "credential":
        hospital.laboratory.credentials.filter(kind="biosafety").update(valid_to=later(-1))
    else:
        president = f.staff("R24", hospital.institution)
        not_outsourcing.state(number="说明1号", valid_from=later(0), reason="本院不外送", file=paper(), by=president)

    assert tasks.watch_ways() == 2
    assert tasks.watch_ways() == 0

    assert {one.referral_id for one in WayChange.objects.all()} == {one.pk for one in cases}
    assert len(told(hospital.doctor)) == 2
    assert not any(hospital.laboratory.name in text for text in told(hospital.doctor))
    assert [hospital.laboratory.name in text for text in told(hospital.affairs)] == [True]
    assert not gone.way_changes.exists()
    client.force_login(hospital.doctor)
    page = client.get(reverse("referrals:case", args=[cases[1].pk])).content.decode()
    assert "外送通道自" in page
    client.force_login(hospital.affairs)
    row = WayChange.objects.get(referral=cases[1])
    assert row.reasons[0][:12] in client.get(reverse("referrals:case", args=[cases[1].pk])).content.decode()

    if why == "suspended":
        standing.lift(
            admission=Admission.objects.get(pk=admission.pk), reason="已整改", by=f.staff("R23", hospital.institution)
        )
    elif why == "credential":
        laboratories.record_credential(
            laboratory=hospital.laboratory, kind="biosafety", number="闽BSL-9", valid_from=later(0), valid_to=later(900),
            by=f.staff("R13", hospital.institution),
        )  # fmt: skip
    else:
        hospital.institution.not_outsourcing.update(valid_from=later(-9), valid_to=later(-1))
    assert tasks.watch_ways() == 2
    assert [one.is_open for one in cases[0].way_changes.all()] == [False, True]
    assert len(told(hospital.doctor)) == 4 and len([one for one in told(hospital.affairs) if "外送通道" in one]) == 2


def test_the_day_a_paper_lapses_is_marked_by_the_sweep_alone(hospital):
    """A25: nobody does anything, the day passes."""
    case = hospital.at("charged")
    hospital.laboratory.credentials.filter(kind="pcr_audit").update(valid_to=later(0))
    assert tasks.watch_ways() == 0
    hospital.laboratory.credentials.filter(kind="pcr_audit").update(valid_to=later(-1))
    assert tasks.watch_ways() == 1
    assert "技术审核" in case.way_changes.get().reasons[0]


def test_suspending_wakes_the_sweep_at_once(hospital, django_capture_on_commit_callbacks):
    from accounts.models import User
    from audit import declaring
    from config.celery import app

    case = hospital.at("charged")
    app.conf.task_always_eager = True
    try:
        with django_capture_on_commit_callbacks(execute=True):
            admission = Admission.objects.get(laboratory=hospital.laboratory)
            standing.suspend(admission=admission, reason="投诉待查", by=hospital.affairs)
    finally:
        app.conf.task_always_eager = False
        declaring.declare(actor=User.objects.machine().pk, step="test", institutions="*", identity="*")
    assert "投诉待查" in case.way_changes.get().reasons[0]


def test_what_has_changed_costs_the_same_however_many_cases(hospital):
    def asked():
        with CaptureQueriesContext(connection) as found:
            assert list(ways.changed(timezone.now())) == []
        return len(found)

    hospital.at("charged")
    before = asked()
    for _n in range(5):
        hospital.at("charged")
    assert ways.awaiting().count() == 6 and asked() == before
