"""Beyond the label (A36, A37), bought outside (A38, A39); the month's review and the monitoring data (A34, A35)."""

import base64
import io
from datetime import date

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.gates import Refused
from audit.models import Event
from audit.steps import STEPS
from referrals.actions import drug_checks, filing, match_reviews
from referrals.actions import special_uses as actions
from referrals.models import MonitoringExport, Prescription, SpecialUse
from tests import factories as f
from tests.fixtures.stations import report

pytestmark = pytest.mark.django_db
FIRST = {"drug": "奥希替尼", "indication": "EGFR突变NSCLC", "line": "一线"}
ASKED = {
    "kind": "extended", "drug": "克唑替尼", "indication": "MET扩增NSCLC", "necessity": "多线治疗后进展，MET高水平扩增",
    "no_better_option": "标准治疗均已失败，无在研项目可入组",
    "evidence": {"title": "Crizotinib in MET-amplified NSCLC", "source": "J Clin Oncol", "year": 2021, "level": "Ⅱ期"},
}  # fmt: skip
TOLD = {
    "necessity": "标准治疗失败",
    "cost": "每月约9,000元",
    "insurance": "医保不予支付，全部自费",
    "risks": "肝功能异常、视觉异常",
}


def codes(refused):
    return [one.code for one in refused.value.refusals]


@pytest.fixture
def case(hospital):
    return hospital.at("reported")


def requested(hospital, case, **changes):
    return actions.request(patient=case.patient, by=hospital.doctor, referral=case, **{**ASKED, **changes})


def discussed(hospital, case):
    use = requested(hospital, case)
    actions.give_opinion(use=use, by=hospital.pharmacist, agrees=True, note="剂量与相互作用可接受")
    colleague = f.staff("R02", hospital.institution, hospital.department)
    actions.give_opinion(use=use, by=colleague, agrees=True, note="证据支持")
    return actions.conclude(use=use, by=hospital.head, agree=True, conclusion="同意拓展性应用")


def approved(hospital, case):
    return actions.decide(use=discussed(hospital, case), by=hospital.affairs, approve=True, note="同意，做好告知")


def consented(hospital, case):
    use = actions.tell(use=approved(hospital, case), by=hospital.doctor, **TOLD)
    return actions.sign(use=use, by=hospital.doctor, signer="patient", signer_name="王某某", paper=report("同意书"))


def order(hospital, case, use, **changes):
    fields = {"drug": ASKED["drug"], "indication": ASKED["indication"], **changes}
    return filing.prescribe(referral=case, by=hospital.doctor, special_use=use, **fields)


def test_beyond_the_label_the_drug_passes_by_the_whole_way_only(hospital, case):
    """A36, A37, X12: without it refused, at each earlier station refused, after consent ordered."""
    with pytest.raises(Refused) as plain:
        order(hospital, case, None)
    assert codes(plain) == ["X12"]

    for station in (requested, discussed, approved):
        with pytest.raises(Refused) as early:
            order(hospital, case, station(hospital, case))
        assert codes(early) == ["X12"]
        SpecialUse.objects.exclude(status="withdrawn").first()
    use = consented(hospital, case)

    made = order(hospital, case, use)
    assert made.special_use == use
    with pytest.raises(Refused):
        order(hospital, case, use, drug="赛沃替尼")


def test_a_special_use_of_another_patient_does_not_help(hospital, case):
    other = hospital.at("reported")
    with pytest.raises(Refused) as refused:
        order(hospital, other, consented(hospital, case))
    assert codes(refused) == ["X12"]


@pytest.mark.parametrize("missing", ["no_better_option", "evidence"])
def test_evidence_and_no_better_option_are_asked_for(hospital, case, missing):
    """A36."""
    with pytest.raises(ValidationError):
        requested(hospital, case, **{missing: "" if missing == "no_better_option" else {}})


def test_without_a_pharmacist_the_discussion_agrees_to_nothing(hospital, case):
    """A37: clinic and pharmacy."""
    use = requested(hospital, case)
    actions.give_opinion(use=use, by=f.staff("R02", hospital.institution, hospital.department), agrees=True, note="可")
    with pytest.raises(Refused) as refused:
        actions.conclude(use=use, by=hospital.head, agree=True, conclusion="同意")
    assert codes(refused) == ["A37"] and "药学" in str(refused.value.refusals[0])
    actions.give_opinion(use=use, by=hospital.pharmacist, agrees=False, note="风险大")
    with pytest.raises(Refused):
        actions.conclude(use=use, by=hospital.head, agree=True, conclusion="同意")
    assert actions.conclude(use=use, by=hospital.head, agree=False, conclusion="不同意").status == "discussed_against"


