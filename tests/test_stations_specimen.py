"""Label, taking, assessment; packing, handing over, receipt, rejection."""

import re
from datetime import date, timedelta

import pypdfium2
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.gates import Refused
from consent.models import Consent
from documents import files
from referrals import barcodes, labels, manifest
from referrals.actions import receipts, shipping, specimens
from referrals.identity import set_identity
from referrals.models import EthicsApproval, Referral, ShipmentBatch, Specimen, Status
from tests.factories import LaboratoryFactory, StudyFactory
from tests.fixtures.stations import leaving
from vendors.models import Credential


def codes(refused):
    return [one.code for one in refused.value.refusals]


def collect(case, hospital, **given):
    return specimens.collect(
        referral=case, by=hospital.nurse, **{"barcode": barcodes.next_barcode(case), "kind": "FFPE组织", **given}
    )


def test_the_barcode_is_number_serial_and_a_check_digit_that_finds_wrong_digits():
    code = barcodes.barcode("JC01202309180007", 1)

    assert re.fullmatch(r"JC0120230918000701\d", code)
    assert barcodes.is_whole(code)
    wrong = [code[:i] + str((int(c) + 1) % 10) + code[i + 1 :] for i, c in enumerate(code) if c.isdigit()]
    assert not any(barcodes.is_whole(one) for one in wrong)


def test_a_specimen_is_taken_under_its_own_label(hospital):
    case = hospital.at("charged")
    label = barcodes.next_barcode(case)

    specimen = collect(case, hospital, barcode=label.lower() + " ")

    case.refresh_from_db()
    assert (case.status, specimen.barcode, specimen.collected_by) == (Status.SAMPLED, label, hospital.nurse)
    assert case.collected_at == specimen.collected_at


def test_another_label_is_refused_and_nothing_is_taken(hospital):
    case, other = hospital.at("charged"), hospital.at("charged")

    with pytest.raises(ValidationError) as wrong:
        collect(case, hospital, barcode=barcodes.next_barcode(other))
    assert "barcode" in wrong.value.message_dict
    with pytest.raises(ValidationError):
        collect(case, hospital, barcode="12")
    assert not case.specimens.exists()


def test_without_a_consent_nothing_is_taken(hospital):
    case = hospital.at("charged")
    Consent.objects.filter(referral=case).update(withdrawn_at=timezone.now() - timedelta(minutes=1))

    with pytest.raises(Refused) as refused:
        collect(case, hospital)

    assert codes(refused) == ["X05"]
    assert not case.specimens.exists()


def test_a_lapsed_ethics_approval_stops_the_sampling_and_a_renewal_lets_it_through(hospital):
    study = StudyFactory(institution=hospital.institution, ethics__valid_to=date(2026, 3, 1))
    case = hospital.at("awaiting_sampling", outsourced=False, nature="research", study=study)

    with pytest.raises(Refused) as refused:
        collect(case, hospital)
    assert codes(refused) == ["X10"]

    EthicsApproval.objects.create(study=study, number="2", valid_from=date(2026, 3, 2), valid_to=date(2028, 1, 1))
    collect(case, hospital)
    assert Referral.objects.get(pk=case.pk).status == Status.SAMPLED


def test_the_cashier_takes_no_specimen_and_the_nurse_assesses_none(hospital):
    case = hospital.at("charged")
    with pytest.raises(PermissionDenied):
        specimens.collect(referral=case, by=hospital.cashier, barcode=barcodes.next_barcode(case))
    sampled = hospital.at("sampled")
    with pytest.raises(PermissionDenied):
        specimens.assess(referral=sampled, by=hospital.nurse, is_fit=True, tumour_cell_percent=40)


def test_too_few_tumour_cells_are_not_found_fit(hospital):
    case = hospital.at("sampled")

    with pytest.raises(ValidationError) as wrong:
        specimens.assess(referral=case, by=hospital.pathologist, is_fit=True, tumour_cell_percent=19)
    assert "tumour_cell_percent" in wrong.value.message_dict
    specimens.assess(referral=case, by=hospital.pathologist, is_fit=True, tumour_cell_percent=20)

    assert case.specimens.get().tumour_cell_percent == 20


