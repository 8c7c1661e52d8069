"""A step tried out of turn: who may not is told so first, a race lost is stale, then the gates speak in their own
words, and only when none refuses is it a matter of turn (`audit.steps.in_turn`)."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.models import Role, User
from audit.gates import GATES, Refused
from audit.models import Event
from audit.steps import STEPS, move
from catalog.models import Grade
from referrals import next_steps, pathway
from referrals.actions import approving, charging, filing, receipts, requests, results, specimens
from referrals.models import Referral, Status
from referrals.models.referral import ENDED
from tests.factories import ReferralFactory, graded, staff

NO_CONSENT = "未检索到有效的书面知情同意"


def said(action, **asked):
    with pytest.raises(Refused) as refused:
        action(**asked)
    return refused.value.refusals


def charge(case, by):
    return {"referral": case, "by": by, "kind": "receipt", "receipt_no": "PJ1"}


@pytest.fixture
def sign_in(client):
    def make(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


# The order of the answers


def test_the_fee_before_consent_is_refused_by_the_rule_on_consent(hospital):
    """A11, B17."""
    case = hospital.at("awaiting_consent")

    (refusal,) = said(charging.charge, **charge(case, hospital.cashier))

    assert refusal.code == "X05"
    assert NO_CONSENT in str(refusal.message)
    assert refusal.clauses == ("A11", "B17")
    assert refusal.mend == reverse("referrals:case", args=[case.pk]) + "#consent"


def test_sampling_before_the_mdt_is_refused_by_the_rule_on_the_mdt(hospital):
    """B5: the MDT first; what else is missing is said with it."""
    case = ReferralFactory(institution=hospital.institution, indication=graded(Grade.MDT), status="awaiting_mdt")

    refusals = said(specimens.collect, referral=case, by=hospital.nurse, barcode="X")

    assert [one.code for one in refusals] == ["X01", "X05"]
    assert refusals[0].clauses == ("B5",)


def test_when_no_rule_stands_against_it_the_case_says_where_it_stands_and_who_is_next(hospital):
    case = hospital.at("charged")

    (refusal,) = said(charging.charge, **charge(case, hospital.cashier))

    assert refusal.code == "out_of_turn"
    assert str(refusal.message) == (
        "现在不能办理“收费”：本申请处于“已收费，待采样”，待病理医师（技师）、检验医师（技师）、采样护士（标本接收）办理“采样”。"
    )
    assert refusal.mend == reverse("referrals:case", args=[case.pk])


def test_who_may_not_is_told_so_before_anything_else(hospital):
    case = hospital.at("awaiting_consent")
    Referral.objects.filter(pk=case.pk).update(status="cancelled")

    for action, asked in (
        (charging.charge, charge(case, hospital.nurse)),
        (approving.approve, {"referral": case, "by": hospital.cashier}),
        (approving.disapprove, {"referral": case, "by": hospital.cashier, "reason": ""}),
        (results.tell, {"referral": case, "by": hospital.cashier}),
        (filing.file_record, {"referral": case, "by": hospital.cashier}),
        (receipts.receive, {"referral": case, "by": hospital.cashier}),
        (requests.cancel, {"referral": case, "by": hospital.cashier, "reason": ""}),
    ):
        with pytest.raises(PermissionDenied):
            action(**asked)


def test_a_case_that_moved_since_it_was_read_is_stale_and_not_out_of_turn(hospital):
    case = hospital.at("awaiting_charge")
    Referral.objects.filter(pk=case.pk).update(status="awaiting_consent")

    assert [one.code for one in said(charging.charge, **charge(case, hospital.cashier))] == ["stale"]


def test_a_case_that_ended_asks_for_nothing_that_could_still_be_mended(hospital):
    """No consent is sought for a request that was cancelled."""
    case = hospital.at("awaiting_consent")
    Referral.objects.filter(pk=case.pk).update(status="cancelled")
    case.refresh_from_db()

    (refusal,) = said(charging.charge, **charge(case, hospital.cashier))

    assert refusal.code == "out_of_turn"
    assert str(refusal.message) == "“收费”已不能办理：本申请已结束（已取消）。"


def test_a_case_no_laboratory_may_take_names_who_has_it_allocated_again(hospital):
    case = ReferralFactory(institution=hospital.institution, status="submitted")

    (refusal,) = said(results.tell, referral=case, by=hospital.doctor)

    assert "待系统分配检测机构" in str(refusal.message)
    assert "医务科" in str(refusal.message)


LIVE = [one for one in Status if one not in ENDED and one != Status.DRAFT]


@pytest.mark.parametrize("status", LIVE)
def test_every_status_names_what_it_waits_for_and_a_post_that_does_it(hospital, status, monkeypatch):
    from referrals.turn import whose_turn

    case = hospital.at("sampled")
    Referral.objects.filter(pk=case.pk).update(status=status)
    case.refresh_from_db()

    text = str(whose_turn(case, pathway.FILE).message)

    assert case.get_status_display() in text
    assert any(name in text for name in Role.objects.values_list("name", flat=True)), text
    assert "%(" not in text


@pytest.mark.parametrize("step", [one for one in STEPS.values() if one in next_steps.pathway.MAIN_LINE], ids=repr)
def test_no_step_of_the_chart_calls_it_stale_when_nobody_was_faster(hospital, step):
    """Each of them, from every status it does not start from: its gates' own codes, or out of turn."""
    case = hospital.at("charged")
    machine = User.objects.machine()
    for status in set(Status) - step.sources:
        Referral.objects.filter(pk=case.pk).update(status=status)
        case.refresh_from_db()
        codes = {one.code for one in said(move, obj=case, step=step, by=machine)}
        assert codes == {"out_of_turn"} if status in ENDED else codes <= {*step.gates, "out_of_turn"}
        assert "out_of_turn" not in codes or len(codes) == 1
    assert set(step.gates) <= set(GATES)


