"""Lines held against shipments, results, contract prices and patient charges, one kind of difference at a time (A28)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from catalog.models import GeneTest
from referrals.actions import settling
from referrals.matching import following, rematch
from referrals.models import Charge, Result, Shipment, Specimen, StatementDifference
from tests import factories as f
from vendors.models import ContractItem


@pytest.fixture
def differing(billing):
    """What a bill with this one line differs in."""

    def kinds(row):
        billing.record(row)
        return [kind for kind, _sample in billing.kinds() if kind != "not_billed"]

    return kinds


def test_a_line_that_fits_every_record_is_no_difference(billing, differing):
    assert differing(billing.row(billing.case())) == []


def test_a_line_may_carry_the_barcode_of_the_specimen(billing, differing):
    case = billing.case()
    Specimen.objects.filter(referral=case).update(barcode=f"{case.number}010")

    assert differing(billing.row(f"{case.number}010")) == []


def test_off_book(billing, differing):
    assert differing(billing.row("X-1")) == ["no_referral"]


def test_another_hospitals_number_is_off_book_here(billing, differing):
    elsewhere = f.ReferralFactory(received=True)

    assert differing(billing.row(elsewhere.number)) == ["no_referral"]


def test_never_sent_to_this_laboratory(billing, differing):
    case = billing.case()
    Shipment.objects.filter(referral=case).update(laboratory=f.LaboratoryFactory())

    assert differing(billing.row(case)) == ["not_sent"]


def test_billed_before_the_laboratory_had_received_it(billing, differing):
    case = billing.case(received=False, reported=False, shipped=True)

    assert differing(billing.row(case)) == ["before_receipt"]


def test_received_after_the_months_end_is_billed_before_receipt(billing, differing):
    case = billing.case()
    Shipment.objects.filter(referral=case).update(received_at=f.moment(2026, 4, 1, 0, 0))

    assert differing(billing.row(case)) == ["before_receipt"]


def test_received_by_the_bill_before_it_was_handed_over(billing, differing):
    assert differing(billing.row(billing.case(), 收样日期="2026-03-01")) == ["before_receipt"]


def test_another_test_than_requested(billing, differing):
    case = billing.case()
    other = GeneTest.objects.exclude(pk=case.test_id).first()

    assert differing(billing.row(case, 检测项目=other.name)) == ["test_differs"]


def test_a_test_by_the_laboratorys_own_name_is_not_held_against_it(billing, differing):
    assert differing(billing.row(billing.case(), 检测项目="肺癌小套餐")) == []


def test_another_price_than_the_contracts(billing, differing):
    assert differing(billing.row(billing.case(), 650)) == ["amount_differs"]


def test_a_test_no_contract_of_the_shipping_day_lists(billing, differing):
    case = billing.case()
    ContractItem.objects.update(valid_to=case.shipped_at.date() - timedelta(days=1))

    assert differing(billing.row(case)) == ["not_in_contract"]


def test_billed_without_a_result(billing, differing):
    case = billing.case()
    Result.objects.filter(referral=case).delete()

    assert differing(billing.row(case)) == ["result_missing"]


def test_a_patient_never_charged(billing, differing):
    case = billing.case()
    Charge.objects.filter(referral=case).delete()

    assert differing(billing.row(case)) == ["charge_missing"]


def test_a_fee_that_was_refunded_is_missing_too(billing, differing):
    case = billing.case()
    Charge.objects.filter(referral=case).update(reversed_at=f.moment(2026, 3, 20), reversed_by=billing.finance)

    assert differing(billing.row(case)) == ["charge_missing"]


def test_research_is_never_charged_and_that_is_no_difference(billing, differing):
    """X09: research patients pay nothing."""
    case = billing.case(nature="research", study=f.StudyFactory(institution=billing.hospital), charged=False)

    assert differing(billing.row(case)) == []


def test_billed_twice_in_one_month_and_across_months(billing):
    case = billing.case()
    billing.record(billing.row(case), billing.row(case))
    billing.record(billing.row(case, 报告日期="2026-04-02"), month="2026-04")

    assert billing.kinds() == [("billed_twice", case.number)]
    assert billing.kinds("2026-04") == [("billed_twice", case.number)]


def test_a_credit_for_an_earlier_month_is_no_second_bill(billing):
    case = billing.case()
    billing.record(billing.row(case, 600))
    billing.record(billing.row(case, -50), month="2026-04")

    assert billing.kinds("2026-04") == []


def test_received_and_never_billed_stands_in_its_month_of_receipt(billing):
    billed, forgotten = billing.case(), billing.case()
    billing.record(billing.row(billed))

    assert billing.kinds() == [("not_billed", forgotten.number)]


def test_facts_that_change_open_a_settlement_again_and_two_persons_word_stays(billing):
    case, other = billing.case(), billing.case()
    billing.record(billing.row(case, 650), billing.row(other, 700))
    found = {one.sample_no: one for one in StatementDifference.objects.all()}
    settling.settle(differences=found.values(), resolution="contract_price", reason="按合同价结算", by=billing.finance)
    settling.confirm(differences=found.values(), by=billing.colleague)

    ContractItem.objects.update(settlement_price=Decimal(650))
    rematch([billing.hospital.pk])

    kept = StatementDifference.objects.get(sample_no=case.number)
    assert (kept.pk, kept.stands) == (found[case.number].pk, "settled")
    assert StatementDifference.objects.get(sample_no=other.number).stands == "open"


def test_months_follow_each_other_over_new_year():
    assert [following(one) for one in ("2026-01", "2026-11", "2026-12")] == ["2026-02", "2026-12", "2027-01"]