def test_nobody_decides_on_their_own_request(hospital, case):
    """X14, in the action and in the database."""
    use = discussed(hospital, case)
    both = f.staff("R10", hospital.institution)
    SpecialUse.objects.filter(pk=use.pk).update(requested_by=both)
    with pytest.raises(Refused) as refused:
        actions.decide(use=SpecialUse.objects.get(pk=use.pk), by=both, approve=True, note="同意")
    assert codes(refused) == ["X14"]
    with pytest.raises(IntegrityError), transaction.atomic():
        SpecialUse.objects.filter(pk=use.pk).update(decided_by=both, decided_at=timezone.now())


def test_nothing_is_told_or_signed_before_the_approval(hospital, case):
    """A37: prevent consent or order before approval."""
    use = discussed(hospital, case)
    with pytest.raises(Refused) as refused:
        actions.tell(use=use, by=hospital.doctor, **TOLD)
    assert codes(refused) == ["A37"]
    with pytest.raises(Refused):
        actions.sign(use=use, by=hospital.doctor, signer="patient", signer_name="王", paper=report())
    use = actions.decide(use=use, by=hospital.affairs, approve=True, note="同意")
    with pytest.raises(Refused) as untold:
        actions.sign(use=use, by=hospital.doctor, signer="patient", signer_name="王", paper=report())
    assert codes(untold) == ["A37"]


def test_all_four_things_are_told_and_a_relative_signs_with_a_reason(hospital, case):
    use = approved(hospital, case)
    with pytest.raises(ValidationError) as wrong:
        actions.tell(use=use, by=hospital.doctor, **{**TOLD, "insurance": ""})
    assert "insurance" in wrong.value.message_dict
    use = actions.tell(use=use, by=hospital.doctor, **TOLD)
    with pytest.raises(ValidationError) as unsaid:
        actions.sign(use=use, by=hospital.doctor, signer="relative", signer_name="李某", paper=report())
    assert "signer_reason" in unsaid.value.message_dict
    signed = actions.sign(
        use=use, by=hospital.doctor, signer="relative", signer_name="李某", signer_reason="患者昏迷", paper=report()
    )
    assert signed.status == "consented" and signed.told_sha256


def test_the_trail_keeps_the_signers_name_as_a_digest(hospital, case):
    consented(hospital, case)
    events = Event.objects.filter(table_name="referrals_specialuse")
    assert events.exists()
    assert "王某某" not in "".join(str(one.__dict__) for one in events)


def test_every_step_from_every_status(hospital, case):
    use = requested(hospital, case)
    chart = {name: step for name, step in STEPS.items() if name.startswith("special_use.")}
    assert len(chart) == 7
    legal = {(status, name) for name, step in chart.items() for status in step.sources}
    assert len(legal) == 10
    assert use.status == "requested"


# Bought outside


def test_a_drug_bought_outside_has_a_check_a_discussion_an_approval_and_a_consent(hospital, case):
    """A39."""
    asked = {"kind": "outside", "necessity": "院内暂无，短期无法采购，病情急需", "evidence": None, **FIRST}
    with pytest.raises(ValidationError):
        requested(hospital, case, **asked)
    check = drug_checks.ask(patient=case.patient, by=hospital.pharmacist, **FIRST)
    use = requested(hospital, case, check=check, **asked)
    actions.give_opinion(
        use=use, by=f.staff("R02", hospital.institution, hospital.department), agrees=True, note="急需"
    )
    use = actions.conclude(use=use, by=hospital.head, agree=True, conclusion="科室同意")
    use = actions.decide(use=use, by=hospital.affairs, approve=True, note="同意")
    use = actions.tell(use=use, by=hospital.doctor, **TOLD)
    use = actions.sign(use=use, by=hospital.doctor, signer="patient", signer_name="王某某", paper=report())

    made = filing.prescribe(referral=case, by=hospital.doctor, special_use=use, **FIRST)
    assert made.special_use.check_made == check


def test_a_check_that_does_not_support_the_drug_does_not_carry_it(hospital, case):
    wrong = {"drug": "阿来替尼", "indication": "ALK阳性NSCLC"}
    check = drug_checks.ask(patient=case.patient, by=hospital.pharmacist, **wrong)
    assert check.answer == "not_supported"
    with pytest.raises(ValidationError):
        requested(hospital, case, kind="outside", necessity="急需", check=check, evidence=None, **wrong)


@pytest.mark.parametrize(
    "text", ["请到康某大药房购买", "联系人小李 13800138000", "加微信购药", "DTP药房", "https://buy.example"]
)
def test_no_place_to_buy_at_is_ever_named(hospital, case, text):
    """A38."""
    with pytest.raises(ValidationError) as wrong:
        requested(hospital, case, necessity=text)
    assert "A38" in str(wrong.value.message_dict["necessity"])
    use = approved(hospital, case)
    with pytest.raises(ValidationError):
        actions.tell(use=use, by=hospital.doctor, **{**TOLD, "cost": text})


