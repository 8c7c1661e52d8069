"""The report taken in, corrected, reviewed and told; the record filed; the drug that stands on it; voiding."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.gates import Refused
from consent.models import Consent
from referrals.actions import ending, filing, results
from referrals.models import Prescription, Referral, Result, Status
from tests.factories import StudyFactory, staff
from tests.fixtures.stations import report


def codes(refused):
    return [one.code for one in refused.value.refusals]


def take_in(case, hospital, **given):
    fields = {
        "referral": case, "by": hospital.carrier, "barcode": case.specimens.get().barcode, "reported_at": None,
        "outcome": "positive", "report_no": f"BG-{case.pk}", "signed_out_by": "王签发", "pdf": report(str(case.pk)),
        "alterations": [{"gene": "EGFR", "variant": "c.2573T>G p.(Leu858Arg) L858R", "significance": "I类"}],
    }  # fmt: skip
    return results.record_result(**{**fields, **given})


def test_the_report_of_the_specimen_sent_is_taken_in(hospital):
    case = hospital.at("received")

    result = take_in(case, hospital)

    case.refresh_from_db()
    assert (case.status, result.specimen, result.entered_by) == (
        Status.REPORTED, case.specimens.get(), hospital.carrier,
    )  # fmt: skip
    assert result.pdf.holds_identity
    assert "L858R" in result.findings
    assert result.alterations.get().gene == "EGFR"


def test_genes_are_kept_by_their_current_symbol(hospital):
    result = take_in(hospital.at("received"), hospital, alterations=[{"gene": "HER2", "variant": "扩增"}])

    assert result.alterations.get().gene == "ERBB2"


def test_a_report_of_another_specimen_is_refused_and_nothing_is_kept(hospital):
    case, other = hospital.at("received"), hospital.at("received")

    with pytest.raises(Refused) as refused:
        take_in(case, hospital, barcode=other.specimens.get().barcode)

    assert codes(refused) == ["mismatch"]
    assert not case.results.exists()
    assert Referral.objects.get(pk=case.pk).status == Status.RECEIVED


def test_one_report_is_not_taken_in_for_two_patients(hospital):
    first, second = hospital.at("received"), hospital.at("received")
    take_in(first, hospital, pdf=report("same"))

    with pytest.raises(Refused):
        take_in(second, hospital, pdf=report("same"))
    with pytest.raises(Refused):
        take_in(second, hospital, report_no=f"BG-{first.pk}")
    assert not second.results.exists()


def test_what_has_not_left_has_no_report_from_outside(hospital):
    case = hospital.at("sampled")

    with pytest.raises(Refused) as refused:
        take_in(case, hospital)

    assert codes(refused) == ["mismatch"]


def test_an_in_house_report_needs_a_fit_specimen(hospital):
    case = hospital.at("sampled", outsourced=False)
    case.specimens.update(is_fit=None)
    with pytest.raises(Refused):
        take_in(case, hospital, by=hospital.pathologist)
    case.specimens.update(is_fit=True)

    take_in(case, hospital, by=hospital.pathologist)

    assert Referral.objects.get(pk=case.pk).status == Status.REPORTED


def test_a_positive_report_names_what_was_found_and_no_time_lies_ahead(hospital):
    case = hospital.at("received")

    with pytest.raises(ValidationError):
        take_in(case, hospital, alterations=[])
    with pytest.raises(ValidationError):
        take_in(case, hospital, reported_at=timezone.now() + timedelta(hours=1))
    with pytest.raises(ValidationError):
        take_in(case, hospital, signed_out_by="")
    with pytest.raises(PermissionDenied):
        take_in(case, hospital, by=hospital.doctor)


def test_a_correction_keeps_the_original_and_is_read_anew(hospital):
    case = hospital.at("received")
    first = take_in(case, hospital)
    case.refresh_from_db()
    results.review(referral=case, by=hospital.doctor)
    case.refresh_from_db()

    second = results.correct_result(
        referral=case, by=hospital.carrier, barcode=case.specimens.get().barcode, reported_at=None,
        outcome="negative", report_no="BG-2", signed_out_by="王签发", pdf=report("corrected"), reason="检验所更正",
    )  # fmt: skip

    case.refresh_from_db()
    first.refresh_from_db()
    assert (case.status, case.reviewed_at) == (Status.REPORTED, None)
    assert second.supersedes == first
    assert first.reviewed_by == hospital.doctor
    assert results.current(case) == second


def test_the_requester_or_the_head_reviews_but_not_who_entered_it(hospital):
    case = hospital.at("reported")
    Result.objects.filter(referral=case).update(entered_by=hospital.head)

    with pytest.raises(Refused) as refused:
        results.review(referral=case, by=hospital.head)
    assert codes(refused) == ["X14"]
    with pytest.raises(PermissionDenied):
        results.review(referral=case, by=hospital.records)
    results.review(referral=case, by=hospital.doctor, note="按一线用药")

    case.refresh_from_db()
    assert case.status == Status.REVIEWED
    assert case.results.get().review_note == "按一线用药"


def test_told_after_the_review_then_filed_with_three_documents(hospital):
    case = hospital.at("reviewed")
    with pytest.raises(Refused):
        filing.file_record(referral=case, by=hospital.records)

    results.tell(referral=case, by=hospital.doctor)
    case.refresh_from_db()
    Result.objects.filter(referral=case).update(origin="ledger")
    made = filing.file_record(referral=case, by=hospital.records)

    case.refresh_from_db()
    assert case.status == Status.FILED
    assert (made.consent_filed, made.order_filed, made.result_filed) == (True, True, True)
    assert (made.filed_by, made.filed_at) == (hospital.records, case.filed_at)


def test_what_is_missing_from_the_record_is_named(hospital):
    case = hospital.at("told")
    Consent.objects.filter(referral=case).update(withdrawn_at=timezone.now())

    with pytest.raises(Refused) as refused:
        filing.file_record(referral=case, by=hospital.records)

    (only,) = refused.value.refusals
    assert only.code == "X11"
    assert "知情同意书" in str(only) or "consent" in str(only)
    assert not case.filings.exists()


def test_only_its_post_files(hospital):
    case = hospital.at("told")

    with pytest.raises(PermissionDenied):
        filing.file_record(referral=case, by=hospital.carrier)


def test_a_targeted_drug_stands_on_its_target(hospital):
    case = hospital.at("reported")

    order = (
        filing.prescribe(referral=case, by=hospital.doctor, drug="奥希替尼", indication="EGFR突变NSCLC", line="一线")
        if _rule("奥希替尼")
        else None
    )

    assert order is None or order.prescribed_by == hospital.doctor


def _rule(drug):
    from catalog.models import DrugTargetRule

    return next((one for one in DrugTargetRule.objects.all() if drug in one.drug_names), None)


def rule_fields(drug):
    rule = _rule(drug)
    return {"drug": drug, "indication": rule.indication, "line": rule.line}


def test_a_drug_of_another_target_is_refused(hospital):
    case = hospital.at("reported")

    with pytest.raises(Refused) as refused:
        filing.prescribe(referral=case, by=hospital.pharmacist, **rule_fields("佩米替尼"))

    assert codes(refused) == ["X12"]
    assert not Prescription.objects.exists()


def test_without_a_report_no_drug_that_needs_one(hospital):
    case = hospital.at("sampled")

    with pytest.raises(Refused) as refused:
        filing.prescribe(referral=case, by=hospital.doctor, **rule_fields("奥希替尼"))

    assert codes(refused) == ["X12"]


def test_a_research_report_supports_no_drug(hospital):
    study = StudyFactory(institution=hospital.institution)
    case = hospital.at("reported", outsourced=False, nature="research", study=study)

    with pytest.raises(Refused) as refused:
        filing.prescribe(referral=case, by=hospital.doctor, **rule_fields("奥希替尼"))

    assert codes(refused) == ["X12"]


def test_the_cashier_orders_no_drug(hospital):
    with pytest.raises(PermissionDenied):
        filing.prescribe(referral=hospital.at("reported"), by=hospital.cashier, **rule_fields("奥希替尼"))


def test_a_wrong_entry_is_voided_with_its_reason_once_the_fee_is_back(hospital):
    case = hospital.at("charged")

    with pytest.raises(Refused):
        ending.void(referral=case, by=hospital.affairs, reason="录入错误")
    case = hospital.at("awaiting_charge")
    with pytest.raises(ValidationError):
        ending.void(referral=case, by=hospital.affairs, reason="")
    with pytest.raises(PermissionDenied):
        ending.void(referral=case, by=hospital.doctor, reason="录入错误")
    ending.void(referral=case, by=hospital.affairs, reason="录入错误")

    case.refresh_from_db()
    assert (case.status, case.end_reason) == (Status.VOIDED, "录入错误")


def test_a_colleague_of_another_hospital_is_not_let_near(hospital):
    case = hospital.at("told")
    from tests.factories import InstitutionFactory

    with pytest.raises(PermissionDenied):
        filing.file_record(referral=case, by=staff("R15", InstitutionFactory()))