def test_an_unfit_specimen_is_taken_again_under_the_next_label(hospital):
    case = hospital.at("sampled")

    with pytest.raises(ValidationError):
        specimens.assess(referral=case, by=hospital.pathologist, is_fit=False)
    specimens.assess(referral=case, by=hospital.pathologist, is_fit=False, reason="坏死超过50%")
    case.refresh_from_db()
    assert case.status == Status.RECOLLECT
    again = collect(case, hospital)

    assert again.barcode[-3:-1] == "02"
    assert Referral.objects.get(pk=case.pk).status == Status.SAMPLED


def test_a_batch_leaves_with_its_manifest(hospital):
    cases = [hospital.at("sampled") for _n in range(2)]

    batch = shipping.pack(referrals=cases, laboratory=hospital.laboratory, by=hospital.carrier)
    assert re.fullmatch(r"WS\d{8}01", batch.number)
    shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch, waybill="SF1"))

    batch.refresh_from_db()
    assert batch.handed_over_by == hospital.carrier
    assert files.read(batch.manifest).startswith(b"%PDF")
    for case in cases:
        case.refresh_from_db()
        shipment = case.shipments.get()
        assert case.status == Status.SHIPPED
        assert (shipment.contract, shipment.specimen) == (case.contract, case.specimens.get())


def test_the_manifest_carries_what_the_laboratory_needs_and_nothing_more(hospital, monkeypatch):
    case = hospital.at("sampled")
    case.patient.institution_id = hospital.institution.pk
    case.patient.save()
    set_identity(
        patient=case.patient, by=hospital.nurse, name="岚小雨", id_number="11010519491231002X", phone="13800000000",
        address="岚溪县一路1号",
    )  # fmt: skip
    batch = shipping.pack(referrals=[case], laboratory=hospital.laboratory, by=hospital.carrier)
    seen = []
    monkeypatch.setattr(manifest.pdf, "make", lambda html, **_o: seen.append(html))

    manifest.make(batch)
    labels.make([(case, case.specimens.get().barcode, "")], labels.default_stock())

    for paper in seen:
        assert "岚小雨" in paper and case.patient.record_no in paper and case.test.name in paper
        assert case.specimens.get().barcode in paper
        for private in ("11010519491231002X", "13800000000", "一路1号", case.requester.name):
            assert private not in paper


@pytest.mark.parametrize("name", ["岚小雨", "阿卜杜热西提·买买提依明江·吐尔逊·阿布都克里木"])
def test_the_label_is_one_of_the_stock_with_its_number_in_bars_and_letters_and_nothing_cut(hospital, name):
    case = hospital.at("charged")
    set_identity(patient=case.patient, by=hospital.nurse, name=name)
    case.patient.refresh_from_db()
    code = barcodes.next_barcode(case)

    paper = pypdfium2.PdfDocument(
        labels.make([(case, code, "FFPE组织＋配对正常组织或血")], labels.default_stock()).content
    )

    assert len(paper) == 1
    assert [round(points / 72 * 25.4, 1) for points in paper[0].get_size()] == [50.0, 30.0]
    # Text in the order it stands; what is cut off is not drawn, so its bottom lies above the bars.
    text = paper[0].get_textpage()
    drawn = re.sub(r"\s", "", text.get_text_range())
    for one in (name, case.patient.record_no, "FFPE组织＋配对正常组织或血", code):
        assert one in drawn
    boxes = [text.get_charbox(n) for n in range(text.count_chars())]
    rows = sorted({round(bottom) for _left, bottom, _right, _top in boxes})
    bars_top = (30 - 1.2 - 17.6) / 25.4 * 72
    assert [row for row in rows if 10 < row < bars_top - 1] == []


