"""Labels on every stock: what they carry (practice.md 4), that they can be read, that a second print says why (B11)."""

import base64
import re

import pypdfium2
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.gates import Refused
from referrals import barcodes, labels
from referrals.actions import labelling
from referrals.identity import set_identity
from referrals.models import LabelPrint

STOCKS = list(labels.STOCKS.values())


@pytest.fixture
def sign_in(client):
    def as_(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_


def named(hospital, name="岚小雨"):
    case = hospital.at("charged")
    set_identity(
        patient=case.patient, by=hospital.nurse, name=name, id_number="11010519491231002X", phone="13800000000",
        address="岚溪县一路1号",
    )  # fmt: skip
    case.patient.refresh_from_db()
    return case


@pytest.mark.parametrize("stock", STOCKS, ids=lambda one: one.code)
def test_a_label_carries_who_and_what_and_nothing_private(hospital, stock):
    case = named(hospital)
    code = barcodes.next_barcode(case)

    paper = pypdfium2.PdfDocument(labels.make([(case, code, "")], stock).content)

    assert len(paper) == 1
    size = [round(points / 72 * 25.4, 1) for points in paper[0].get_size()]
    assert size == ([210.0, 297.0] if stock.is_sheet else [stock.width, stock.height])
    drawn = re.sub(r"\s", "", paper[0].get_textpage().get_text_range())
    for one in ("岚小雨", case.patient.record_no, code):
        assert one in drawn
    for private in ("11010519491231002X", "13800000000", "一路1号", case.requester.name):
        assert private not in drawn


@pytest.mark.parametrize("stock", STOCKS, ids=lambda one: one.code)
def test_bars_stand_only_where_a_module_is_wide_enough_to_be_read(stock):
    code = barcodes.barcode("JC01202309180007", 1)

    assert stock.bears_bars(code) is (stock.width > 30)


def test_a_batch_fills_a_sheet_from_the_place_it_was_begun_at(hospital):
    cases = [hospital.at("charged") for _n in range(3)]
    items = [(one, barcodes.next_barcode(one), "") for one in cases]

    begun = pypdfium2.PdfDocument(labels.make(items, labels.STOCKS["a4-24"], start=23).content)
    roll = pypdfium2.PdfDocument(labels.make(items, labels.STOCKS["40x25"], copies=2).content)

    assert (len(begun), len(roll)) == (2, 6)
    first, second = (page.get_textpage() for page in begun)
    assert items[0][1] in first.get_text_range() and items[2][1] in second.get_text_range()
    assert items[0][1] not in second.get_text_range()
    # The 23rd place is the second of the last row: in the middle, at the foot.
    boxes = [first.get_charbox(n) for n in range(first.count_chars())]
    left, top = min(box[0] for box in boxes) / 72 * 25.4, max(box[3] for box in boxes) / 72 * 25.4
    assert 70 < left < 75 and top < 38


def test_the_first_print_is_recorded_and_the_second_says_why(hospital):
    case = hospital.at("charged")
    labelling.print_labels(referrals=[case], by=hospital.nurse)

    with pytest.raises(ValidationError) as wrong:
        labelling.print_labels(referrals=[case], by=hospital.nurse)
    assert barcodes.next_barcode(case) in str(wrong.value.message_dict["reason"])
    labelling.print_labels(referrals=[case], by=hospital.nurse, reason="标签污损")

    kept = list(LabelPrint.objects.order_by("pk").values_list("place", "reason", "stock"))
    assert kept == [(1, "", "50x30"), (2, "标签污损", "50x30")]
    with pytest.raises(IntegrityError), transaction.atomic():
        LabelPrint.objects.create(
            referral=case, barcode="X", place=2, stock="50x30", printed_at=case.requested_at, printed_by=hospital.nurse
        )


def test_a_case_past_its_sampling_prints_the_label_it_bears_and_one_without_none(hospital):
    case = hospital.at("sampled")
    assert labelling.due(case) == (case.specimens.get().barcode, "FFPE组织")
    bare = hospital.at("awaiting_charge")
    with pytest.raises(Refused):
        labelling.print_labels(referrals=[bare], by=hospital.nurse)
    with pytest.raises(PermissionDenied):
        labelling.print_labels(referrals=[case], by=hospital.cashier)
    for wrong in ({"stock": "a4-24", "start": 25}, {"stock": "x"}, {"copies": 9}):
        with pytest.raises(ValidationError):
            labelling.print_labels(referrals=[case], by=hospital.nurse, **wrong)
    assert not LabelPrint.objects.exists()


def test_the_hospitals_stock_is_a_setting(hospital, settings):
    settings.LABEL_STOCK = "40x25"
    paper = labelling.print_labels(referrals=[hospital.at("charged")], by=hospital.nurse)

    assert round(pypdfium2.PdfDocument(paper.content)[0].get_size()[0] / 72 * 25.4) == 40


def test_the_page_prints_the_ticked_ones_and_a_program_the_named_ones(hospital, sign_in, program):
    one, two = hospital.at("charged"), hospital.at("charged")
    nurse, here = sign_in(hospital.nurse), reverse("referrals:labels")
    shown = nurse.get(here).content.decode()
    assert one.number in shown and two.number in shown
    form = {"stock": "a4-65", "start": "3", "copies": "1", "reason": ""}

    assert nurse.post(here, form).status_code == 422
    made = nurse.post(here, form | {"cases": [one.pk]})
    assert made["Content-Type"] == "application/pdf" and made.content.startswith(b"%PDF")
    again = nurse.post(reverse("referrals:label", args=[one.pk]), form | {"cases": [one.pk]})
    assert again.status_code == 422 and barcodes.next_barcode(one) in again.content.decode()

    client = program(hospital.nurse)
    refused = client.post("labels/", {"referrals": [one.number, two.number]})
    assert refused.status_code == 400 and "reason" in refused.json()["errors"]
    done = client.post("labels/", {"referrals": [one.number, two.number], "reason": "换纸"})
    assert done.status_code == 201 and base64.b64decode(done.json()["pdf"]).startswith(b"%PDF")
    assert LabelPrint.objects.filter(referral=two, place=1, reason="").exists()
    assert client.post("labels/", {"referrals": ["JC01999901010001"]}).status_code == 404
