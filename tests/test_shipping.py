"""A box on its way: each specimen scanned as it leaves (B11), the temperature it bears, how each arrived, and what
follows when one is lost or refused (A28, `vocab.md` §7 and §9)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pypdfium2
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import reminding
from accounts.models import Notice
from audit.gates import Refused
from audit.models import Event
from documents import files
from referrals import cold_chain, falling_due, manifest, queries
from referrals.actions import charging, receipts, requests, shipping
from referrals.models import Referral, Shipment, ShipmentBatch, Specimen, Status
from tests.factories import SHANGHAI
from tests.fixtures.stations import leaving


@pytest.fixture
def sign_in(client):
    def as_(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_


def pack(hospital, *cases, **given):
    return shipping.pack(referrals=cases, laboratory=hospital.laboratory, by=hospital.carrier, **given)


def code(case):
    return case.specimens.get().barcode


def sent(hospital, n=2, **given):
    """A batch on the road and its cases."""
    cases = [hospital.at("sampled") for _n in range(n)]
    batch = pack(hospital, *cases)
    shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch, **given))
    batch.refresh_from_db()
    return batch, [Referral.objects.get(pk=one.pk) for one in cases]


def said(refused):
    return " ".join(str(one) for one in refused.value.refusals)


# --- Scanned as it leaves ---


def test_an_unscanned_specimen_is_named_and_nothing_leaves(hospital):
    """B11."""
    one, two = hospital.at("sampled"), hospital.at("sampled")
    batch = pack(hospital, one, two)

    with pytest.raises(Refused) as refused:
        shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch, scanned=[code(one).lower()]))

    assert code(two) in said(refused) and code(one) not in said(refused)
    assert [(each.code, each.clauses) for each in refused.value.refusals] == [("scan", ("B11",))]
    assert not Shipment.objects.exists()
    assert Referral.objects.get(pk=one.pk).status == Status.SAMPLED


def test_a_foreign_code_is_named_even_when_the_scanner_is_out_of_order(hospital):
    one, stranger = hospital.at("sampled"), hospital.at("sampled")
    batch = pack(hospital, one)
    wrong = [code(one), code(stranger), "JC123"]

    with pytest.raises(Refused) as refused:
        shipping.hand_over(
            batch=batch, by=hospital.carrier, **leaving(batch, scanned=wrong, unscanned_reason="扫码枪故障")
        )

    assert code(stranger) in said(refused) and "JC123" in said(refused) and code(one) not in said(refused)
    assert not Shipment.objects.exists()


def test_with_the_scanner_out_of_order_the_reason_goes_with_what_was_not_read(hospital):
    one, two = hospital.at("sampled"), hospital.at("sampled")
    batch = pack(hospital, one, two)

    shipping.hand_over(
        batch=batch, by=hospital.carrier, **leaving(batch, scanned=[code(one)], unscanned_reason="扫码枪故障，人工核对")
    )

    batch.refresh_from_db()
    assert batch.unscanned_reason == "扫码枪故障，人工核对"
    read, unread = one.shipments.get(), two.shipments.get()
    assert (read.scanned, read.unscanned_reason) == (True, "")
    assert (unread.scanned, unread.unscanned_reason) == (False, "扫码枪故障，人工核对")
    written = Event.objects.filter(table_name="referrals_shipmentbatch", step="shipment.handed_over").latest("id")
    assert written.reason == "扫码枪故障，人工核对"


def test_a_reason_without_anything_unread_is_not_kept(hospital):
    batch, cases = sent(hospital, 1, unscanned_reason="多写的")

    assert (batch.unscanned_reason, cases[0].shipments.get().scanned) == ("", True)


def test_the_database_keeps_no_live_shipment_neither_scanned_nor_explained(hospital):
    _batch, (case,) = sent(hospital, 1)

    with pytest.raises(IntegrityError), transaction.atomic():
        case.shipments.update(scanned=False, unscanned_reason="")


def test_codes_read_at_packing_have_to_be_those_of_the_chosen_cases(hospital):
    one, two = hospital.at("sampled"), hospital.at("sampled")

    with pytest.raises(Refused) as refused:
        pack(hospital, one, scanned=[code(two)])
    assert code(one) in said(refused) and code(two) in said(refused)
    assert not ShipmentBatch.objects.exists()

    assert pack(hospital, one, scanned=[code(one)]).scanned_at_packing
    assert not pack(hospital, two).scanned_at_packing


def test_courier_and_reading_are_asked_for(hospital):
    batch = pack(hospital, hospital.at("sampled"))

    with pytest.raises(ValidationError) as wrong:
        shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch, courier=" "))
    assert "courier" in wrong.value.message_dict
    with pytest.raises(ValidationError) as wrong:
        shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch, celsius=None))
    assert "celsius" in wrong.value.message_dict


# --- Temperature ---


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("FFPE组织", "2–37 ℃"), ("细胞蜡块", "2–37 ℃"), ("FNA细胞", "2–8 ℃"), ("骨髓/外周血(EDTA)", "2–8 ℃"),
        ("血浆(ctDNA)", "15–30 ℃"), ("血浆(EDTA)", "-90–-60 ℃"), ("FFPE组织＋配对正常组织或血", "2–37 ℃"), ("", "None"),
    ],
)  # fmt: skip
def test_each_kind_of_the_catalog_has_its_range(kind, shown):
    assert str(cold_chain.range_of(kind)) == shown


def test_what_bears_no_common_temperature_is_not_packed_together(hospital, settings):
    """B11, `vocab.md` §7: blood in EDTA is cooled, plasma for ctDNA never."""
    settings.SPECIMEN_HOURS = {}
    cold, warm = hospital.at("sampled"), hospital.at("sampled")
    Specimen.objects.filter(referral=cold).update(kind="外周血(EDTA)")
    Specimen.objects.filter(referral=warm).update(kind="血浆(ctDNA)")

    with pytest.raises(Refused) as refused:
        pack(hospital, cold, warm)
    assert [one.code for one in refused.value.refusals] == ["cold_chain"]

    tissue = hospital.at("sampled")
    batch = pack(hospital, cold, tissue)
    assert (batch.celsius_low, batch.celsius_high) == (2, 8)
    shipping.take_out(batch=batch, referral=cold, by=hospital.carrier)
    batch.refresh_from_db()
    assert (batch.celsius_low, batch.celsius_high) == (2, 37)


def test_a_box_out_of_its_range_does_not_leave(hospital):
    batch = pack(hospital, hospital.at("sampled"))

    with pytest.raises(Refused) as refused:
        shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch, celsius=Decimal("38.5")))

    assert "38.5" in said(refused) and "2–37" in said(refused)
    assert not Shipment.objects.exists()


def test_blood_that_no_longer_keeps_is_neither_packed_nor_sent(hospital):
    """B11, `vocab.md` §7: EDTA blood keeps seven days; tissue in paraffin has no such hour."""
    blood, tissue = hospital.at("sampled"), hospital.at("sampled")
    Specimen.objects.filter(referral=blood).update(kind="外周血(EDTA)")
    taken = Specimen.objects.get(referral=blood).collected_at
    batch = shipping.pack(
        referrals=[blood], laboratory=blood.laboratory, by=hospital.carrier, at=taken + timedelta(days=7)
    )

    with pytest.raises(Refused) as refused:
        shipping.hand_over(batch=batch, by=hospital.carrier, at=taken + timedelta(days=7, minutes=1), **leaving(batch))
    assert [one.code for one in refused.value.refusals] == ["keeps_until"]
    assert blood.number in said(refused)
    assert "外周血" in said(refused)
    assert not Shipment.objects.exists()

    shipping.take_out(batch=batch, referral=blood, by=hospital.carrier)
    late = taken + timedelta(days=30)
    with pytest.raises(Refused):
        shipping.pack(referrals=[blood], laboratory=blood.laboratory, by=hospital.carrier, at=late)
    assert shipping.pack(referrals=[tissue], laboratory=tissue.laboratory, by=hospital.carrier, at=late)


def test_arriving_too_warm_is_flagged_and_told(hospital):
    batch, (case,) = sent(hospital, 1)

    receipts.receive_batch(batch=batch, by=hospital.carrier, celsius=Decimal("41.0"))

    shipment = case.shipments.select_related("batch").get()
    assert shipment.is_too_warm_or_cold
    told = Notice.objects.filter(text__contains="41.0")
    assert {one.user_id for one in told} == {case.requester_id, hospital.carrier.pk}


# --- The manifest ---


def text_of(content):
    return "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content))


def test_the_manifest_counts_its_rows_and_shows_seal_range_and_reading(hospital):
    batch, _cases = sent(hospital, 2, seal_no="FQ0815", logger_no="T-07")

    shown = text_of(files.read(batch.manifest))

    for one in ("共 2 份", "1/2", "2/2", "FQ0815", "T-07", "19.5 ℃", "2–37 ℃", "第 1 页，共 1 页", batch.number):
        assert one in shown, one


def test_what_the_manifest_names_of_a_person_is_the_hospitals_setting(hospital, settings):
    """practice.md 4: medium certainty, so a setting; and nothing beyond the four."""
    batch, (case,) = sent(hospital, 1)
    assert case.patient.record_no in text_of(manifest.make(batch).content)

    settings.MANIFEST_NAMES = ["id_number", "phone"]
    shown = text_of(manifest.make(batch).content)

    assert case.patient.record_no not in shown and "姓名" not in shown
    assert code(case) in shown


# --- Arrival ---


def test_a_box_arrives_in_part(hospital):
    batch, (one, two, three) = sent(hospital, 3)

    count = receipts.receive_batch(
        batch=batch, by=hospital.carrier, states={one.pk: ("received", ""), two.pk: ("damaged", "管盖破裂渗漏")}
    )

    assert count == 1
    assert [Referral.objects.get(pk=each.pk).status for each in (one, two, three)] == [
        Status.RECEIVED, Status.RECOLLECT, Status.SHIPPED,
    ]  # fmt: skip
    assert (two.shipments.get().failure, two.shipments.get().rejection_reason) == ("damaged", "管盖破裂渗漏")


def test_what_was_not_received_needs_its_reason_and_the_batch_its_own_specimens(hospital):
    batch, (one,) = sent(hospital, 1)
    _other, (stranger,) = sent(hospital, 1)

    for wrong in ({one.pk: ("missing", " ")}, {one.pk: ("eaten", "x")}, {}):
        with pytest.raises(ValidationError):
            receipts.receive_batch(batch=batch, by=hospital.carrier, states=wrong)
    with pytest.raises(Refused):
        receipts.receive_batch(batch=batch, by=hospital.carrier, states={stranger.pk: ("received", "")})
    assert Referral.objects.get(pk=one.pk).status == Status.SHIPPED


@pytest.mark.parametrize("failure", ["missing", "damaged", "refused"])
def test_a_failed_specimen_puts_its_fee_on_the_refunds_due_and_tells_who_has_to_act(hospital, failure):
    """A28, `vocab.md` §9: what failed is paid back whole."""
    _batch, (case,) = sent(hospital, 1)
    cashier = hospital.cashier
    due = queries.waiting(Referral.objects.visible_to(cashier), "refund")
    assert not due.exists()

    receipts.reject(referral=case, by=hospital.carrier, failure=failure, reason="原因")

    assert [one.pk for one in due.all()] == [case.pk]
    told = set(Notice.objects.filter(text__contains=case.number).values_list("user", flat=True))
    assert {case.requester_id, hospital.carrier.pk, cashier.pk} <= told
    charging.refund(referral=Referral.objects.get(pk=case.pk), by=cashier, reversal_no="TF1", reason="标本丢失")
    assert not due.all().exists()


def test_a_specimen_taken_again_takes_the_fee_off_the_refunds_due(hospital):
    from referrals import barcodes
    from referrals.actions import specimens

    _batch, (case,) = sent(hospital, 1)
    receipts.reject(referral=case, by=hospital.carrier, reason="标识不符")
    case = Referral.objects.get(pk=case.pk)
    specimens.collect(referral=case, by=hospital.nurse, barcode=barcodes.next_barcode(case), kind="FFPE组织")
    due = queries.waiting(Referral.objects.visible_to(hospital.cashier), "refund")
    assert not due.exists()

    # Found unfit here by pathology: 标本不合格全退, unless another is taken once more.
    case = Referral.objects.get(pk=case.pk)
    specimens.assess(referral=case, by=hospital.pathologist, is_fit=False, reason="坏死")
    assert [one.pk for one in due.all()] == [case.pk]
    told = set(Notice.objects.filter(text__contains="坏死").values_list("user", flat=True))
    assert told == {case.requester_id, hospital.nurse.pk}
    case = Referral.objects.get(pk=case.pk)
    specimens.collect(referral=case, by=hospital.nurse, barcode=barcodes.next_barcode(case), kind="FFPE组织")
    assert not due.all().exists()


def test_a_request_whose_specimen_cannot_be_replaced_is_ended_after_the_refund(hospital):
    _batch, (case,) = sent(hospital, 1)
    receipts.reject(referral=case, by=hospital.carrier, failure="missing", reason="途中丢失，蜡块已用尽")
    case = Referral.objects.get(pk=case.pk)

    with pytest.raises(Refused) as refused:
        requests.cancel(referral=case, by=hospital.doctor, reason="无组织可取")
    assert [one.code for one in refused.value.refusals] == ["charged"]
    charging.refund(referral=case, by=hospital.cashier, reversal_no="TF1", reason="标本丢失")
    requests.cancel(referral=Referral.objects.get(pk=case.pk), by=hospital.doctor, reason="无组织可取")

    assert Referral.objects.get(pk=case.pk).status == Status.CANCELLED


# --- Overdue ---


def test_a_shipment_not_received_in_time_is_on_the_list_and_reminded_of(hospital, settings):
    settings.SHIPMENT_OVERDUE_DAYS = 2
    batch, (case,) = sent(hospital, 1)
    late = queries.waiting(Referral.objects.visible_to(hospital.carrier), "receipt_overdue")
    assert not late.exists() and not ShipmentBatch.objects.overdue().exists()

    gone = timezone.now() - timedelta(days=2, hours=1)
    Referral.objects.filter(pk=case.pk).update(shipped_at=gone)
    ShipmentBatch.objects.filter(pk=batch.pk).update(handed_over_at=gone)
    assert list(late.all()) == [case] and list(ShipmentBatch.objects.overdue()) == [batch]
    (due,) = falling_due.shipments(timezone.localdate())
    assert due.on == timezone.localdate(gone + timedelta(days=2))
    assert hospital.carrier in due.people and batch.number in str(due.text)

    receipts.receive(referral=Referral.objects.get(pk=case.pk), by=hospital.carrier)
    assert not late.all().exists() and not list(falling_due.shipments(timezone.localdate()))


def test_the_reminder_goes_out_once(hospital, monkeypatch):
    monkeypatch.setattr(reminding, "KINDS", {})
    falling_due.register()
    batch, _cases = sent(hospital, 1)
    wednesday = datetime(2026, 6, 3, 9, 0, tzinfo=SHANGHAI)
    ShipmentBatch.objects.filter(pk=batch.pk).update(handed_over_at=wednesday - timedelta(days=1, hours=2))

    assert reminding.remind(wednesday) == reminding.remind(wednesday + timedelta(hours=1)) + 1


# --- At both doors ---


def test_the_page_sends_what_was_scanned_and_names_what_was_not(hospital, sign_in):
    one, two = hospital.at("sampled"), hospital.at("sampled")
    batch = pack(hospital, one, two)
    carrier, here = sign_in(hospital.carrier), reverse("referrals:batch", args=[batch.pk])
    form = leaving(batch, scanned=code(one))

    refused = carrier.post(here, form)
    assert refused.status_code == 422
    assert f"尚未扫码：{code(two)}" in refused.content.decode()

    assert carrier.post(here, form | {"scanned": f"{code(one)}\n{code(two)}"}).status_code == 302
    page = carrier.get(here).content.decode()
    assert f'name="state-{one.pk}"' in page
    marked = {f"state-{one.pk}": "received", f"state-{two.pk}": "missing", "celsius": "18.5"}
    to = reverse("referrals:receive_batch", args=[batch.pk])
    assert carrier.post(to, marked).status_code == 422
    assert carrier.post(to, {}).status_code == 422
    assert carrier.post(to, marked | {f"reason-{two.pk}": "箱内未见"}).status_code == 302
    assert "收到时缺失或已丢失" in carrier.get(here).content.decode()
    assert two.shipments.get().failure == "missing"


def test_a_batch_page_asks_as_much_for_twenty_specimens_as_for_one(hospital, sign_in):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    few, _cases = sent(hospital, 1)
    many, _cases = sent(hospital, 8)
    carrier = sign_in(hospital.carrier)
    counts = []
    for batch in (few, few, many):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            carrier.get(reverse("referrals:batch", args=[batch.pk]))
        counts.append(len(asked))
    assert counts[1] == counts[2]


def test_a_program_scans_and_receives_in_the_same_words(hospital, program):
    one, two = hospital.at("sampled"), hospital.at("sampled")
    client = program(hospital.carrier)
    batch = client.post("batches/", {"referrals": [one.number, two.number], "scanned": [code(one), code(two)]}).json()
    assert batch["scanned_at_packing"] is True
    left = {"carrier": "承运", "courier": "李师傅", "celsius": "20.0", "scanned": [code(one)]}

    refused = client.post(f"batches/{batch['number']}/hand-over/", left)
    assert refused.status_code == 422 and code(two) in refused.json()["detail"]
    done = client.post(f"batches/{batch['number']}/hand-over/", left | {"scanned": [code(one), code(two)]})
    assert done.status_code == 200, done.content

    states = [
        {"referral": one.number, "state": "received"},
        {"referral": two.number, "state": "refused", "reason": "溶血"},
    ]
    done = client.post(f"batches/{batch['number']}/receive/", {"states": states, "celsius": "39.5"}).json()
    arrived = {each["referral"]: each for each in done["arrivals"]}
    assert arrived[one.number]["out_of_range"] is True
    assert arrived[two.number]["failure"] == "refused"
    foreign = [{"referral": "JC01999901010001", "state": "received"}]
    assert client.post(f"batches/{batch['number']}/receive/", {"states": foreign}).status_code == 404
