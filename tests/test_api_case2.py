"""The second story (an NGS test sent outside after an MDT), from the request to the month's bill, through the API."""

import base64
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from catalog.models import RequestAuthority
from documents import files
from referrals import matching
from referrals.models import MDTSeat, MDTTeam, Referral
from tests import factories as f
from tests.fixtures.consents import drawn
from tests.fixtures.stations import report
from vendors.models import Statement, StatementLine

PATIENT = {"record_no": "Z000202", "name": "乙某", "sex": "male", "birth_year": 1958}
REQUEST = {
    "record_no": "Z000202",
    "indication": "BIL-01",
    "diagnosis_code": "C22.1",
    "pathology": "小胆管型肝内胆管癌",
    "stage": "IV",
    "necessity": "一线治疗后进展，检测结果将决定二线是否选用佩米替尼",
}
OPINION = {"stance": "agree", "risk": "疾病进展快", "cost": "小套装费用可接受", "evidence": "共识推荐"}
DISCIPLINES = ("肿瘤内科", "肝胆外科", "放疗科", "影像科", "病理科")


@pytest.fixture
def at_work(hospital, program):
    """The people of the story, each with a token; the catalog's line, price, contract, authority and team in place."""
    line = f.indication("BIL-01")
    house, laboratory = hospital.institution, hospital.laboratory
    f.ContractFactory(institution=house, laboratory=laboratory, tests=[line.test])
    f.PriceFactory(institution=house, test=line.test, amount=Decimal("3600.00"), insurance_class="自费")
    f.RequestAuthorityFactory(user=hospital.doctor, institution=house, grade="mdt", starts_on=date(2025, 1, 1))
    team = MDTTeam.objects.create(institution=house, name="肝胆肿瘤", diagnosis_prefixes=["C22", "C24"], quorum=5,
                                  needs_pathology=True)  # fmt: skip
    experts = []
    for place, discipline in enumerate(DISCIPLINES):
        expert = f.staff("R04", house)
        MDTSeat.objects.create(team=team, expert=expert, discipline=discipline, is_remote=place == 3)
        experts.append(program(expert))
    people = {name: program(getattr(hospital, name)) for name in
              ("doctor", "head", "affairs", "cashier", "pathologist", "carrier")}  # fmt: skip
    return {**people, "secretary": program(f.staff("R03", house)), "experts": experts}


def done(answer, status=200):
    assert answer.status_code == status, answer.json()
    return answer.json()


def refused(answer, *codes):
    body = answer.json()
    assert answer.status_code == 422, body
    assert {one["code"] for one in body["refusals"]} & set(codes), body
    return body


def gates(client, case):
    return {one["code"]: one for one in done(client.get(f"referrals/{case}/gates/"))}


