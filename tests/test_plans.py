"""Sequential requests: planned and consented to as a whole, each step gated when it comes (practice.md; A21, A22, B16)."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.gates import Refused
from catalog.models import Grade
from consent import actions as consents
from consent import queries as consent_queries
from consent.signing import Choices, Signature, Signer
from referrals import planning, queries
from referrals.actions import plans, requests
from referrals.models import PlannedStep, Referral, Result
from tests import factories as f

pytestmark = pytest.mark.django_db
AFTER, STATE = PlannedStep.After, PlannedStep.Status


@pytest.fixture
def hospital(as_machine):
    return f.InstitutionFactory(code="LXT")


@pytest.fixture
def doctor(hospital):
    user = f.staff("R01", hospital, f.DepartmentFactory(institution=hospital, name="肿瘤科"))
    for grade in Grade.values:
        f.RequestAuthorityFactory(user=user, institution=hospital, grade=grade, granted_by=User.objects.machine())
    return user


@pytest.fixture
def laboratory(hospital):
    return f.LaboratoryFactory()


@pytest.fixture
def lines(hospital, laboratory):
    """EGFR by PCR first, then two further lung tests, each with price and contract."""
    found = [f.indication(code) for code in ("LUNG-01", "LUNG-02", "LUNG-04")]
    for amount, line in zip((480, 1200, 3600), found, strict=True):
        f.PriceFactory(institution=hospital, test=line.test, amount=Decimal(amount), insurance_class="乙类")
    f.ContractFactory(institution=hospital, laboratory=laboratory, tests=[line.test for line in found])
    return found


def rows(*steps):
    return [{"indication": line, "after": after, "necessity": "决定一线用药"} for line, after in steps]


def ask(doctor, lines, steps=None, **changes):
    given = {
        "by": doctor, "patient": f.PatientFactory(institution=doctor.post.institution), "diagnosis_code": "C34.1",
        "pathology": "肺腺癌", "indication": lines[0], "necessity": "决定是否用靶向药", "first_visit": False,
        "first_visit_reason": "外院已行MDT", "steps": rows((lines[1], AFTER.NEGATIVE)) if steps is None else steps,
    }  # fmt: skip
    return requests.submit(**{**given, **changes})


def sign(case, doctor):
    text, _facts = consent_queries.text_now(case, timezone.now())
    consents.disclose(referral=case, by=doctor, shown=text.sha256)
    consent = consents.record_consent(
        referral=case, by=doctor, shown=text.sha256, signer=Signer(kind="patient", name="某某", age_confirmed=True),
        signature=Signature(method="typed", witness=f.staff("R07", case.institution)),
        choices=Choices(privacy=True, germline="know", leftover="ask"),
    )  # fmt: skip
    return text, consent


def report(case, outcome="negative", reviewed=True):
    """The case as it stands after its report, without walking its whole way again."""
    now = timezone.now()
    result = Result.objects.create(
        referral=case, reported_at=now, outcome=outcome, entered_by=case.requester,
        reviewed_at=now if reviewed else None, reviewed_by=case.requester if reviewed else None,
    )  # fmt: skip
    status = "reviewed" if reviewed else "reported"
    Referral.objects.filter(pk=case.pk).update(status=status, reported_at=now, reviewed_at=result.reviewed_at)
    return Referral.objects.get(pk=case.pk)


def signed_plan(doctor, lines, steps=None):
    case = ask(doctor, lines, steps)
    sign(case, doctor)
    return Referral.objects.get(pk=case.pk)


# Planning


def test_a_request_plans_its_steps_in_order(doctor, lines):
    case = ask(doctor, lines, rows((lines[1], AFTER.NEGATIVE), (lines[2], AFTER.NOT_POSITIVE)))
    assert [(one.position, one.indication.code, one.status) for one in case.planned_steps.all()] == [
        (2, "LUNG-02", "planned"), (3, "LUNG-04", "planned"),
    ]  # fmt: skip
    assert [one.position for one in planning.strip(case)] == [1, 2, 3]


def test_each_step_has_its_own_indication_and_authority(hospital, doctor, lines):
    """X02 and X04 of every step, not of the first alone."""
    with pytest.raises(Refused) as refused:
        ask(doctor, lines, rows((f.indication("BRE-01"), AFTER.NEGATIVE)))
    assert [one.code for one in refused.value.refusals] == ["X02"] and "第2步" in str(refused.value.refusals[0])
    novice = f.staff("R01", hospital, doctor.post.department)
    f.RequestAuthorityFactory(user=novice, institution=hospital, grade=Grade.ROUTINE, granted_by=User.objects.machine())
    graded = f.graded(Grade.MDT)
    with pytest.raises(Refused) as refused:
        ask(novice, lines, rows((graded, AFTER.NEGATIVE)))
    assert "X04" in [one.code for one in refused.value.refusals]
    assert not Referral.objects.exists()


@pytest.mark.parametrize(
    "change, field",
    [({"after": ""}, "plan-0-after"), ({"necessity": " "}, "plan-0-necessity"), ({"indication": None}, "plan-0-code")],
)
def test_a_step_says_on_what_result_and_why(doctor, lines, change, field):
    with pytest.raises(ValidationError) as wrong:
        ask(doctor, lines, [{**rows((lines[1], AFTER.NEGATIVE))[0], **change}])
    assert field in wrong.value.message_dict


def test_the_same_test_twice_is_no_plan(doctor, lines):
    with pytest.raises(ValidationError) as wrong:
        ask(doctor, lines, rows((lines[0], AFTER.NEGATIVE)))
    assert "plan-0-code" in wrong.value.message_dict


# The consent to the whole


def test_the_consent_tells_every_step_with_its_price_and_the_most_in_all(doctor, lines):
    """B16; practice.md: what I pay in all, before signing."""
    case = ask(doctor, lines, rows((lines[1], AFTER.NEGATIVE), (lines[2], AFTER.POSITIVE)))
    text, consent = sign(case, doctor)
    plan = next(one for one in text.sections if one.key == "plan")
    facts = dict(plan.facts)
    assert facts["全部做完最多"] == "5,280.00元"
    assert "上一步结果为阴性时才做；1,200.00元" in next(v for k, v in facts.items() if k.startswith("第2步"))
    assert consent.amount == 480 and [one.amount for one in consent.steps.order_by("pk")] == [1200, 3600]
    assert "没有做的步骤不收费" in " ".join(plan.paragraphs)


def test_without_a_published_price_of_a_step_there_is_nothing_to_sign_yet(doctor, lines, hospital):
    """X07 of the plan as a whole."""
    lines[1].test.prices.filter(institution=hospital).delete()
    case = ask(doctor, lines)
    with pytest.raises(Refused) as refused:
        consent_queries.text_now(case, timezone.now())
    assert refused.value.refusals[0].code == "X07" and "第2步" in str(refused.value.refusals[0])


# Going on


@pytest.mark.parametrize(
    "after, outcome, goes",
    [
        (AFTER.NEGATIVE, "negative", True), (AFTER.NEGATIVE, "positive", False), (AFTER.NEGATIVE, "unknown", False),
        (AFTER.UNCLEAR, "unknown", True), (AFTER.UNCLEAR, "negative", False),
        (AFTER.NOT_POSITIVE, "negative", True), (AFTER.NOT_POSITIVE, "unknown", True),
        (AFTER.NOT_POSITIVE, "positive", False),
        (AFTER.POSITIVE, "positive", True), (AFTER.POSITIVE, "negative", False),
    ],
)  # fmt: skip
def test_a_step_goes_on_only_on_the_result_it_was_planned_for(doctor, lines, after, outcome, goes):
    """A21: only what care needs."""
    case = report(signed_plan(doctor, lines, rows((lines[1], after))), outcome)
    if goes:
        assert plans.begin(referral=case, by=doctor).test == lines[1].test
        return
    with pytest.raises(Refused) as refused:
        plans.begin(referral=case, by=doctor)
    assert refused.value.refusals[0].clauses == ("A21", "A22")
    assert plans.drop(referral=case, by=doctor, reason="已检出").status == STATE.NOT_NEEDED


def test_positive_for_a_gene_asks_for_that_gene(doctor, lines):
    steps = [{**rows((lines[1], AFTER.POSITIVE))[0], "genes": "EGFR"}]
    case = report(signed_plan(doctor, lines, steps), "positive")
    assert planning.judged(planning.next_of(case)).met is False
    case.results.get().alterations.create(gene="EGFR", variant="T790M")
    assert planning.judged(planning.next_of(case)).met is True


def test_before_the_report_is_reviewed_the_step_waits(doctor, lines):
    case = signed_plan(doctor, lines)
    for reported in (False, True):
        if reported:
            case = report(case, reviewed=False)
        with pytest.raises(Refused):
            plans.begin(referral=case, by=doctor)
    assert not Referral.objects.filter(planning.due()).exists()


def test_a_begun_step_is_a_request_of_its_own_covered_by_the_consent_to_the_whole(doctor, lines, laboratory):
    """One line of the ledger for each test sent; the consent comes with it on the terms it was signed for."""
    case = report(signed_plan(doctor, lines))
    assert list(Referral.objects.filter(planning.due())) == [case]
    made = plans.begin(referral=case, by=doctor)
    assert made.number != case.number and made.status == "awaiting_approval" and made.laboratory == laboratory
    carried, root = made.consents.get(), case.consents.get()
    assert (carried.carried_from, carried.amount, carried.test) == (root, 1200, lines[1].test)
    assert carried.signed_at == root.signed_at
    assert consent_queries.anti_forgery_code(carried) == consent_queries.anti_forgery_code(root)
    assert planning.next_of(case) is None and not Referral.objects.filter(planning.due()).exists()
    assert not case.charges.exists() and not made.charges.exists()
    assert "序贯安排的第2步" in made.earlier_result_reason


def test_a_price_that_changed_since_is_told_and_signed_anew(doctor, lines, hospital):
    """X05, X07: never charged at another price than consented to."""
    case = report(signed_plan(doctor, lines))
    lines[1].test.prices.filter(institution=hospital).update(amount=Decimal(1500))
    made = plans.begin(referral=case, by=doctor)
    assert made.status == "awaiting_consent" and not made.consents.exists()


def test_a_consent_withdrawn_at_one_step_ends_the_plan(doctor, lines):
    """B15: taken back at one step of the plan, none after it is begun."""
    case = report(signed_plan(doctor, lines, rows((lines[1], AFTER.NEGATIVE), (lines[2], AFTER.NEGATIVE))))
    second = plans.begin(referral=case, by=doctor)
    consents.withdraw(referral=second, by=doctor, reason="不想做了")
    third = planning.next_of(case)
    assert planning.judged(third).met is False
    with pytest.raises(Refused):
        plans.begin(referral=case, by=doctor)


def test_the_gates_of_the_day_are_asked_again_for_the_step(doctor, lines):
    """X04: an authority that was withdrawn meanwhile stops the step."""
    case = report(signed_plan(doctor, lines))
    doctor.request_authorities.update(ends_on=timezone.localdate().replace(year=2025, month=2))
    with pytest.raises(Refused) as refused:
        plans.begin(referral=case, by=doctor)
    assert [one.code for one in refused.value.refusals] == ["X04"]
    assert planning.next_of(case) is not None and Referral.objects.count() == 1


def test_the_requester_chooses_no_laboratory_for_a_step_either(doctor, lines):
    case = report(signed_plan(doctor, lines))
    with pytest.raises(Refused) as refused:
        plans.begin(referral=case, by=doctor, laboratory_chosen=True)
    assert [one.code for one in refused.value.refusals] == ["X16"]


def test_steps_come_one_after_another_and_once(doctor, lines):
    case = report(signed_plan(doctor, lines, rows((lines[1], AFTER.NEGATIVE), (lines[2], AFTER.NEGATIVE))))
    with pytest.raises(Refused):
        plans.begin(referral=case, by=doctor, position=3)
    plans.begin(referral=case, by=doctor, position=2)
    with pytest.raises(Refused) as refused:
        plans.begin(referral=case, by=doctor, position=2)
    assert refused.value.refusals[0].code == "stale"
    with pytest.raises(Refused):
        plans.begin(referral=case, by=doctor)  # the report of step 2 is not there


def test_a_conclusion_that_covers_the_plan_comes_with_the_step(doctor, lines):
    """B5, A22: discussed once for the whole, where the chair said so."""
    chair = f.UserFactory()
    case = report(signed_plan(doctor, lines))
    at = case.requested_at
    case.mdt_reviews.create(concluded_at=at, conclusion="agree", chair=chair, covers_plan=True)
    case.discussions.create(held_at=at, agreed=True, chair=chair, covers_plan=False)
    made = plans.begin(referral=case, by=doctor)
    assert made.mdt_reviews.get().carried_from == case.mdt_reviews.get()
    assert not made.discussions.exists()


def test_a_step_left_out_says_why_and_nobody_else_touches_the_plan(hospital, doctor, lines):
    case = report(signed_plan(doctor, lines))
    with pytest.raises(ValidationError):
        plans.drop(referral=case, by=doctor, reason=" ")
    stranger = f.staff("R01", hospital, f.DepartmentFactory(institution=hospital, name="骨科"))
    for act in (
        lambda: plans.begin(referral=case, by=stranger),
        lambda: plans.drop(referral=case, by=stranger, reason="x"),
    ):
        with pytest.raises(PermissionDenied):
            act()
    step = plans.drop(referral=case, by=doctor, reason="患者要求先化疗")
    assert (step.status, step.drop_reason) == (STATE.SKIPPED, "患者要求先化疗")


# The doors


def sign_in(client, person):
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")


def test_the_page_goes_on_with_the_step_and_the_list_names_it(client, doctor, lines):
    case = report(signed_plan(doctor, lines))
    sign_in(client, doctor)
    listed = client.get(reverse("referrals:list"), {"stage": "next_step"}).content.decode()
    assert case.number in listed and "办理下一步检测" in listed
    page = client.get(reverse("referrals:plan", args=[case.pk])).content.decode()
    assert "符合条件" in page and "申请本步检测" in page
    sent = client.post(
        reverse("referrals:plan", args=[case.pk]), {"do": "begin", "position": 2, "necessity": "阴性，查罕见变异"}
    )
    made = Referral.objects.exclude(pk=case.pk).get()
    assert sent.status_code == 302 and sent.url == made.get_absolute_url()
    assert made.necessity == "阴性，查罕见变异"
    again = client.post(reverse("referrals:plan", args=[case.pk]), {"do": "begin", "position": 2, "necessity": "x"})
    assert again.status_code == 409
    for one in (case, made):
        assert "序贯检测安排" in client.get(one.get_absolute_url()).content.decode()
    assert client.get(reverse("referrals:plan", args=[made.pk])).url == reverse("referrals:plan", args=[case.pk])


def test_a_program_plans_and_goes_on_in_the_same_words(client, doctor, lines):
    sign_in(client, doctor)
    patient = f.PatientFactory(institution=doctor.post.institution, record_no="Z200001")
    body = {
        "record_no": patient.record_no, "indication": "LUNG-01", "diagnosis_code": "C34.1", "pathology": "肺腺癌",
        "necessity": "决定是否用靶向药", "first_visit": False, "first_visit_reason": "外院已行MDT",
        "steps": [{"indication": "LUNG-02", "after": "negative", "necessity": "决定用药"}],
    }  # fmt: skip
    sent = client.post("/api/v1/referrals/", body, content_type="application/json")
    assert sent.status_code == 201, sent.content
    case = Referral.objects.get(number=sent.json()["number"])
    address = f"/api/v1/referrals/{case.pk}/steps/plan.continued/"
    early = client.post(address, {}, content_type="application/json")
    assert early.status_code == 422 and "上一步结果为阴性" in early.content.decode()
    sign(case, doctor)
    case = report(Referral.objects.get(pk=case.pk))
    made = client.post(address, {}, content_type="application/json")
    assert made.status_code in (200, 201), made.content
    assert made.json()["number"] != case.number


def test_the_request_page_shows_the_plan_with_the_whole_sum(client, doctor, lines):
    sign_in(client, doctor)
    typed = {
        "indication": lines[0].pk, "diagnosis_code": "C34.1", "test_query": "EGFR", "plan-0-code": "LUNG-02",
        "plan-0-after": "negative", "plan-0-necessity": "决定用药",
    }  # fmt: skip
    said = client.post(reverse("referrals:new_checks"), typed).content.decode()
    assert "全部做完最多1,680.00元" in said and '<option value="LUNG-02">' in said
    wrong = client.post(reverse("referrals:new"), {**typed, "plan-0-after": "", "do": "submit"})
    assert wrong.status_code == 422


def test_the_list_counts_what_is_due(doctor, lines):
    case = report(signed_plan(doctor, lines))
    assert list(queries.waiting(Referral.objects.all(), "next_step")) == [case]