# The same at the doors


@pytest.mark.parametrize(
    ("status", "page", "step", "who", "asked"),
    [
        ("awaiting_consent", "charge", "charge.made", "cashier", {"receipt_no": "PJ1", "kind": "receipt"}),
        ("awaiting_charge", "specimen", "specimen.collected", "nurse", {"barcode": "X", "do": "collect"}),
        ("awaiting_consent", "approve", "outsourcing.approved", "affairs", {"do": "approve"}),
        ("charged", "charge", "charge.made", "cashier", {"receipt_no": "PJ1", "kind": "receipt", "do": "charge"}),
        ("sampled", "receive", "shipment.received", "carrier", {}),
        ("received", "review", "result.reviewed", "doctor", {}),
        ("reported", "tell", "patient.told", "doctor", {}),
        ("reported", "file", "record.filed", "records", {}),
        ("awaiting_consent", "mdt", "mdt.called", "affairs", {}),
        ("sampled", "cancel", "request.cancelled", "doctor", {"reason": "患者转院"}),
        ("awaiting_consent", "supplement", "request.supplemented", "doctor", {"note": "补充"}),
        ("sampled", "drug", "drug.prescribed", "doctor", {"drug": "吉非替尼", "indication": "非小细胞肺癌"}),
    ],
)
def test_page_send_and_program_say_the_same(hospital, sign_in, program, status, page, step, who, asked):
    case = hospital.at(status)
    by = getattr(hospital, who)
    browser, address = sign_in(by), reverse(f"referrals:{page}", args=[case.pk])
    before = Event.objects.filter(step=step).count()

    opened = browser.get(address)
    posted = browser.post(address, asked)
    answer = program(by).step(case, step, **{name: value for name, value in asked.items() if name != "do"})

    refusals = answer.json()["refusals"]
    assert answer.status_code in (409, 422), answer.json()
    assert refusals
    assert posted.status_code == 422
    for one in refusals:
        assert one["code"] != "stale"
        # A page that has other work to offer (a refund; a drug not named yet) refuses only what is sent.
        for html in (opened.content.decode(), posted.content.decode())[page == "drug" or status == "charged" :]:
            assert one["message"] in html
            assert not one["mend"] or f'href="{one["mend"]}"' in html
    assert Referral.objects.get(pk=case.pk).status == status
    assert Event.objects.filter(step=step).count() == before


def test_the_cashier_who_scans_a_case_that_awaits_consent_sees_why_and_no_form(hospital, sign_in):
    case = hospital.at("awaiting_consent")
    browser = sign_in(hospital.cashier)

    page = browser.get(reverse("referrals:charge_lookup"), {"q": case.number}, follow=True)

    html = page.content.decode()
    assert page.redirect_chain[-1][0] == reverse("referrals:charge", args=[case.pk])
    assert NO_CONSENT in html
    assert 'name="receipt_no"' not in html


def test_the_doctor_who_opens_the_consent_before_the_mdt_sees_the_rule_on_the_mdt(hospital, sign_in):
    case = ReferralFactory(
        institution=hospital.institution, requester=hospital.doctor, indication=graded(Grade.MDT), status="awaiting_mdt"
    )

    html = sign_in(hospital.doctor).get(reverse("consent:start", args=[case.pk])).content.decode()

    assert "MDT" in html
    assert "须经多学科" in html or "需MDT" in html


def test_a_program_that_concludes_what_was_never_called_learns_who_calls_it(hospital, program):
    case = ReferralFactory(institution=hospital.institution, indication=graded(Grade.MDT), status="awaiting_mdt")
    expert = staff("R04", hospital.institution)

    answer = program(expert).step(case, "mdt.agreed", reason_code="A1", advice="化疗")

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:mingjian:problem:out-of-turn"
    (refusal,) = answer.json()["refusals"]
    assert refusal["code"] == "out_of_turn"
    assert "MDT秘书" in refusal["message"]