def test_case_two_wholly_through_the_api(hospital, at_work):
    doctor, affairs, cashier = at_work["doctor"], at_work["affairs"], at_work["cashier"]
    pathologist, carrier, experts = at_work["pathologist"], at_work["carrier"], at_work["experts"]

    # The patient comes from HIS; the doctor finds the line of the catalog and names no laboratory.
    done(cashier.post("patients/", PATIENT, key="HIS-P-202"), 201)
    lines = done(doctor.get("catalog/indications/", q="FGFR2", diagnosis="C22.1"))
    assert lines[0]["code"] == "BIL-01"
    assert lines[0]["covers"] is True
    refused(doctor.post("referrals/", {**REQUEST, "laboratory": "甲检验所"}), "X16")
    case = done(doctor.post("referrals/", REQUEST, key="R-1"), 201)
    assert done(doctor.post("referrals/", REQUEST, key="R-1"), 201) == case
    assert case["status"] == "awaiting_mdt"
    number = case["number"]

    # The team gives blind opinions; the chair is not the requester.
    done(at_work["secretary"].step(number, "mdt.called"))
    early = experts[0].step(number, "mdt.agreed", reason_code="A1", advice="先小套装")
    refused(early, "quorum")
    for expert in experts:
        done(expert.step(number, "mdt.opinion", **OPINION))
    case = done(experts[0].step(number, "mdt.agreed", reason_code="A1", advice="同意NGS小套装，不做大套装"))
    assert case["status"] == "awaiting_consent"
    # The system allocated the laboratory.
    assert (case["route"], case["laboratory"]) == ("outsourced", hospital.laboratory.name)

    # Told, signed; without the fee nothing leaves.
    text = done(doctor.get(f"referrals/{number}/consent/"))
    assert "3,600.00" in str(text["content"])
    assert hospital.laboratory.name in str(text["content"])
    signature = {
        "shown": text["sha256"], "signer": "patient", "signer_name": "乙某", "strokes": drawn(), "privacy": True,
        "germline": "not_know", "leftover": "return",
    }  # fmt: skip
    refused(doctor.step(number, "consent.signed", **signature), "X05")
    done(doctor.step(number, "consent.disclosed", shown=text["sha256"]))
    assert done(doctor.step(number, "consent.signed", **signature))["status"] == "awaiting_approval"
    # The notice of what insurance does not pay is a paper of its own.
    notice = done(doctor.get(f"referrals/{number}/self-pay-notice/"))
    signed = {**signature, "shown": notice["sha256"]}
    done(doctor.step(number, "self_pay.signed", **signed))

    assert affairs.step(number, "charge.made", receipt_no="X").status_code == 403
    assert done(affairs.step(number, "outsourcing.approved"))["status"] == "awaiting_charge"
    assert carrier.step(number, "shipment.handed_over", carrier="顺丰", courier="李", celsius="20").status_code in (
        409,
        422,
    )
    assert gates(carrier, number)["X08"]["verdict"] == "refuses"

    wrong = refused(cashier.step(number, "charge.made", receipt_no="PJ0001", amount="3000.00"), "X07")
    assert "3,600.00" in wrong["detail"]
    charge = {"receipt_no": "PJ0001", "amount": "3600.00"}
    assert done(cashier.step(number, "charge.made", key="HIS-C-1", **charge))["status"] == "charged"
    assert done(cashier.step(number, "charge.made", key="HIS-C-1", **charge))["status"] == "charged"

    # Taken under its own label, looked at, packed, handed over, received.
    from referrals import barcodes

    label = barcodes.next_barcode(Referral.objects.get(number=number))
    assert pathologist.step(number, "specimen.collected", barcode="JC00000000000099").status_code == 400
    done(pathologist.step(number, "specimen.collected", barcode=label))
    assert pathologist.step(number, "specimen.assessed", tumour_cell_percent=5).status_code == 400
    done(pathologist.step(number, "specimen.assessed", tumour_cell_percent=28))
    batch = done(carrier.post("batches/", {"referrals": [number]}), 201)
    done(
        carrier.post(
            f"batches/{batch['number']}/hand-over/",
            {"carrier": "顺丰", "courier": "李师傅", "celsius": "20.4", "scanned": [label]},
        )
    )
    assert done(carrier.step(number, "shipment.received"))["status"] == "received"

    # A report of another specimen is not taken in.
    pdf = base64.b64encode(report("FGFR2::BICC1").content).decode()
    result = {
        "barcode": label, "outcome": "positive", "report_no": "BG-77", "signed_out_by": "张签发", "pdf": pdf,
        "alterations": [{"gene": "FGFR2", "variant": "FGFR2::BICC1 融合"}],
    }  # fmt: skip
    refused(carrier.step(number, "result.returned", **{**result, "barcode": "JC0199990101000101"}), "mismatch")
    assert done(carrier.step(number, "result.returned", **result))["status"] == "reported"
    row = done(doctor.get("results/", referral=number))["results"][0]
    assert row["alterations"] == [{"gene": "FGFR2", "variant": "FGFR2::BICC1 融合", "significance": ""}]
    fetched = doctor.get(row["pdf"].split("/api/v1/")[1])
    assert fetched.content == report("FGFR2::BICC1").content
    assert files.check(fetched.content, kinds=(files.PDF,)).sha256 == row["sha256"]

    # A colleague reviews, the patient is told, the record is closed with its three papers.
    done(at_work["head"].step(number, "result.reviewed", note="与病理相符"))
    done(doctor.step(number, "patient.told"))
    case = done(doctor.step(number, "record.filed"))
    assert (case["status"], bool(case["filed_at"])) == ("filed", True)

    # The drug stands on the result; another one does not.
    drug = {"drug": "佩米替尼", "indication": "胆管癌", "line": "至少一种系统治疗"}
    refused(doctor.step(number, "drug.prescribed", drug="奥希替尼", indication="非小细胞肺癌"), "X12")
    done(doctor.step(number, "drug.prescribed", **drug))

    strip = gates(doctor, number)
    assert sorted(strip) == [f"X{n:02}" for n in range(1, 17)]
    assert {one["code"] for one in strip.values() if one["verdict"] in ("refuses", "unknown")} == set()
    whole = done(doctor.get(f"referrals/{number}/"))
    assert [len(whole[name]) for name in ("mdt_reviews", "consents", "charges", "shipments", "results", "filings")] == [
        1
    ] * 6

    # The month's bill: this case and nothing else; then one more line than was sent.
    _bill(hospital, number, label)
    assert done(cashier.get("statement-differences/")) == []
    _bill(hospital, "JC01209901010001", "JC01209901010001017", line=2)
    differences = done(cashier.get("statement-differences/"))
    assert [one["kind"] for one in differences] == ["no_referral"]


def _bill(hospital, number, sample, line=1):
    month = f"{timezone.localdate():%Y-%m}"
    statement, _made = Statement.objects.get_or_create(
        laboratory=hospital.laboratory, institution=hospital.institution, month=month
    )
    referral = Referral.objects.filter(number=number).first()
    test = referral.test if referral else f.indication("BIL-01").test
    StatementLine.objects.create(
        statement=statement, institution=hospital.institution, line_no=line, sample_no=number, test_code=test.code,
        received_on=timezone.localdate(), amount=Decimal("600.00"),
    )  # fmt: skip
    matching.rematch([hospital.institution.pk])
    assert RequestAuthority.objects.filter(user=hospital.doctor).exists()
