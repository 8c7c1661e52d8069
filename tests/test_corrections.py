"""An ordinary mistake is mended while the old value stays in view; what a rule judged is asked again or refused."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from audit.gates import Refused
from audit.models import Event
from referrals import correcting, identity
from referrals.actions.corrections import correct
from referrals.models import Correction, Referral, Result, Specimen, Status
from tests.factories import DepartmentFactory, InstitutionFactory, ReferralFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital(as_machine):
    return InstitutionFactory()


@pytest.fixture
def doctor(hospital):
    return staff("R01", hospital, DepartmentFactory(institution=hospital), name="林岚")


@pytest.fixture
def office(hospital):
    return staff("R10", hospital, name="周明")


@pytest.fixture
def case(hospital, doctor):
    def make(**fields):
        return ReferralFactory(
            institution=hospital, requester=doctor, department=doctor.post.department, **{"stage": "IIIA", **fields}
        )

    return make


def why(refused):
    return [one.code for one in refused.value.refusals]


def test_a_stage_is_corrected_and_the_old_one_stays_in_view(case, doctor):
    referral = case(consented=True)

    correct(referral=referral, by=doctor, field="stage", value=" IVA ", reason="抄录错误", was="IIIA")

    referral.refresh_from_db()
    (shown,) = correcting.corrections(referral)
    assert referral.stage == "IVA"
    assert (shown.before, shown.after, shown.reason, shown.who) == ("IIIA", "IVA", "抄录错误", "林岚")


def test_a_correction_needs_a_reason_and_another_value(case, doctor):
    referral = case()
    with pytest.raises(ValidationError):
        correct(referral=referral, by=doctor, field="stage", value="IVA", reason=" ")
    with pytest.raises(ValidationError):
        correct(referral=referral, by=doctor, field="stage", value="IIIA", reason="抄录错误")
    assert not Correction.objects.exists()


def test_a_page_drawn_before_another_correction_is_refused(case, doctor):
    referral = case()
    correct(referral=referral, by=doctor, field="stage", value="IVA", reason="抄录错误", was="IIIA")

    with pytest.raises(Refused) as refused:
        correct(referral=referral, by=doctor, field="stage", value="IB", reason="抄录错误", was="IIIA")

    assert why(refused) == ["stale"]


def test_a_doctor_corrects_no_colleagues_request(case, doctor, hospital):
    colleague = staff("R01", hospital, doctor.post.department)
    with pytest.raises(PermissionDenied):
        correct(referral=case(), by=colleague, field="stage", value="IVA", reason="抄录错误")


def test_a_value_that_is_not_corrected_here_is_refused(case, doctor):
    with pytest.raises(ValidationError):
        correct(referral=case(), by=doctor, field="test", value="1", reason="抄录错误")


@pytest.mark.parametrize("status", ["draft", "cancelled", "voided"])
def test_what_never_counted_is_not_corrected(case, doctor, status):
    with pytest.raises(Refused):
        correct(referral=case(status=status), by=doctor, field="stage", value="IVA", reason="抄录错误")


def test_a_diagnosis_the_catalog_line_does_not_cover_is_another_request(case, doctor):
    with pytest.raises(Refused) as refused:
        correct(referral=case(), by=doctor, field="diagnosis_code", value="C50.9", reason="编码错误")
    assert why(refused) == ["X02"]


def test_a_diagnosis_within_the_disease_is_corrected(case, doctor):
    referral = case(diagnosis_code="C34.1", consented=True)
    correct(referral=referral, by=doctor, field="diagnosis_code", value="c34.3", reason="编码错误")
    referral.refresh_from_db()
    assert referral.diagnosis_code == "C34.3"


def test_becoming_a_first_visit_sends_the_case_back_to_the_mdt_and_lapses_the_consent(case, doctor):
    referral = case(consented=True)

    correct(referral=referral, by=doctor, field="first_visit", value=True, reason="误填")

    referral.refresh_from_db()
    consent = referral.consents.get()
    assert referral.status == Status.AWAITING_MDT
    assert referral.first_visit
    assert referral.consented_at is None
    assert consent.lapsed_at
    assert consent.lapse_reason


def test_becoming_a_first_visit_after_the_fee_asks_for_the_refund_first(case, doctor):
    referral = case(charged=True)
    with pytest.raises(Refused) as refused:
        correct(referral=referral, by=doctor, field="first_visit", value=True, reason="误填")
    assert why(refused) == ["X01"]
    assert refused.value.refusals[0].mend == reverse("referrals:charge", args=[referral.pk])
    referral.refresh_from_db()
    assert referral.first_visit is False
    assert not Correction.objects.exists()


def test_becoming_a_first_visit_after_sampling_is_refused(case, doctor):
    with pytest.raises(Refused):
        correct(referral=case(sampled=True), by=doctor, field="first_visit", value=True, reason="误填")


def test_a_first_visit_the_mdt_agreed_on_changes_nothing_on_the_way(case, doctor):
    referral = case(first_visit=True, mdt=True, charged=True)
    correct(referral=referral, by=doctor, field="first_visit", value=False, reason="误填")
    correct(referral=referral, by=doctor, field="first_visit", value=True, reason="又误填")
    referral.refresh_from_db()
    assert referral.status == Status.CHARGED


def test_nobody_leaves_the_mdt_by_a_correction_of_their_own(case, doctor, office):
    referral = case(first_visit=True, status="awaiting_mdt")
    with pytest.raises(Refused) as refused:
        correct(referral=referral, by=doctor, field="first_visit", value=False, reason="误填")
    assert why(refused) == ["X01"]

    correct(referral=referral, by=office, field="first_visit", value=False, reason="核实为复诊")

    referral.refresh_from_db()
    assert referral.first_visit is False


def test_the_receipt_number_is_the_cashiers_and_not_the_doctors(case, doctor, hospital):
    referral = case(charged=True)
    with pytest.raises(PermissionDenied):
        correct(referral=referral, by=doctor, field="charge.receipt_no", value="PJ2", reason="误填")

    correct(referral=referral, by=staff("R12", hospital), field="charge.receipt_no", value="PJ2", reason="误填")

    assert referral.charges.get().receipt_no == "PJ2"


def test_too_few_tumour_cells_are_no_correction_of_a_fit_specimen(case, hospital):
    referral = case(sampled=True)
    Specimen.objects.update(is_fit=True, kind="组织")
    pathologist = staff("R05", hospital)

    with pytest.raises(Refused):
        correct(referral=referral, by=pathologist, field="specimen.tumour_cell_percent", value=5, reason="误填")
    correct(referral=referral, by=pathologist, field="specimen.tumour_cell_percent", value=60, reason="误填")

    assert Specimen.objects.get().tumour_cell_percent == 60


def test_what_the_report_says_is_mended_until_it_is_reviewed(case, hospital):
    referral = case(reported=True)
    clerk = staff("R06", hospital)
    correct(referral=referral, by=clerk, field="result.outcome", value="negative", reason="误录")
    assert Result.objects.get().outcome == "negative"
    assert correcting.corrections(referral)[0].after == str(Result.Outcome.NEGATIVE.label)

    type(referral).objects.filter(pk=referral.pk).update(status="reviewed")
    referral.refresh_from_db()
    with pytest.raises(Refused):
        correct(referral=referral, by=clerk, field="result.outcome", value="positive", reason="误录")


def test_a_name_is_masked_in_view_and_a_digest_in_the_trail(case, doctor):
    referral = case()
    identity.set_identity(patient=referral.patient, by=doctor, name="欧阳锋刚", phone="13800000000")

    correct(referral=referral, by=doctor, field="identity.name", value="欧阳锋岗", reason="错字")

    known = identity.Identity.objects.get(patient=referral.patient)
    written = "".join(Event.objects.values_list("payload", flat=True))
    assert known.name == "欧阳锋岗"
    assert identity.decrypt(known.phone, patient=known.pk, column="phone") == "13800000000"
    assert correcting.corrections(referral)[0].before == "欧＊＊"
    assert "欧阳锋刚" not in written
    assert "欧阳锋岗" not in written


def test_an_id_number_of_another_patient_points_to_merging(case, doctor):
    first, second = case(), case()
    number = "11010119800101001" + check("11010119800101001")
    identity.set_identity(patient=first.patient, by=doctor, name="甲", id_number=number)
    identity.set_identity(patient=second.patient, by=doctor, name="乙")
    with pytest.raises(ValidationError, match=first.patient.record_no):
        correct(referral=second, by=doctor, field="identity.id_number", value=number, reason="误录")


def check(seventeen):
    total = sum(int(one) * weight for one, weight in zip(seventeen, identity.WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def test_a_birth_year_against_the_id_number_is_refused(case, doctor):
    referral = case()
    number = "11010119620101001" + check("11010119620101001")
    identity.set_identity(patient=referral.patient, by=doctor, name="甲", id_number=number)
    with pytest.raises(Refused):
        correct(referral=referral, by=doctor, field="patient.birth_year", value=1970, reason="误录")


def test_what_the_ledger_says_is_mended_in_the_ledger(case, doctor):
    referral = case(origin="ledger", consented=True)
    with pytest.raises(Refused) as refused:
        correct(referral=referral, by=doctor, field="stage", value="IVA", reason="误录")
    assert why(refused) == ["ledger"]


def test_every_value_has_a_place_on_the_page_and_a_column(case):
    referral = case(reported=True)
    gaps = {"mdt": {"chair": None}, "shipped": True, "approved": {"decided_by": None}}
    ledger = case(origin="ledger", **gaps)
    Referral.objects.filter(pk=ledger.pk).update(requester=None)
    ledger.refresh_from_db()
    for field in correcting.FIELDS:
        if field.of != "identity":
            asked = ledger if field.of in ("requester", "mdt", "approval", "papers") else referral
            assert hasattr(field.row(asked), field.column), field.name


def test_the_page_corrects_and_shows_the_old_value_struck_through(case, doctor, client):
    referral = case(consented=True)
    client.force_login(doctor, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("referrals:corrections", args=[referral.pk])

    assert client.get(f"{page}?field=stage").status_code == 200
    empty = client.post(f"{page}?field=stage", {"was": "IIIA", "value": "IVA", "reason": ""})
    done = client.post(f"{page}?field=stage", {"was": "IIIA", "value": "IVA", "reason": "误填"}, follow=True)

    assert empty.status_code == 422
    assert "<del>" in done.content.decode()
    assert "IVA" in done.content.decode()


def test_the_page_of_who_may_correct_nothing_says_who_may(case, hospital, client):
    referral = case()
    client.force_login(staff("R09", hospital), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("referrals:corrections", args=[referral.pk])).status_code == 403
