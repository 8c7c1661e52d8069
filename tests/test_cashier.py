"""The cashier's window and the day's entries (A28, practice.md 2); what patient and insurance pay, told before consent
(A13, B16)."""

import io
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from consent import wording
from referrals import numbering, offering
from referrals.actions import charging, deferring
from referrals.cashier import Day, scanned, total
from referrals.models import Referral
from tests.factories import InstitutionFactory, staff
from vendors import insurance
from vendors.models import Price

WINDOW = "referrals:charge_lookup"


@pytest.fixture
def sign_in(client):
    def as_(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_


def test_a_scan_opens_the_case_enter_charges_it_and_the_next_scan_is_waited_for(hospital, sign_in):
    case = hospital.at("awaiting_charge")
    browser = sign_in(hospital.cashier)

    opened = browser.get(reverse(WINDOW), {"q": case.number.lower()}, follow=True)
    page = opened.content.decode()
    sent = browser.post(
        reverse("referrals:charge", args=[case.pk]),
        {"drawn": case.status, "do": "charge", "kind": "receipt", "receipt_no": "JS1"},
        follow=True,
    )

    assert case.test.name in page
    assert 'name="receipt_no"' in page
    assert "1,000.00" in page
    assert sent.redirect_chain[-1][0] == reverse(WINDOW)
    html = sent.content.decode()
    assert case.number in html
    assert "autofocus" in html.split('id="charge-q"')[1][:120]


def test_another_hospitals_paper_is_told_apart_from_an_unknown_one(hospital):
    elsewhere = InstitutionFactory()
    theirs = f"JC{numbering.place(elsewhere)}202603020001"
    ours = f"JC{numbering.place(hospital.institution)}202603029999"

    assert (
        "其他医院" in scanned(hospital.cashier, theirs).said
        or "another hospital" in scanned(hospital.cashier, theirs).said
    )
    assert scanned(hospital.cashier, ours).said != scanned(hospital.cashier, theirs).said
    assert scanned(hospital.cashier, ours).said


def test_the_day_adds_up_by_kind_and_what_is_put_off_is_no_money(hospital):
    paid, late, back = (hospital.at("awaiting_charge") for _ in range(3))
    by = hospital.cashier
    charging.charge(referral=paid, by=by, kind="inpatient", receipt_no="JZ1", inpatient_no="ZY1")
    deferring.put_off(referral=late, by=hospital.affairs, kind="green_channel", document="LS1", basis="急诊")
    charging.charge(referral=Referral.objects.get(pk=late.pk), by=by, kind="green_channel")
    charging.charge(referral=back, by=by, kind="receipt", receipt_no="JS1")
    charging.refund(referral=Referral.objects.get(pk=back.pk), by=by, reversal_no="TF1", reason="改期")
    other = hospital.at("awaiting_charge")
    charging.charge(referral=other, by=staff("R12", hospital.institution), kind="receipt", receipt_no="JS2")

    mine, all_ = (Day(by, timezone.localdate(), everybody=whole).lines() for whole in (False, True))
    receipts, inpatient, arrears, green = mine

    assert (receipts.entered, receipts.amount, receipts.refunded, receipts.net) == (1, 1000, 1000, 0)
    assert (inpatient.entered, inpatient.net) == (1, 1000)
    assert (arrears.entered, green.entered, green.is_money) == (0, 1, False)
    assert (total(mine), total(all_)) == (Decimal("1000.00"), Decimal("2000.00"))
    deferring.settle(referral=Referral.objects.get(pk=late.pk), by=by, kind="receipt", receipt_no="JS3")
    assert total(Day(by, timezone.localdate()).lines()) == Decimal("2000.00")
    assert total(Day(by, timezone.localdate() - timedelta(days=1)).lines()) == 0


def test_the_day_as_a_workbook_names_the_numbers_and_no_patient(hospital, sign_in):
    case = hospital.at("awaiting_charge")
    charging.charge(
        referral=case, by=hospital.cashier, kind="receipt", receipt_no="JS1", invoice_code="35060126",
        invoice_no="0001234567",
    )  # fmt: skip

    answer = sign_in(hospital.cashier).get(reverse("referrals:charge_day_xlsx"))

    cells = [
        str(cell.value) for sheet in openpyxl.load_workbook(io.BytesIO(answer.content)) for row in sheet for cell in row
    ]
    assert {"JS1", "0001234567", case.number} <= set(cells)
    assert case.patient.record_no in cells
    assert not {"患者", "姓名", "患者姓名"} & set(cells)


def test_the_page_of_the_day_asks_as_much_for_ten_entries_as_for_one(hospital, sign_in, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    browser, counts = sign_in(hospital.cashier), []
    for place in range(10):
        charging.charge(
            referral=hospital.at("awaiting_charge"), by=hospital.cashier, kind="receipt", receipt_no=f"JS{place}"
        )
        if place in (0, 9):
            browser.get(reverse("referrals:charge_day"))
            with CaptureQueriesContext(connection) as asked:
                assert browser.get(reverse("referrals:charge_day")).status_code == 200
            counts.append(len(asked))

    assert counts[0] == counts[1]


# Whose money


@pytest.mark.parametrize(
    ("kind", "self_paid", "own", "within"),
    [
        ("自费", None, 1000, 0),
        ("丙类", 0, 1000, 0),
        ("乙类", 100, 100, 900),
        ("甲类", 0, 0, 1000),
        ("乙类", None, None, None),
    ],
)
def test_what_is_the_patients_is_said_as_far_as_the_price_list_knows_it(kind, self_paid, own, within):
    split = insurance.shares(Price(amount=Decimal(1000), insurance_class=kind, self_paid=self_paid))

    assert (split.own, split.within) == (own, within)


def test_a_sum_with_one_unknown_part_is_unknown():
    known = Price(amount=Decimal(1000), insurance_class="乙类", self_paid=Decimal(100))
    unknown = Price(amount=Decimal(500), insurance_class="乙类")

    assert insurance.together([known, known]).own == 200
    assert insurance.together([known, unknown]).own is None
    assert insurance.together([known, unknown]).amount == 1500


def test_the_consent_tells_what_the_patient_pays_and_makes_nothing_up(hospital):
    case = hospital.at("awaiting_consent")
    prices = Price.objects.filter(institution=hospital.institution, test=case.test)

    def told():
        case_now = Referral.objects.get(pk=case.pk)
        text = wording.compose(wording.gather(case_now, timezone.now()), number="T1", edition=1)
        return dict(next(one for one in text.sections if one.key == "fee").facts)

    prices.update(insurance_class="乙类", self_paid=Decimal("120.00"))
    known = told()
    prices.update(self_paid=None)
    unknown = told()

    assert known["其中先由个人自付"] == "120.00元"
    assert "880.00元" in known["其余纳入医保报销"]
    assert unknown["其中个人支付"] == unknown["其中医保支付"] == "以医保结算为准"


def test_the_offer_at_the_point_of_order_says_the_same(hospital):
    case = hospital.at("awaiting_consent")
    Price.objects.filter(institution=hospital.institution, test=case.test).update(
        insurance_class="乙类", self_paid=Decimal("120.00")
    )

    offer = offering.offer(case)

    assert (offer.shares.own, offer.shares.within) == (Decimal("120.00"), Decimal("880.00"))
