"""Admission of a laboratory: the checks Q01–Q18, the panel, the steps, who may do what (A4, A25, A41, B8, B9)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.gates import Refused
from audit.models import Event
from tests import factories as f
from tests.fixtures.laboratories import USCC, later
from vendors import admission_pathway as pathway
from vendors import admitting, checks, readiness
from vendors.actions import admissions, laboratories, standing
from vendors.models import Admission, Credential, Laboratory, PanelMember

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_machine")]
S = Admission.Status


def said(refused):
    return "".join(str(one.message) for one in refused.value.refusals)


def codes(refused):
    return {one.code for one in refused.value.refusals}


def conclude(office, one, **changes):
    given = {"decision": "admit", "conclusion": "同意准入", "by": office.leader, **changes}
    return standing.conclude(admission=one, **given)


# The register (A4, A41)


def test_the_check_character_of_a_credit_code_is_computed():
    """Q02, GB 32100."""
    assert checks.is_credit_code(USCC)
    assert checks.is_credit_code("12350499MB0X00019G")
    assert not checks.is_credit_code("91350100M000100Y44")
    assert not checks.is_credit_code("91350100M000100Y4I")


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"uscc": "91350100M000100Y44"}, "uscc"),
        ({"licence_no": "123"}, "licence_no"),
        ({"kind": "company"}, "kind"),
        ({"subjects": []}, "subjects"),
        ({"name": " "}, "name"),
    ],
)
def test_a_partner_is_a_licensed_institution_with_type_and_subjects(office, wrong, field):
    """A4, A41."""
    Laboratory.objects.filter(pk=office.laboratory.pk).update(uscc="12350499MB0X00019G")
    given = {
        "code": "MC02", "name": "某医学检验所", "uscc": USCC, "kind": "laboratory", "licence_no": "1" * 22,
        "subjects": ["molecular"], "foreign_controlled": False, "in_mainland": True,
    }  # fmt: skip
    with pytest.raises(ValidationError) as refused:
        laboratories.register(by=office.buyer, **{**given, **wrong})
    assert field in refused.value.message_dict
    assert laboratories.register(by=office.buyer, **given).kind == "laboratory"


@pytest.mark.parametrize("name", ["福州某基因科技有限公司", "某某商贸有限公司"])
def test_a_gene_technology_or_trading_company_is_no_partner(office, name):
    """Q02, A4."""
    with pytest.raises(Refused) as refused:
        laboratories.register(
            code="X1", name=name, uscc="12350499MB0X00019G", kind="laboratory", licence_no="1" * 22,
            subjects=["molecular"], foreign_controlled=False, in_mainland=True, by=office.buyer,
        )  # fmt: skip
    assert codes(refused) == {"Q02"}


# The eighteen checks (B8)


def test_there_are_eighteen_checks_and_each_says_what_it_looks_at():
    """vocab §5."""
    assert list(checks.all_checks()) == [f"Q{n:02}" for n in range(1, 19)]
    assert all(one.title and one.look_at for one in checks.all_checks().values())
    assert {one.code for one in checks.all_checks().values() if one.veto == "item"} == {"Q05"}


@pytest.mark.parametrize("code", list(checks.all_checks()))
def test_each_check_has_to_have_a_finding_before_the_assessment(office, code):
    """B8."""
    one = office.apply()
    office.name_panel(one)
    for other in checks.all_checks():
        if other != code:
            office.paper(one, other)
    with pytest.raises(Refused) as refused:
        admissions.open_assessment(admission=one, by=office.affairs)
    assert code in said(refused)
    office.paper(one, code)
    assert admissions.open_assessment(admission=one, by=office.affairs).status == S.ASSESSING


@pytest.mark.parametrize("code", list(checks.all_checks()))
def test_a_check_not_met_ends_the_matter_exactly_where_it_vetoes(office, code):
    """B8: veto items are never skipped."""
    one = office.scored()
    office.paper(one, code, verdict="not_met", note="未见原件")
    if checks.all_checks()[code].is_veto:
        with pytest.raises(Refused) as refused:
            conclude(office, one)
        assert codes(refused) == {code}
        office.paper(one, code)
    assert conclude(office, one).status == S.ADMITTED


@pytest.mark.parametrize("code", checks.veto_codes())
def test_a_veto_check_that_has_lapsed_is_not_met(office, code):
    """B8."""
    one = office.scored()
    office.paper(one, code, valid_from=later(-60), valid_to=later(-1))
    with pytest.raises(Refused) as refused:
        conclude(office, one)
    assert codes(refused) == {code} and "过期" in said(refused)


@pytest.mark.parametrize("code", [one.code for one in checks.all_checks().values() if one.needs])
def test_a_check_is_not_met_without_the_number_day_or_scan_it_needs(office, code):
    """vocab §5: the key fields."""
    one = office.apply()
    for name in checks.all_checks()[code].needs:
        with pytest.raises(ValidationError) as refused:
            office.paper(one, code, **{name: "" if name == "number" else None})
        assert name in refused.value.message_dict


def test_a_finding_against_says_what_was_found_and_a_reagent_has_a_registration_number(office):
    """Q08, B8."""
    one = office.apply()
    with pytest.raises(ValidationError):
        office.paper(one, "Q16", verdict="not_met", note=" ")
    with pytest.raises(ValidationError):
        office.paper(one, "Q08", number="RUO-1")
    assert office.paper(one, "Q08").number == "国械注准20183400507"


def test_a_licence_recorded_as_a_check_is_on_the_register_without_being_typed_again(office):
    """Q01, Q03, Q11."""
    one = office.apply()
    office.paper(one, "Q03", number="闽PCR-77")
    kept = Credential.objects.get(number="闽PCR-77")
    assert kept.laboratory == office.laboratory and kept.kind == "pcr_audit" and kept.valid_to == later(700)


@pytest.mark.parametrize("name", ["contract_party", "invoice_issuer", "payee"])
def test_licence_holder_party_invoice_and_payee_are_one(office, name):
    """Q01, A28: checked, and held by the database."""
    one = office.scored(**{name: "明测（福州）健康管理有限公司"})
    with pytest.raises(Refused) as refused:
        conclude(office, one)
    assert codes(refused) == {"Q01"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Admission.objects.filter(pk=one.pk).update(
            status="admitted", concluded_at=timezone.now(), concluded_by=office.leader, valid_to=later(9)
        )
    names = dict.fromkeys(["licence_holder", "contract_party", "invoice_issuer", "payee"], office.laboratory.name)
    admissions.put_names(admission=one, reason="按执业许可证更正", by=office.affairs, **names)
    assert conclude(office, one).status == S.ADMITTED


def test_the_licence_has_to_have_the_subject_the_tests_need(office):
    """A41: 诊疗科目 against the class of the test."""
    Laboratory.objects.update(subjects=["laboratory"])
    one = office.scored()
    with pytest.raises(Refused) as refused:
        conclude(office, one)
    assert codes(refused) == {"A41"}
    assert readiness.subjects_needed([f.indication("LUNG-01").test]) <= {"molecular", "pathology"}


@pytest.mark.parametrize("fact", [{"foreign_controlled": True}, {"foreign_controlled": None}, {"in_mainland": False}])
def test_foreign_control_and_samples_abroad_veto(office, fact):
    """Q13; Regulations on Human Genetic Resources, art. 7."""
    Laboratory.objects.update(**fact)
    with pytest.raises(Refused) as refused:
        conclude(office, office.scored())
    assert codes(refused) == {"Q13"}


def test_the_latest_quality_round_not_passed_vetoes_that_test_alone(office):
    """Q05, A15."""
    one, (first, second) = office.scored(), office.tests
    given = {"laboratory": office.laboratory, "test": first, "organiser": "国家卫健委临检中心", "by": office.buyer}
    laboratories.record_round(name="2026年第一次", held_on=later(-90), passed=True, **given)
    laboratories.record_round(name="2026年第二次", held_on=later(-10), passed=False, **given)
    with pytest.raises(Refused) as refused:
        conclude(office, one)
    assert codes(refused) == {"Q05"} and first.name in said(refused)
    one = conclude(office, one, decision="restrict", tests=[second])
    assert one.status == S.RESTRICTED and standing.current_span(one).test_ids == [second.pk]


# The panel (B8, B9, X14)


def test_nobody_scores_before_declaring_and_nobody_tied_scores_at_all(office):
    """B9; the database holds it as well."""
    one = office.assessing()
    member = office.pathologist
    with pytest.raises(Refused) as refused:
        admissions.score(admission=one, score=90, opinion="好", by=member)
    assert codes(refused) == {"B9"}
    with pytest.raises(ValidationError):
        admissions.declare_interest(admission=one, is_tied=True, interest="", by=member)
    admissions.declare_interest(admission=one, is_tied=True, interest="曾领取该机构讲课费", by=member)
    with pytest.raises(Refused):
        admissions.score(admission=one, score=90, opinion="好", by=member)
    with pytest.raises(Refused):
        admissions.declare_interest(admission=one, is_tied=False, interest="", by=member)
    with pytest.raises(IntegrityError), transaction.atomic():
        PanelMember.objects.filter(user=member).update(score=100, scored_at=timezone.now())


def test_a_tied_member_leaves_the_panel_too_small_until_another_is_named(office):
    """B8."""
    one = office.assessing()
    admissions.declare_interest(admission=one, is_tied=True, interest="配偶任职于该机构", by=office.panel[0])
    for member in office.panel[1:]:
        admissions.declare_interest(admission=one, is_tied=False, interest="", by=member)
        admissions.score(admission=one, score=90, opinion="符合", by=member)
    with pytest.raises(Refused) as refused:
        conclude(office, one)
    assert codes(refused) == {"panel"}
    admissions.name_member(admission=one, user=office.head, by=office.affairs)
    admissions.declare_interest(admission=one, is_tied=False, interest="", by=office.head)
    admissions.score(admission=one, score=90, opinion="符合", by=office.head)
    assert conclude(office, one).status == S.ADMITTED


def test_the_applicant_and_the_buyer_are_not_named_to_the_panel_and_nobody_sits_for_another(office):
    """X14, B9; vocab §1: R13 does not score."""
    one = office.apply()
    with pytest.raises(Refused):
        admissions.name_member(admission=one, user=office.affairs, by=office.affairs)
    with pytest.raises(ValidationError):
        admissions.name_member(admission=one, user=office.buyer, by=office.affairs)
    f.PostFactory(user=office.technician, institution=office.institution, role_id="R13")
    with pytest.raises(Refused) as refused:
        admissions.name_member(admission=one, user=office.technician, by=office.affairs)
    assert codes(refused) == {"X14"}
    admissions.name_member(admission=one, user=office.pathologist, by=office.affairs)
    with pytest.raises(PermissionDenied):
        admissions.declare_interest(admission=one, is_tied=False, interest="", by=office.pharmacist)


def test_a_low_mean_no_visit_and_a_bad_visit_refuse(office):
    """A25, B8."""
    low = office.scored(mark=70)
    with pytest.raises(Refused) as refused:
        conclude(office, low)
    assert codes(refused) == {"score"}
    office.visit(low, passed=False)
    low.visits.filter(passed=True).delete()
    with pytest.raises(Refused) as refused:
        conclude(office, low)
    assert codes(refused) == {"score", "visit"}
    assert conclude(office, low, decision="decline").status == S.DECLINED


def test_a_visit_takes_two_people(office):
    """A25."""
    one = office.apply()
    with pytest.raises(ValidationError):
        admissions.record_visit(
            admission=one, visited_on=later(-1), place="福州", visitors=[office.head], findings="好", passed=True,
            by=office.affairs,
        )  # fmt: skip


def test_who_applied_or_scored_does_not_conclude(office):
    """X14: one person with several posts."""
    one = office.scored()
    f.PostFactory(user=office.pathologist, institution=office.institution, role_id="R23")
    both = type(office.pathologist).objects.get(pk=office.pathologist.pk)
    both = both.act_as(both.posts.get(role_id="R23"))
    with pytest.raises(Refused) as refused:
        conclude(office, one, by=both)
    assert codes(refused) == {"X14"}


# The chart


ACTS = {
    pathway.OPEN: lambda o, a: admissions.open_assessment(admission=a, by=o.affairs),
    pathway.RETURN: lambda o, a: admissions.send_back(admission=a, reason="缺材料", by=o.affairs),
    pathway.ADMIT: lambda o, a: conclude(o, a),
    pathway.ADMIT_PARTLY: lambda o, a: conclude(o, a, decision="restrict", tests=o.tests[:1]),
    pathway.DECLINE: lambda o, a: conclude(o, a, decision="decline"),
    pathway.EXTEND: lambda o, a: standing.extend(
        admission=a, tests=[f.indication("CRC-01").test], reason="新增", by=o.leader
    ),
    pathway.RESTRICT: lambda o, a: standing.restrict(admission=a, tests=o.tests[:1], reason="质控", by=o.affairs),
    pathway.SUSPEND: lambda o, a: standing.suspend(admission=a, reason="投诉", by=o.discipline),
    pathway.LEAVE: lambda o, a: standing.leave(admission=a, reason="到期", by=o.leader),
    pathway.BAR: lambda o, a: standing.bar(admission=a, reason="贿赂", by=o.leader),
}
LIFTS = {pathway.UNRESTRICT: S.RESTRICTED, pathway.RESUME: S.SUSPENDED}


@pytest.mark.parametrize("status", S.values)
def test_every_step_from_every_status(office, status):
    """B8: the legal pairs move, all others say where the admission stands, and leave it there."""
    one = office.at(status)
    assert one.status == status
    for step, act in ACTS.items():
        with transaction.atomic():
            mark = transaction.savepoint()
            if status == S.ASSESSING and step in (pathway.ADMIT, pathway.ADMIT_PARTLY, pathway.DECLINE):
                for member in office.panel:
                    admissions.declare_interest(admission=one, is_tied=False, interest="", by=member)
                    admissions.score(admission=one, score=90, opinion="符合", by=member)
            if status == S.APPLIED and step is pathway.OPEN:
                office.papers(one)
                office.name_panel(one)
            if status in step.sources:
                assert act(office, one).status == step.target, step
            else:
                with pytest.raises(Refused) as refused:
                    act(office, one)
                assert "现处" in said(refused) or "已" in said(refused), step
                assert Admission.objects.get(pk=one.pk).status == status
            transaction.savepoint_rollback(mark)
    lifts = status in LIFTS.values()
    if lifts:
        assert standing.lift(admission=one, reason="已整改", by=office.leader).status == S.ADMITTED
    else:
        with pytest.raises(Refused):
            standing.lift(admission=one, reason="已整改", by=office.leader)


def test_a_suspension_of_a_restricted_laboratory_is_lifted_to_the_restriction(office):
    """B8."""
    one = office.at(S.RESTRICTED)
    standing.suspend(admission=one, reason="投诉", by=office.affairs)
    one = standing.lift(admission=one, reason="查无实据", by=office.leader)
    assert one.status == S.RESTRICTED and standing.current_span(one).test_ids == [office.tests[0].pk]


@pytest.mark.parametrize(
    "step, who",
    [(pathway.OPEN, "buyer"), (pathway.ADMIT, "affairs"), (pathway.SUSPEND, "buyer"), (pathway.BAR, "affairs"),
     (pathway.LEAVE, "discipline"), (pathway.RESTRICT, "doctor")],
)  # fmt: skip
def test_a_step_is_its_posts_alone(office, step, who):
    """vocab §1."""
    one = office.at(S.APPLIED if step is pathway.OPEN else S.ASSESSING if step is pathway.ADMIT else S.ADMITTED)
    by = getattr(office, who)
    acts = {
        pathway.OPEN: lambda: admissions.open_assessment(admission=one, by=by),
        pathway.ADMIT: lambda: conclude(office, one, by=by),
        pathway.SUSPEND: lambda: standing.suspend(admission=one, reason="x", by=by),
        pathway.BAR: lambda: standing.bar(admission=one, reason="x", by=by),
        pathway.LEAVE: lambda: standing.leave(admission=one, reason="x", by=by),
        pathway.RESTRICT: lambda: standing.restrict(admission=one, tests=office.tests, reason="x", by=by),
    }
    with pytest.raises(PermissionDenied):
        acts[step]()


def test_each_change_needs_its_reason_and_leaves_it_in_the_trail(office):
    """A25, B8."""
    one = office.at(S.ADMITTED)
    with pytest.raises(Refused) as refused:
        standing.suspend(admission=one, reason=" ", by=office.affairs)
    assert codes(refused) == {"reason"}
    standing.suspend(admission=one, reason="冷链记录缺失", by=office.affairs)
    kept = Event.objects.filter(step="admission.suspended", table_name="vendors_admission").last()
    assert kept.reason == "冷链记录缺失"


def test_the_barred_may_not_apply_until_the_bar_ends(office):
    """B8."""
    one = office.at(S.ADMITTED)
    standing.bar(admission=one, reason="商业贿赂", until=later(400), by=office.leader)
    with pytest.raises(Refused) as refused:
        office.apply()
    assert codes(refused) == {"barred"}
    Admission.objects.update(barred_until=later(-1))
    assert office.apply().status == S.APPLIED


def test_a_reassessment_replaces_the_admission_without_a_gap(office):
    """A25: reassessed each year."""
    former = office.at(S.ADMITTED)
    latter = office.admitted()
    former.refresh_from_db()
    assert (former.status, latter.status) == (S.REPLACED, S.ADMITTED)
    assert former.spans.get().ends_at == latter.spans.get().starts_at
    with pytest.raises(ValidationError):
        conclude(office, office.scored(), valid_to=later(800))


def test_admission_is_each_hospitals_own(office):
    """A25, B8: the one that sends has to know."""
    office.admitted()
    other, now = f.InstitutionFactory(), timezone.now()
    register = admitting.Admissions.of([office.institution.pk, other.pk], [office.tests[0].pk])
    assert register.against(office.institution.pk, office.laboratory, office.tests[0], now) == []
    assert register.against(other.pk, office.laboratory, office.tests[0], now) != []
    assert not office.apply(tests=office.tests[:1]).spans.exists()
    assert register.against(office.institution.pk, office.laboratory, office.tests[0], now - timedelta(days=9)) != []
