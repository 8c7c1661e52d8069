"""The stations in the browser's door: the same actions, the same words, stale pages and double sends refused."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from audit.gates import Refused
from consent.models import Consent
from referrals import barcodes, next_steps
from referrals.actions import approving, receipts, shipping
from referrals.models import Referral, ShipmentBatch, Specimen, Status
from tests.factories import StudyFactory
from tests.fixtures.stations import leaving


@pytest.fixture
def sign_in(client):
    def as_(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return as_


def url(name, case):
    return reverse(f"referrals:{name}", args=[case.pk])


def send(client, name, case, **typed):
    return client.post(url(name, case), {"drawn": case.status, **typed})


def stands(case):
    return Referral.objects.get(pk=case.pk)


def pdf(text="report"):
    return SimpleUploadedFile("报告.pdf", f"%PDF-1.4\n{text}\n%%EOF".encode(), content_type="application/pdf")


def the_report(case, **more):
    return {
        "barcode": Specimen.objects.get(referral=case).barcode, "report_no": f"BG{case.pk}", "signed_out_by": "王签发",
        "outcome": "positive", "pdf": pdf(str(case.pk)), "alterations-TOTAL_FORMS": "1", "alterations-INITIAL_FORMS": "0",
        "alterations-0-gene": "EGFR", "alterations-0-variant": "L858R", **more,
    }  # fmt: skip


def test_an_in_house_case_goes_from_its_fee_to_its_record(hospital, sign_in):
    case = hospital.at("awaiting_charge", outsourced=False)

    assert (
        send(sign_in(hospital.cashier), "charge", case, do="charge", kind="receipt", receipt_no="PJ1").status_code
        == 302
    )
    case = stands(case)
    nurse = sign_in(hospital.nurse)
    assert barcodes.next_barcode(case).encode() in nurse.get(url("specimen", case)).content
    label = {"stock": "50x30", "start": "1", "copies": "1", "cases": [case.pk]}
    assert nurse.post(url("label", case), label).content.startswith(b"%PDF")
    typed = {"do": "collect", "barcode": barcodes.next_barcode(case), "kind": "FFPE组织"}
    assert send(nurse, "specimen", case, **typed).status_code == 302
    case = stands(case)
    lab = sign_in(hospital.pathologist)
    assert send(lab, "specimen", case, do="assess", tumour_cell_percent="12", is_fit="yes").status_code == 422
    assert send(lab, "specimen", case, do="assess", tumour_cell_percent="35", is_fit="yes").status_code == 302
    assert send(lab, "result", case, **the_report(case)).status_code == 302
    doctor = sign_in(hospital.doctor)
    case = stands(case)
    assert send(doctor, "review", case, note="用药").status_code == 302
    case = stands(case)
    assert send(doctor, "tell", case).status_code == 302
    case = stands(case)
    assert send(sign_in(hospital.records), "file", case).status_code == 302

    assert stands(case).status == Status.FILED
    assert case.filings.get().result_filed is True
    report = case.results.get()
    assert doctor.get(reverse("referrals:report", args=[case.pk, report.pk])).content.startswith(b"%PDF")


def test_an_outsourced_case_goes_from_its_approval_to_its_report(hospital, sign_in):
    case = hospital.at("awaiting_approval")

    assert send(sign_in(hospital.affairs), "approve", case, do="approve").status_code == 302
    assert stands(case).status == Status.AWAITING_CHARGE
    case = hospital.at("sampled")
    carrier = sign_in(hospital.carrier)
    packed = carrier.post(
        reverse("referrals:pack"), {"laboratory": hospital.laboratory.pk, "cases": [case.pk]}, follow=True
    )
    batch = ShipmentBatch.objects.get()
    assert batch.number.encode() in packed.content
    assert carrier.get(reverse("referrals:manifest", args=[batch.pk])).content.startswith(b"%PDF")
    assert carrier.post(reverse("referrals:batch", args=[batch.pk]), leaving(batch)).status_code == 302
    assert stands(case).status == Status.SHIPPED
    assert carrier.post(reverse("referrals:receive_batch", args=[batch.pk]), {"all": "1"}).status_code == 302
    case = stands(case)
    assert case.status == Status.RECEIVED
    assert send(carrier, "result", case, **the_report(case)).status_code == 302
    assert stands(case).status == Status.REPORTED


def test_the_page_refuses_in_the_words_of_the_action(hospital, sign_in):
    case = hospital.at("awaiting_approval")
    Consent.objects.filter(referral=case).update(withdrawn_at=timezone.now())
    with pytest.raises(Refused) as refused:
        approving.approve(referral=case, by=hospital.affairs)

    client = sign_in(hospital.affairs)
    before = client.get(url("approve", case)).content.decode()
    sent = send(client, "approve", case, do="approve")

    for one in refused.value.refusals:
        assert str(one) in before
        assert str(one) in sent.content.decode()
    assert sent.status_code == 422
    assert stands(case).status == Status.AWAITING_APPROVAL


def test_the_case_page_shows_the_refusal_before_anybody_tries(hospital, sign_in):
    case = hospital.at("awaiting_approval")
    Consent.objects.filter(referral=case).update(withdrawn_at=timezone.now())

    shown = sign_in(hospital.affairs).get(url("case", case)).content.decode()

    assert str(next_steps.stops(next_steps.BY_CODE["approve"].step, case, hospital.affairs)[0]) in shown


def test_a_stale_page_is_refused_and_so_is_a_second_send(hospital, sign_in):
    case = hospital.at("awaiting_charge")
    client = sign_in(hospital.cashier)
    typed = {"drawn": case.status, "do": "charge", "kind": "receipt", "receipt_no": "PJ1"}

    assert client.post(url("charge", case), typed).status_code == 302
    again = client.post(url("charge", case), typed)

    assert again.status_code == 422
    assert case.charges.count() == 1


def test_what_was_typed_stays_after_an_error(hospital, sign_in):
    case = hospital.at("received")

    sent = send(sign_in(hospital.carrier), "result", case, **the_report(case, signed_out_by="", report_no="BG-77"))

    assert sent.status_code == 422
    assert 'value="BG-77"' in sent.content.decode()
    assert 'value="L858R"' in sent.content.decode()


def test_a_report_that_is_no_pdf_is_not_taken_in(hospital, sign_in):
    case = hospital.at("received")
    wrong = SimpleUploadedFile("报告.pdf", b"MZ...", content_type="application/pdf")

    assert send(sign_in(hospital.carrier), "result", case, **the_report(case, pdf=wrong)).status_code == 422
    assert not case.results.exists()


@pytest.mark.parametrize(
    "name, status, wrong",
    [
        ("approve", "awaiting_approval", "doctor"),
        ("charge", "awaiting_charge", "doctor"),
        ("specimen", "charged", "cashier"),
        ("receive", "shipped", "nurse"),
        ("reject", "shipped", "doctor"),
        ("result", "received", "cashier"),
        ("review", "reported", "cashier"),
        ("tell", "reviewed", "carrier"),
        ("file", "told", "nurse"),
        ("drug", "reported", "cashier"),
        ("void", "charged", "doctor"),
    ],
)
def test_another_post_is_told_who_may(hospital, sign_in, name, status, wrong):
    case = hospital.at(status)

    assert sign_in(getattr(hospital, wrong)).get(url(name, case)).status_code == 403


def test_every_station_opens_where_it_is_due_and_says_so_where_it_is_not(hospital, sign_in):
    places = {
        "approve": ("affairs", "awaiting_approval"), "charge": ("cashier", "awaiting_charge"),
        "specimen": ("nurse", "charged"), "receive": ("carrier", "shipped"), "reject": ("carrier", "shipped"),
        "result": ("carrier", "received"), "correct": ("carrier", "reported"), "review": ("doctor", "reported"),
        "tell": ("doctor", "reviewed"), "file": ("records", "told"), "drug": ("pharmacist", "reported"),
        "void": ("affairs", "sampled"),
    }  # fmt: skip
    elsewhere = hospital.at("filed")
    for name, (person, status) in places.items():
        client = sign_in(getattr(hospital, person))
        assert client.get(url(name, hospital.at(status))).status_code == 200, name
        assert client.get(url(name, elsewhere)).status_code == 200, name


def test_the_cashier_who_tries_a_research_test_is_told_x09(hospital, sign_in):
    study = StudyFactory(institution=hospital.institution)
    case = hospital.at("awaiting_sampling", outsourced=False, nature="research", study=study)

    sent = send(sign_in(hospital.cashier), "charge", case, do="charge", kind="receipt", receipt_no="1")

    assert sent.status_code == 422
    assert "严禁" in sent.content.decode() or "forbidden" in sent.content.decode()


def test_the_next_step_is_one_and_says_who_must_act(hospital):
    case = hospital.at("awaiting_charge")

    mine, theirs = next_steps.ahead(case, hospital.cashier), next_steps.ahead(case, hospital.doctor)

    assert (mine.main.station.code, mine.main.may, mine.main.refusals) == ("charge", True, [])
    assert (theirs.main.may, theirs.main.roles) == (False, ["收费处（财务科）"])
    assert {one.station.code for one in theirs.others} <= {"withdraw", "cancel"}


@pytest.mark.parametrize(
    "status, person, code",
    [
        ("awaiting_approval", "affairs", "approve"), ("charged", "nurse", "collect"), ("sampled", "carrier", "ship"),
        ("shipped", "carrier", "receive"), ("received", "carrier", "result"), ("reported", "doctor", "review"),
        ("reviewed", "doctor", "tell"), ("told", "records", "file"), ("recollect", "nurse", "collect"),
    ],
)  # fmt: skip
def test_each_station_is_somebodys_next_step(hospital, status, person, code):
    ahead = next_steps.ahead(hospital.at(status), getattr(hospital, person))

    assert (ahead.main.station.code, ahead.main.may) == (code, True)
    assert ahead.main.url


def test_an_unassessed_specimen_is_pathologys_next_step(hospital):
    case = hospital.at("sampled")
    case.specimens.update(is_fit=None)

    ahead = next_steps.ahead(case, hospital.pathologist)

    assert ahead.main.station.code == "assess"


def test_a_filed_case_waits_for_nothing(hospital):
    ahead = next_steps.ahead(hospital.at("filed"), hospital.doctor)

    assert ahead.main is None
    assert [one.station.code for one in ahead.others] == ["drug"]


def test_worklists_count_what_waits_there_and_list_it(hospital, sign_in):
    from desk import worklists
    from referrals import queries

    statuses = {
        "consent": "awaiting_consent", "approval": "awaiting_approval", "charge": "awaiting_charge", "sampling": "charged",
        "shipping": "sampled", "receipt": "shipped", "result": "received", "review": "reported", "telling": "reviewed",
        "record": "told",
    }  # fmt: skip
    cases = {code: hospital.at(status) for code, status in statuses.items()}
    unassessed = hospital.at("sampled")
    unassessed.specimens.update(is_fit=None)
    cases["assessment"] = unassessed
    visible = Referral.objects.visible_to(hospital.affairs)

    for code, case in cases.items():
        assert list(queries.waiting(visible, code)) == [case], code

    mine = {one.code: one for one in worklists.of(hospital.cashier)}
    assert worklists.counts(hospital.cashier, mine.values())["waiting_charge"] == 1
    assert "waiting_approval" not in mine
    listed = sign_in(hospital.cashier).get(mine["waiting_charge"].url).content.decode()
    assert cases["charge"].number in listed
    assert url("charge", cases["charge"]) in listed
    assert cases["approval"].number not in listed


def test_a_scan_of_a_specimen_opens_its_case(hospital, sign_in):
    case = hospital.at("sampled")

    found = sign_in(hospital.carrier).get(reverse("desk:search"), {"q": case.specimens.get().barcode})

    assert found.status_code == 302
    assert found["Location"] == url("case", case)


def test_studies_are_registered_and_shut_without_an_ethics_approval(hospital, sign_in):
    client = sign_in(hospital.research)

    made = client.post(reverse("referrals:studies"), {"number": "2026-EC-017", "title": "试验"})
    study = hospital.institution.studies.get()
    assert made["Location"] == reverse("referrals:study", args=[study.pk])
    bad = {"do": "ethics", "number": "1", "valid_from": "2026-05-01", "valid_to": "2026-01-01", "covers_site": "on"}
    assert client.post(made["Location"], bad).status_code == 422
    good = bad | {"valid_to": "2027-12-31"}
    assert client.post(made["Location"], good).status_code == 302
    assert client.post(reverse("referrals:studies"), {"number": "2026-EC-017", "title": "又"}).status_code == 422
    assert study.ethics_approvals.count() == 1


def test_a_case_from_a_ledger_goes_on_from_where_it_stands(hospital):
    """Its records miss who and what; each next step works all the same."""
    from referrals.actions import filing, results
    from tests.fixtures.stations import report

    case = hospital.at("sampled")
    Specimen.objects.filter(referral=case).update(
        origin="ledger", barcode="", is_fit=None, assessed_at=None, assessed_by=None, collected_by=None
    )
    Consent.objects.filter(referral=case).update(origin="ledger", price=None, laboratory=None, told_by=None)
    case.charges.update(origin="ledger", price=None, charged_by=None)
    Referral.objects.filter(pk=case.pk).update(origin="ledger", route="", contract=None)
    case = stands(case)

    batch = shipping.pack(referrals=[case], laboratory=hospital.laboratory, by=hospital.carrier)
    shipping.hand_over(batch=batch, by=hospital.carrier, **leaving(batch))
    receipts.receive(referral=stands(case), by=hospital.carrier)
    results.record_result(
        referral=stands(case), by=hospital.carrier, barcode=case.number, reported_at=None, outcome="negative",
        report_no="B1", signed_out_by="王", pdf=report(),
    )  # fmt: skip
    results.review(referral=stands(case), by=hospital.doctor)
    results.tell(referral=stands(case), by=hospital.doctor)
    filing.file_record(referral=stands(case), by=hospital.records)

    assert stands(case).status == Status.FILED
