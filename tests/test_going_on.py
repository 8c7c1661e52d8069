"""What goes on by itself: a case no laboratory could take, a consent at another price; and the cashier's list of fees to
be paid back (A24, A25, A28, B8, B16)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice, User
from audit import declaring
from catalog import changes
from config.celery import app
from consent import tasks as consents
from consent.models import Consent
from desk import worklists
from referrals import next_steps, queries, tasks
from referrals.actions import charging, requests
from referrals.actions.onward import onward
from referrals.models import Charge, Referral, Status
from tests import factories as f
from tests.fixtures.consents import case_to_sign, tell_and_sign
from tests.fixtures.laboratories import paper
from vendors import actions as vendors
from vendors.actions import procurements
from vendors.models import Price

pytestmark = pytest.mark.usefixtures("as_machine")


@pytest.fixture
def at_once(django_capture_on_commit_callbacks):
    """After a commit the sweeps run here and now instead of in a worker."""
    app.conf.task_always_eager = True

    def run(act):
        with django_capture_on_commit_callbacks(execute=True):
            made = act()
        declaring.declare(actor=User.objects.machine().pk, step="test", institutions="*", identity="*")
        return made

    yield run
    app.conf.task_always_eager = False


def stuck(hospital, **fields):
    """A case that came to its allocation when no laboratory might take it."""
    case = f.ReferralFactory(
        institution=hospital.institution, requester=hospital.doctor, department=hospital.department, status="submitted",
        indication=f.indication(), first_visit=False, laboratory=None, **fields,
    )  # fmt: skip
    onward(case)
    case.refresh_from_db()
    assert case.status == Status.SUBMITTED
    return case


def lapsed_contract(hospital, case):
    return f.ContractFactory(
        institution=hospital.institution, laboratory=hospital.laboratory, tests=[case.test],
        valid_from=date(2024, 1, 1), valid_to=timezone.localdate() - timedelta(days=1),
    )  # fmt: skip


# Cases that stood still


def test_a_case_no_laboratory_could_take_goes_on_once_one_may(hospital):
    case = stuck(hospital)
    assert tasks.go_on() == 0
    f.ContractFactory(institution=hospital.institution, laboratory=hospital.laboratory, tests=[case.test])

    assert tasks.go_on() == 1

    case.refresh_from_db()
    assert (case.status, case.laboratory, case.route) == (Status.AWAITING_CONSENT, hospital.laboratory, "outsourced")
    told = Notice.objects.get(user=hospital.doctor)
    assert case.number in told.text and told.url == reverse("referrals:case", args=[case.pk])
    assert tasks.go_on() == 0


def test_looking_in_vain_leaves_one_record_and_no_notice(hospital):
    case = stuck(hospital)
    for _time in range(3):
        assert tasks.go_on() == 0

    assert case.allocations.count() == 1
    assert not Notice.objects.exists()
    lapsed_contract(hospital, case)
    # A contract that is not in force shuts as before; one whose laboratory lost a credential is a new finding.
    laboratory = f.LaboratoryFactory(credentials=False)
    f.ContractFactory(institution=hospital.institution, laboratory=laboratory, tests=[case.test])
    tasks.go_on()
    tasks.go_on()
    assert case.allocations.count() == 2
    assert laboratory.name in next_steps.ahead(case, hospital.affairs).shut_by[0]


def test_history_and_cases_that_await_people_are_left_alone(hospital):
    ledger = f.ReferralFactory(institution=hospital.institution, status="submitted", origin="ledger", first_visit=False)
    awaiting = f.ReferralFactory(institution=hospital.institution, status="awaiting_mdt", first_visit=True)
    f.ContractFactory(
        institution=hospital.institution, laboratory=hospital.laboratory, tests={ledger.test, awaiting.test}
    )

    assert tasks.go_on() == 0
    assert {one.status for one in Referral.objects.all()} == {"submitted", "awaiting_mdt"}


def test_a_renewed_contract_takes_the_waiting_cases_on_at_once_when_it_is_signed(office, at_once):
    """A25, A26, B9: bought anew, found clause by clause, signed by a third; the draft alone opens nothing."""
    from tests.test_vendors_contracts import buy, tick_all

    office.admitted()
    department = f.DepartmentFactory(institution=office.institution)
    case = f.ReferralFactory(
        institution=office.institution, requester=office.doctor, department=department, status="submitted",
        indication=f.indication(), first_visit=False, laboratory=None,
    )  # fmt: skip
    former = lapsed_contract(office, case)
    former.items.update(turnaround_days=7)
    onward(case)
    name = office.laboratory.name
    draft = procurements.draft_contract(
        laboratory=office.laboratory, number="HT-NEU", party=name, invoice_issuer=name, payee=name, renews=former,
        valid_from=timezone.localdate(), valid_to=timezone.localdate() + timedelta(days=365), file=paper(),
        procurement=buy(office), by=office.buyer,
    )  # fmt: skip
    procurements.submit(draft=draft, by=office.buyer)
    tick_all(office, draft)
    procurements.pass_check(draft=draft, by=office.lawyer)
    assert tasks.go_on() == 0

    at_once(lambda: procurements.sign(draft=draft, by=office.leader))

    case.refresh_from_db()
    assert (case.status, case.contract.number) == (Status.AWAITING_CONSENT, "HT-NEU")


def test_a_sweep_nobody_hears_of_undoes_nothing(hospital, monkeypatch, at_once, caplog):
    """Redis may be away: the contract stands, beat finds the case later."""

    class Deaf:
        name = "deaf"

        def apply_async(self, **options):
            raise ConnectionError

    monkeypatch.setattr(changes, "_SWEEPS", [Deaf()])
    at_once(changes.announce)
    assert "no worker could be told of deaf" in caplog.text


def test_all_sweeps_stand_in_the_timetable(settings):
    listed = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    woken = {tasks.go_on.name, tasks.watch_ways.name, consents.lapse_stale.name}
    assert woken <= listed
    assert {task.name for task in changes._SWEEPS} == woken


# Consents


def test_a_published_price_lapses_the_consents_signed_at_the_old_one_at_once(at_once):
    referral = case_to_sign()
    tell_and_sign(referral)
    old = Price.objects.get(test=referral.test)
    old.effective_to = timezone.localdate() - timedelta(days=1)
    old.save()
    new = f.PriceFactory(
        institution=referral.institution, test=referral.test, amount="520.00", effective_from=timezone.localdate(),
        published_on=None, insurance_class="乙类",
    )  # fmt: skip
    prices = f.staff("R11", referral.institution)

    at_once(lambda: vendors.publish_price(price=new, on=timezone.localdate(), by=prices))

    referral.refresh_from_db()
    assert referral.status == Status.AWAITING_CONSENT
    assert Consent.objects.get().lapsed_at
    assert any(referral.number in one.text for one in Notice.objects.filter(user=referral.requester))


# Fees to be paid back


@pytest.fixture
def withdrawn(hospital):
    """Charged, then ended before the result; and cases that owe nothing."""
    case = hospital.at("charged")
    assert Charge.objects.filter(referral=case, reversed_at__isnull=True).exists()
    Referral.objects.filter(pk=case.pk).update(status=Status.WITHDRAWN)
    hospital.at("charged")
    uncharged = hospital.at("awaiting_charge")
    requests.cancel(referral=uncharged, by=hospital.doctor, reason="转院")
    reported = hospital.at("reported")
    Referral.objects.filter(pk=reported.pk).update(status=Status.WITHDRAWN)
    case.refresh_from_db()
    return case


def test_the_cashier_sees_the_refunds_due_counts_them_and_makes_them(hospital, withdrawn, client):
    cashier = hospital.cashier
    (due,) = (one for one in worklists.of(cashier) if one.code == "waiting_refund")
    assert worklists.counts(cashier, [due])[due.code] == 1
    client.force_login(cashier, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(due.url)

    assert [row.referral for row, *_rest in page.context["rows"]] == [withdrawn]
    station = reverse("referrals:charge", args=[withdrawn.pk])
    assert station in page.content.decode() and "退费" in page.content.decode()
    assert station in client.get(reverse("referrals:case", args=[withdrawn.pk])).content.decode()
    made = client.post(station, {"do": "refund", "reversal_no": "TF-1", "reason": "撤回同意"})
    assert made.status_code == 302
    assert list(client.get(due.url).context["rows"]) == []


def test_programs_read_the_worklists_by_name(hospital, withdrawn, client):
    client.force_login(hospital.cashier, backend="django.contrib.auth.backends.ModelBackend")
    found = client.get("/api/v1/referrals/", {"waiting": "refund"}).json()["results"]
    assert [one["number"] for one in found] == [withdrawn.number]
    assert client.get("/api/v1/referrals/", {"waiting": "nichts"}).status_code == 400


def test_only_whoever_takes_fees_has_the_list_and_another_hospital_sees_nothing(hospital, withdrawn):
    assert "waiting_refund" not in {one.code for one in worklists.of(hospital.doctor)}
    stranger = f.staff("R12", f.InstitutionFactory())
    assert not queries.waiting(Referral.objects.visible_to(stranger), "refund").exists()


def test_a_refund_made_leaves_the_list_and_the_ended_case_where_it_was(hospital, withdrawn):
    charging.refund(referral=withdrawn, by=hospital.cashier, reversal_no="TF-2", reason="撤回同意")

    withdrawn.refresh_from_db()
    assert withdrawn.status == Status.WITHDRAWN
    assert not queries.waiting(Referral.objects.all(), "refund").exists()
