"""Drug checks with what stands before them: pathology (A30, A32), outside reports, the case's own result (A31, A33)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.gates import Refused
from audit.models import Event
from catalog.actions import formulary
from referrals.actions import drug_checks, filing
from referrals.models import DrugCheck, OutsideReport, PathologyBasis
from tests import factories as f
from tests.fixtures.stations import report

pytestmark = pytest.mark.django_db
FIRST = {"drug": "奥希替尼", "indication": "EGFR突变NSCLC", "line": "一线"}
OUTSIDE = {
    "source": "patient", "issuer": "某市第一医院", "report_no": "W-1", "reported_on": date(2026, 1, 5), "genes": "EGFR",
    "method": "NGS小panel", "specimen": "FFPE组织", "outcome": "positive",
    "alterations": [{"gene": "EGFR", "variant": "p.(Leu858Arg)"}],
}  # fmt: skip


def codes(refused):
    return [one.code for one in refused.value.refusals]


@pytest.fixture
def patient(hospital):
    return f.PatientFactory(institution=hospital.institution)


@pytest.fixture
def known(hospital, patient):
    """A patient whose pathology is on record."""
    drug_checks.record_pathology(
        patient=patient, by=hospital.pathologist, kind="pathology", diagnosis="肺腺癌", diagnosed_on=date(2026, 1, 1),
        report_no="B26-1",
    )  # fmt: skip
    return patient


def test_a_supported_drug_names_its_result_rule_and_edition_and_is_kept(hospital):
    case = hospital.at("reported")

    made = drug_checks.ask(patient=case.patient, by=hospital.pharmacist, referral=case, **FIRST)

    assert (made.answer, made.rule.code, made.rule.edition.number) == ("supported", "G01", "2026-1")
    assert made.result == case.results.get()
    (used,) = made.used
    assert used["found"] == "EGFR L858R" and used["specimen"] == "FFPE组织" and used["method"] == "PCR/ARMS"
    assert used["reported_on"] == timezone.localdate(case.reported_at).isoformat()
    event = Event.objects.filter(table_name="referrals_drugcheck", row_id=str(made.pk)).get()
    assert (event.step, event.clause) == ("drug_check.asked", "A31")


def test_without_pathology_nothing_is_answered(hospital, patient):
    """A30."""
    with pytest.raises(Refused) as refused:
        drug_checks.ask(patient=patient, by=hospital.doctor, **FIRST)

    assert codes(refused) == ["A30"]
    assert refused.value.refusals[0].clauses == ("A30", "A32")
    assert not DrugCheck.objects.exists()


def test_a_prescription_too_stands_on_the_pathology(hospital):
    case = hospital.at("reported", pathology="")
    with pytest.raises(Refused) as refused:
        filing.prescribe(referral=case, by=hospital.doctor, **FIRST)
    assert codes(refused) == ["A30"]


def test_a_clinical_diagnosis_stands_once_another_has_approved_it(hospital, patient):
    """A32: guideline and approver; who asks does not approve."""
    fields = {"kind": "clinical", "diagnosis": "肺癌（临床诊断）", "diagnosed_on": date(2026, 1, 1)}
    with pytest.raises(ValidationError) as wrong:
        drug_checks.record_pathology(patient=patient, by=hospital.doctor, reason="一般情况差", **fields)
    assert "guideline" in wrong.value.message_dict
    fields |= {"reason": "一般情况差，无法取材", "guideline": "原发性肺癌诊疗指南"}
    basis = drug_checks.record_pathology(patient=patient, by=hospital.affairs, **fields)
    with pytest.raises(Refused):
        drug_checks.ask(patient=patient, by=hospital.doctor, **FIRST)

    with pytest.raises(Refused) as own:
        drug_checks.approve_clinical_diagnosis(basis=basis, by=hospital.affairs)
    assert codes(own) == ["X14"]
    with pytest.raises(IntegrityError), transaction.atomic():
        PathologyBasis.objects.filter(pk=basis.pk).update(approved_at=timezone.now(), approved_by=hospital.affairs)
    drug_checks.approve_clinical_diagnosis(basis=basis, by=hospital.head)

    made = drug_checks.ask(patient=patient, by=hospital.doctor, **FIRST)
    assert made.answer == "not_supported"
    assert "原发性肺癌诊疗指南" in made.pathology


def test_an_outside_report_counts_only_once_reviewed_by_another(hospital, known):
    """A31; measures on mutual recognition. The reason it does not count is part of the answer."""
    taken = drug_checks.record_outside_report(patient=known, by=hospital.pathologist, **OUTSIDE)
    before = drug_checks.ask(patient=known, by=hospital.doctor, **FIRST)
    with pytest.raises(Refused) as own:
        drug_checks.review_outside_report(report=taken, by=hospital.pathologist, accepted=True, note="可用")
    drug_checks.review_outside_report(report=taken, by=hospital.affairs, accepted=True, note="资质、方法、标本符合")
    after = drug_checks.ask(patient=known, by=hospital.doctor, **FIRST)

    assert codes(own) == ["X14"]
    assert (before.answer, after.answer) == ("not_supported", "supported")
    assert [one["key"] for one in before.others] == [f"outside:{taken.pk}"] and before.others[0]["why"]
    assert after.outside == taken and after.result is None
    with pytest.raises(Refused):
        drug_checks.review_outside_report(report=taken, by=hospital.affairs, accepted=False, note="再看")


def test_an_outside_report_that_was_not_accepted_never_counts(hospital, known):
    taken = drug_checks.record_outside_report(patient=known, by=hospital.doctor, **OUTSIDE)
    drug_checks.review_outside_report(report=taken, by=hospital.affairs, accepted=False, note="机构无资质")

    made = drug_checks.ask(patient=known, by=hospital.doctor, **FIRST)

    assert made.answer == "not_supported"


def test_the_answer_where_no_test_is_asked_is_the_catalogs_own(hospital, known):
    """G35 with the message of N09."""
    made = drug_checks.ask(patient=known, by=hospital.doctor, drug="安罗替尼", indication="小细胞肺癌")

    assert (made.answer, made.why) == ("not_required", "安罗替尼不以基因检测为用药前提。")


def test_an_answer_is_as_of_its_day(hospital):
    """A report that came later is not known to an earlier question."""
    case = hospital.at("reported")
    early = case.reported_at - timedelta(minutes=1)
    made = drug_checks.ask(patient=case.patient, by=hospital.doctor, at=early, **FIRST)
    assert made.answer == "not_supported"


def test_a_prescription_keeps_its_check(hospital):
    case = hospital.at("reported")
    order = filing.prescribe(referral=case, by=hospital.doctor, **FIRST)
    assert order.check_made.answer == "supported" and order.check_made.referral == case


def test_who_may_not_check_is_forbidden_and_strangers_see_nothing(hospital, known):
    with pytest.raises(PermissionDenied):
        drug_checks.ask(patient=known, by=hospital.cashier, **FIRST)
    made = drug_checks.ask(patient=known, by=hospital.pharmacist, **FIRST)
    other = f.staff("R09", f.InstitutionFactory())
    assert not DrugCheck.objects.visible_to(other).exists()
    assert not DrugCheck.objects.visible_to(hospital.doctor).filter(pk=made.pk).exists()
    assert DrugCheck.objects.visible_to(hospital.pharmacist).filter(pk=made.pk).exists()


# Pages


def sign_in(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_pharmacist_asks_on_the_page_and_reads_why(hospital, client):
    case = hospital.at("reported")
    page = sign_in(client, hospital.pharmacist)
    url = reverse("referrals:drug_checks")

    answered = page.post(url, {"do": "check", "record_no": case.patient.record_no, **FIRST}, follow=True)

    text = answered.content.decode()
    assert "EGFR L858R" in text and "G01" in text and "支持" in text
    assert DrugCheck.objects.get().asked_by == hospital.pharmacist
    listed = page.get(url).content.decode()
    assert "奥希替尼" in listed
    unknown = page.post(url, {"do": "check", "record_no": "没有", **FIRST})
    assert unknown.status_code == 422


def test_an_outside_report_is_registered_and_reviewed_on_the_pages(hospital, client, known):
    page = sign_in(client, hospital.doctor)
    form = {name: value for name, value in OUTSIDE.items() if name != "alterations"} | {
        "do": "outside", "record_no": known.record_no, "alterations-TOTAL_FORMS": "1", "alterations-INITIAL_FORMS": "0",
        "alterations-0-gene": "EGFR", "alterations-0-variant": "L858R", "pdf": _pdf(),
    }  # fmt: skip
    taken = page.post(reverse("referrals:outside_reports"), form, follow=True)
    assert taken.status_code == 200, taken.content.decode()[:2000]
    row = OutsideReport.objects.get()
    assert page.get(reverse("referrals:outside_report_pdf", args=[row.pk])).status_code == 200

    page = sign_in(client, hospital.affairs)
    assert "待复核" in page.get(reverse("referrals:outside_reports") + "?waiting=1").content.decode()
    answer = page.post(row.get_absolute_url(), {"do": "review", "accepted": "yes", "note": "符合"}, follow=True)
    assert answer.status_code == 200
    row.refresh_from_db()
    assert row.is_accepted and row.reviewed_by == hospital.affairs


def _pdf():
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("外院.pdf", report("外院").content, content_type="application/pdf")


def test_a_clinical_diagnosis_is_approved_on_the_page(hospital, client, patient):
    page = sign_in(client, hospital.doctor)
    url = reverse("referrals:pathology_bases")
    form = {
        "do": "pathology", "record_no": patient.record_no, "kind": "clinical", "diagnosis": "肝癌", "guideline": "指南",
        "diagnosed_on": "2026-01-01", "reason": "凝血差",
    }  # fmt: skip
    assert page.post(url, form).status_code == 302
    basis = PathologyBasis.objects.get()
    assert page.post(url, {"do": "approve", "item": basis.pk}).status_code == 403
    assert sign_in(client, hospital.affairs).post(url, {"do": "approve", "item": basis.pk}).status_code == 302
    basis.refresh_from_db()
    assert basis.approved_by == hospital.affairs


def test_the_case_lists_the_drugs_its_result_supports_by_formulary(hospital, client):
    case = hospital.at("reported")
    formulary.put(
        by=hospital.pharmacist, drug="吉非替尼", in_formulary=True, insurance="a", is_essential=True,
        valid_from=date(2020, 1, 1), restriction="限EGFR敏感突变",
    )  # fmt: skip

    text = sign_in(client, hospital.doctor).get(reverse("referrals:case", args=[case.pk])).content.decode()

    assert "吉非替尼" in text and "限EGFR敏感突变" in text
    assert text.index("吉非替尼") < text.index("奥希替尼")
    assert "阿来替尼" not in text and "维莫非尼" not in text


def test_the_check_list_asks_as_often_for_fifty_as_for_one(hospital, client, django_assert_max_num_queries):
    case = hospital.at("reported")
    for _n in range(30):
        drug_checks.ask(patient=case.patient, by=hospital.pharmacist, **FIRST)
    page = sign_in(client, hospital.pharmacist)
    page.get(reverse("referrals:drug_checks"))
    with django_assert_max_num_queries(16):
        assert page.get(reverse("referrals:drug_checks")).status_code == 200


# Programs


def test_a_program_asks_once_however_often_it_sends(hospital, program):
    case = hospital.at("reported")
    asked = {"record_no": case.patient.record_no, **FIRST}
    his = program(hospital.pharmacist)

    first = his.post("drug-checks/", asked, key="K1")
    again = his.post("drug-checks/", asked, key="K1")

    assert first.status_code == 201, first.content
    body = first.json()
    assert (body["answer"], body["rule"], body["rule_edition"]) == ("supported", "G01", "2026-1")
    assert body["used"][0]["found"] == "EGFR L858R"
    assert again.json() == body
    assert DrugCheck.objects.count() == 1
    assert his.get("drug-checks/").json()["results"][0]["id"] == body["id"]
    assert his.get(f"drug-checks/{body['id']}/").json()["answer"] == "supported"


def test_a_program_is_refused_in_the_same_words(hospital, program, patient):
    refused = program(hospital.doctor).post("drug-checks/", {"record_no": patient.record_no, **FIRST})
    with pytest.raises(Refused) as page:
        drug_checks.ask(patient=patient, by=hospital.doctor, **FIRST)

    assert refused.status_code in (409, 422)
    assert str(page.value.refusals[0]) in refused.content.decode()
    assert program(hospital.doctor).post("drug-checks/", {"record_no": "X-9", **FIRST}).status_code == 404
    assert program(hospital.cashier).post("drug-checks/", {"record_no": patient.record_no, **FIRST}).status_code == 403


def test_a_program_brings_an_outside_report_and_another_reviews_it(hospital, program, known):
    given = {**OUTSIDE, "record_no": known.record_no, "reported_on": "2026-01-05"}
    made = program(hospital.doctor).post("outside-reports/", given)
    assert made.status_code == 201, made.content
    path = f"outside-reports/{made.json()['id']}/review/"
    assert program(hospital.doctor).post(path, {"accepted": True, "note": "可"}).status_code == 403
    reviewed = program(hospital.affairs).post(path, {"accepted": True, "note": "可"})
    assert reviewed.status_code == 200 and reviewed.json()["is_accepted"] is True