# Pages and programs


def sign_in(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_whole_way_on_the_pages(hospital, case, client):
    evidence = {f"evidence_{name}": value for name, value in ASKED["evidence"].items()}
    plain = {name: value for name, value in ASKED.items() if name != "evidence"}
    form = {"do": "request", "record_no": case.patient.record_no, **plain, **evidence}
    asked = sign_in(client, hospital.doctor).post(reverse("referrals:special_uses"), form)
    assert asked.status_code == 302, asked.content.decode()[:3000]
    use = SpecialUse.objects.get()
    url = use.get_absolute_url()
    colleague = f.staff("R02", hospital.institution, hospital.department)
    yes = {"agrees": "yes", "note": "同意"}
    assert sign_in(client, hospital.pharmacist).post(url, {"do": "opinion", **yes}).status_code == 302
    assert sign_in(client, colleague).post(url, {"do": "opinion", **yes}).status_code == 302
    conclude = {"do": "conclude", "agree": "yes", "conclusion": "同意"}
    assert sign_in(client, hospital.head).post(url, conclude).status_code == 302
    decide = {"do": "decide", "approve": "yes", "note": "同意"}
    assert sign_in(client, hospital.affairs).post(url, decide).status_code == 302
    page = sign_in(client, hospital.doctor)
    assert page.get(reverse("referrals:special_use_paper", args=[use.pk])).status_code == 404
    assert page.post(url, {"do": "tell", **TOLD}).status_code == 302
    paper = page.get(reverse("referrals:special_use_paper", args=[use.pk]))
    assert paper.status_code == 200 and paper.content.startswith(b"%PDF")
    signed = SimpleUploadedFile("同意书.pdf", report("签").content, content_type="application/pdf")
    sign = {"do": "sign", "signer": "patient", "signer_name": "王某某", "paper": signed}
    assert page.post(url, sign).status_code == 302
    drug = {"drug": ASKED["drug"], "indication": ASKED["indication"], "special_use": use.pk, "drawn": case.status}
    assert page.post(reverse("referrals:drug", args=[case.pk]), drug).status_code == 302

    assert Prescription.objects.get().special_use == use
    assert page.get(reverse("referrals:special_use_signed", args=[use.pk])).status_code == 200
    assert sign_in(client, hospital.cashier).get(url).status_code == 403
    assert sign_in(client, f.staff("R09", f.InstitutionFactory())).get(url).status_code == 404


def test_a_program_goes_the_same_way_and_is_refused_alike(hospital, case, program):
    evidence = {f"evidence_{name}": value for name, value in ASKED["evidence"].items()}
    given = {name: value for name, value in ASKED.items() if name != "evidence"} | evidence
    doctor = program(hospital.doctor)
    made = doctor.post("special-uses/", {"record_no": case.patient.record_no, **given})
    assert made.status_code == 201, made.content
    path = f"special-uses/{made.json()['id']}/"
    early = program(hospital.head).post(path + "conclude/", {"agree": True, "conclusion": "同意"})
    assert early.status_code in (409, 422) and "药学" in early.content.decode()
    said = program(hospital.pharmacist).post(path + "opinion/", {"agrees": True, "note": "可"})
    assert said.status_code == 200
    assert program(hospital.pharmacist).post(path + "decide/", {"approve": True, "note": "可"}).status_code == 403


def test_a_program_files_the_evidence_and_the_refusal_of_the_patient(hospital, case, program):
    """A36, A37: what the page takes, the door takes."""
    given = {name: value for name, value in ASKED.items() if name != "evidence"}
    given |= {f"evidence_{name}": value for name, value in ASKED["evidence"].items()}
    paper = base64.b64encode(report("指南节选").content).decode()
    made = program(hospital.doctor).post(
        "special-uses/", {"record_no": case.patient.record_no, "evidence_file": paper, **given}
    )
    assert made.status_code == 201, made.content
    assert SpecialUse.objects.get(pk=made.json()["id"]).evidence_file is not None
    early = program(hospital.doctor).post(f"special-uses/{made.json()['id']}/refuse/", {"reason": "费用"})
    assert early.status_code in (409, 422)
    use = approved(hospital, case)
    actions.tell(use=use, by=hospital.doctor, **TOLD)
    said = program(hospital.doctor).post(f"special-uses/{use.pk}/refuse/", {"reason": "费用太高"})
    assert (said.status_code, said.json()["status"]) == (200, "refused")


# Review of a month, and the monitoring data


@pytest.fixture
def month(hospital):
    """Six prescriptions of this month, five of one drug."""
    for n in range(6):
        case = hospital.at("reported")
        drug = FIRST if n else {"drug": "吉非替尼", "indication": "EGFR突变NSCLC"}
        filing.prescribe(referral=case, by=hospital.doctor, **drug)
    return timezone.localdate().replace(day=1)


def test_the_seed_draws_the_same_sample_again():
    keys = list(range(1, 101))
    assert match_reviews.drawn(keys, 10, "a1") == match_reviews.drawn(list(reversed(keys)), 10, "a1")
    assert match_reviews.drawn(keys, 10, "a1") != match_reviews.drawn(keys, 10, "b2")
    assert match_reviews.drawn(keys, 500, "a1") == keys


def test_another_than_the_prescriber_reviews_and_the_notice_names_nobody(hospital, month):
    """A34: reviewer ≠ prescriber; published, de-identified."""
    sample = match_reviews.draw(institution=hospital.institution, month=month, size=20, by=hospital.pharmacist)
    items = list(sample.reviews.all())
    assert (sample.population, len(items), len(sample.seed)) == (6, 6, 16)
    with pytest.raises(Refused):
        match_reviews.publish(sample=sample, by=hospital.pharmacist)
    own = items[0]
    Prescription.objects.filter(pk=own.prescription_id).update(prescribed_by=hospital.affairs)
    with pytest.raises(Refused) as refused:
        match_reviews.review(item=own, verdict="match", note="", by=hospital.affairs)
    assert codes(refused) == ["X14"]
    with pytest.raises(ValidationError):
        match_reviews.review(item=own, verdict="mismatch", note="", by=hospital.pharmacist)
    for n, item in enumerate(items):
        verdict, note = ("match", "") if n else ("mismatch", "线数不符")
        match_reviews.review(item=item, verdict=verdict, note=note, by=hospital.pharmacist)
    done = match_reviews.publish(sample=sample, by=hospital.affairs)

    assert done.notice["verdicts"] == {"match": 5, "mismatch": 1, "no_result": 0, "unclear": 0}
    assert [one["drug"] for one in done.notice["drugs"]] == ["奥希替尼"] and done.notice["others"] == 1
    assert hospital.doctor.name not in str(done.notice)
    with pytest.raises(Refused):
        match_reviews.review(item=items[1], verdict="match", note="", by=hospital.pharmacist)
    with pytest.raises(ValidationError):
        match_reviews.draw(institution=hospital.institution, month=month, size=5, by=hospital.pharmacist)


def test_the_review_on_its_pages(hospital, month, client):
    page = sign_in(client, hospital.pharmacist)
    drawn = page.post(reverse("referrals:match_samples"), {"do": "draw", "month": f"{month:%Y-%m}", "size": 6})
    assert drawn.status_code == 302
    url = drawn["Location"]
    for _n in range(6):
        item = page.get(url).context["panels"][0]["form"]["item"].value()
        assert page.post(url, {"do": "review", "item": item, "verdict": "match"}).status_code == 302
    assert page.post(url, {"do": "publish"}).status_code == 302
    text = sign_in(client, hospital.doctor).get(reverse("referrals:match_notices")).content.decode()
    assert "6/6" in text


def test_the_monitoring_file_tells_no_patient_and_is_recorded(hospital, month, client):
    """A35: no more personal data than asked; the download stands in the trail."""
    page = sign_in(client, hospital.pharmacist)
    answer = page.post(reverse("referrals:match_samples"), {"do": "export", "month": f"{month:%Y-%m}", "form": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    rows = [row for row in sheet.iter_rows(values_only=True) if row[0]]
    assert len(rows) == 7
    heads = "".join(str(one) for one in rows[0])
    assert all(word not in heads for word in ("姓名", "病案号", "医师", "身份证"))
    patients = set(Prescription.objects.values_list("referral__patient__record_no", flat=True))
    assert not patients & {str(cell) for row in rows for cell in row}
    made = MonitoringExport.objects.get()
    assert (made.rows, made.form, made.made_by) == (6, "xlsx", hospital.pharmacist)
    assert Event.objects.filter(table_name="referrals_monitoringexport", step="monitoring.exported").exists()
    csv = page.post(reverse("referrals:match_samples"), {"do": "export", "month": f"{month:%Y-%m}", "form": "csv"})
    assert csv.content.startswith(b"\xef\xbb\xbf") and csv["Content-Disposition"].count(".csv")
    with pytest.raises(PermissionDenied):
        match_reviews.export(institution=hospital.institution, month=date(2026, 1, 1), form="csv", by=hospital.doctor)