def test_only_fit_specimens_of_one_laboratory_are_packed(hospital):
    fit, unassessed, elsewhere = hospital.at("sampled"), hospital.at("sampled"), hospital.at("sampled")
    Specimen.objects.filter(referral=unassessed).update(is_fit=None)
    Referral.objects.filter(pk=elsewhere.pk).update(laboratory=LaboratoryFactory())

    with pytest.raises(Refused) as refused:
        shipping.pack(referrals=[fit, unassessed, elsewhere], laboratory=hospital.laboratory, by=hospital.carrier)

    said = " ".join(str(one) for one in refused.value.refusals)
    assert unassessed.number in said and elsewhere.number in said and fit.number not in said
    assert not ShipmentBatch.objects.exists()


def test_one_refused_case_keeps_the_whole_batch_here_until_it_is_left_out(hospital):
    """X08: its fee was refunded after packing."""
    good, bad = hospital.at("sampled"), hospital.at("sampled")
    batch = shipping.pack(referrals=[good, bad], laboratory=hospital.laboratory, by=hospital.carrier)
    bad.charges.update(reversed_at=timezone.now() - timedelta(minutes=1), reversed_by=hospital.cashier)

    with pytest.raises(Refused) as refused:
        shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch))
    assert codes(refused) == ["X08"]
    assert bad.number in str(refused.value.refusals[0])
    assert Referral.objects.get(pk=good.pk).status == Status.SAMPLED
    assert not good.shipments.exists()

    kept = [good.specimens.get().barcode]
    shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch, scanned=kept, leave_out=[bad.pk]))
    assert Referral.objects.get(pk=good.pk).status == Status.SHIPPED
    assert Referral.objects.get(pk=bad.pk).status == Status.SAMPLED
    assert bad.specimens.get().batch is None


def test_a_shut_laboratory_takes_nothing(hospital):
    case = hospital.at("sampled")
    batch = shipping.pack(referrals=[case], laboratory=hospital.laboratory, by=hospital.carrier)
    Credential.objects.filter(laboratory=hospital.laboratory, kind="biosafety").update(valid_to=date(2026, 3, 1))
    hospital.laboratory.foreign_controlled = True
    hospital.laboratory.save()

    with pytest.raises(Refused) as refused:
        shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch))

    assert codes(refused) == ["X06", "X13"]


def test_a_batch_is_handed_over_once_and_only_by_its_post(hospital):
    case = hospital.at("sampled")
    with pytest.raises(PermissionDenied):
        shipping.pack(referrals=[case], laboratory=hospital.laboratory, by=hospital.doctor)
    batch = shipping.pack(referrals=[case], laboratory=hospital.laboratory, by=hospital.carrier)
    with pytest.raises(PermissionDenied):
        shipping.hand_over(batch=batch, by=hospital.nurse, **leaving(batch))
    shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch))
    with pytest.raises(Refused) as refused:
        shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch))

    assert codes(refused) == ["stale"]
    assert case.shipments.count() == 1


def test_receipt_has_its_time_and_rejection_its_reason(hospital):
    case = hospital.at("shipped")
    shipment = case.shipments.get()

    with pytest.raises(ValidationError):
        receipts.receive(referral=case, by=hospital.carrier, at=shipment.shipped_at - timedelta(hours=1))
    with pytest.raises(ValidationError):
        receipts.receive(referral=case, by=hospital.carrier, at=timezone.now() + timedelta(hours=1))
    receipts.receive(referral=case, by=hospital.carrier, at=shipment.shipped_at + timedelta(hours=17))
    case.refresh_from_db()
    assert case.status == Status.RECEIVED
    receipts.reject(referral=case, by=hospital.carrier, reason="标识不符")

    case.refresh_from_db()
    shipment.refresh_from_db()
    assert (case.status, shipment.rejection_reason) == (Status.RECOLLECT, "标识不符")
