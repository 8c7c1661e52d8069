"""Telling, signing, refusing, withdrawing and lapsing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.gates import Act, Refused, judge
from audit.models import Event
from consent import actions, queries, strokes, tasks, wording
from consent.models import Consent, ConsentRefusal, Disclosure, SelfPayNotice
from consent.signing import Choices, Signature, Signer
from referrals import pathway
from referrals import queries as cases
from referrals.gates import Case
from referrals.identity import decrypt, set_identity
from referrals.models import Referral, Status
from tests.factories import LaboratoryFactory, PatientFactory, PriceFactory, UserFactory, staff
from tests.fixtures.consents import drawn

pytestmark = pytest.mark.django_db

RELATIVE = {"kind": "relative", "name": "乙某", "relation": "女儿", "reason": "病情不宜告知患者", "id_number": "A1234567",
            "id_type": "other"}  # fmt: skip
CHOICES = Choices(privacy=True, germline="know", leftover="ask")


def new_price(referral, amount="520.00"):
    """The price changed today."""
    today = timezone.localdate()
    referral.institution.prices.filter(test=referral.test).update(effective_to=today - timedelta(days=1))
    return PriceFactory(
        institution=referral.institution, test=referral.test, amount=amount, effective_from=today, published_on=today
    )


def of_age(referral, years: int):
    referral.patient.birth_year = timezone.localdate().year - years
    referral.patient.save()
    return referral


def test_a_signed_consent_keeps_what_was_told_and_moves_the_case_on(waiting, sign):
    referral = waiting()

    consent = sign(referral)

    consent.refresh_from_db()
    assert referral.status == Status.AWAITING_CHARGE  # in-house: the system asks for the fee
    assert referral.consented_at == consent.signed_at >= consent.disclosed_at
    assert consent.number == f"TY-{referral.number}-1"
    assert (consent.test, consent.laboratory, consent.amount) == (referral.test, None, Decimal("480.00"))
    assert consent.told_by == referral.requester
    assert queries.is_unchanged(consent)
    assert wording.digest(consent.content) == consent.content_sha256
    assert strokes.ink(consent.strokes) > strokes.INK_MIN
    assert decrypt(consent.signer_name, patient=referral.pk, column="signer_name") == "甲某"
    assert judge("X05", Case(Referral.objects.get(pk=referral.pk)), timezone.now()).verdict == "passes"
    trail = Event.objects.filter(table_name="consent_consent", op="I").latest("pk")
    assert trail.step == "consent.signed"
    assert "甲某" not in trail.payload


def test_an_outsourced_case_goes_to_approval(waiting, sign):
    referral = waiting(laboratory=LaboratoryFactory())

    assert sign(referral).laboratory == referral.laboratory
    assert referral.status == Status.AWAITING_APPROVAL


def test_a_study_is_signed_without_a_price(waiting, sign):
    from tests.factories import StudyFactory

    study = StudyFactory()
    referral = waiting(nature="research", study=study, institution=study.institution, price=None)

    assert sign(referral).amount is None
    assert referral.status == Status.AWAITING_SAMPLING


def test_nothing_is_signed_that_was_not_told(waiting, sign):
    referral = waiting()

    with pytest.raises(Refused) as refused:
        sign(referral, tell=False)

    assert "A10" in refused.value.refusals[0].clauses
    assert not Consent.objects.exists()


def test_mdt_comes_before_the_telling(waiting):
    referral = waiting(first_visit=True)

    with pytest.raises(Refused) as refused:
        actions.disclose(referral=referral, by=referral.requester)

    assert [one.code for one in refused.value.refusals] == ["X01"]


def test_only_the_post_that_may_records_a_consent(waiting, sign):
    referral = waiting()
    nurse = staff("R07", referral.institution)

    with pytest.raises(PermissionDenied):
        sign(referral, by=nurse)


@pytest.mark.parametrize("missing", ["relation", "reason"])
def test_a_relative_states_reason_and_relation(missing, waiting, sign):
    with pytest.raises(ValidationError) as wrong:
        sign(waiting(), signer=Signer(**{**RELATIVE, missing: ""}))

    assert wrong.value.message_dict[missing] == ["近亲属签署须注明原因及关系"]


def test_a_relative_shows_a_paper_and_is_kept_as_ciphertext(waiting, sign):
    referral = waiting()

    with pytest.raises(ValidationError) as wrong:
        sign(referral, signer=Signer(**{**RELATIVE, "id_number": ""}))
    assert "id_number" in wrong.value.message_dict

    consent = sign(referral, signer=Signer(**RELATIVE))
    assert (consent.signer, consent.relation, consent.reason) == ("relative", "女儿", "病情不宜告知患者")
    assert decrypt(consent.signer_id_number, patient=referral.pk, column="signer_id_number") == "A1234567"
    assert judge("X05", Case(Referral.objects.get(pk=referral.pk)), timezone.now()).verdict == "passes"


def test_a_child_does_not_sign_nor_does_a_mere_relative(waiting, sign):
    referral = of_age(waiting(), 12)

    for signer in (Signer(kind="patient", age_confirmed=True), Signer(**RELATIVE)):
        with pytest.raises(ValidationError) as wrong:
            sign(referral, signer=signer)
        assert "signer" in wrong.value.message_dict
    guardian = Signer(**{**RELATIVE, "kind": "guardian", "relation": "母亲", "reason": ""})
    assert sign(referral, signer=guardian).reason == "患者未满18周岁。"


def test_at_seventeen_one_signs_only_living_on_ones_own_labour(waiting, sign):
    referral = of_age(waiting(), 17)

    with pytest.raises(ValidationError) as wrong:
        sign(referral, signer=Signer(kind="patient", name="甲某"))
    assert "age_confirmed" in wrong.value.message_dict

    assert sign(referral, signer=Signer(kind="patient", name="甲某", age_confirmed=True)).choices["age_confirmed"]


def test_the_id_number_tells_the_age_exactly(waiting, sign):
    referral = of_age(waiting(), 18)
    with pytest.raises(ValidationError):  # only the year is known: perhaps still 17
        sign(referral)
    set_identity(patient=referral.patient, by=referral.requester, name="甲某", id_number="11010519491231002X")

    assert sign(referral).signer == "patient"


def test_a_guardian_of_an_adult_says_why(waiting, sign):
    with pytest.raises(ValidationError) as wrong:
        sign(waiting(), signer=Signer(**{**RELATIVE, "kind": "guardian", "reason": ""}))

    assert "reason" in wrong.value.message_dict


def test_nothing_is_chosen_for_the_patient(waiting, sign):
    with pytest.raises(ValidationError) as wrong:
        sign(waiting(), choices=Choices())

    assert {"privacy", "germline", "leftover"} <= set(wrong.value.message_dict)


def test_a_typed_name_needs_a_witness_other_than_the_doctor(waiting, sign):
    referral = waiting()
    for witness in (None, referral.requester):
        with pytest.raises(ValidationError) as wrong:
            sign(referral, signature=Signature(method="typed", witness=witness))
        assert "witness" in wrong.value.message_dict

    witness = staff("R07", referral.institution)
    assert sign(referral, signature=Signature(method="typed", witness=witness)).witness == witness


@pytest.mark.parametrize(
    "given",
    [
        [[[1, 2]]],
        [[["a", 2, 3]]],
        [[[float("nan"), 2, 3]]],
        [[[1, 1, 50], [2, 2, 10]]],
        {"x": 1},
        [[[1, 1, 0], [3, 3, 9]]],
        [[[0, 0, 0]] * 13_000],
    ],
)
def test_what_is_no_signature_is_refused(given):
    with pytest.raises(ValidationError):
        strokes.check(given)


def test_yesterdays_price_is_refused_and_nothing_is_kept(waiting, sign):
    referral = waiting()
    text, _facts = queries.text_now(referral, timezone.now())
    actions.disclose(referral=referral, by=referral.requester, shown=text.sha256)
    price = new_price(referral)

    with pytest.raises(Refused) as refused:
        sign(referral, tell=False, shown=text.sha256)

    day = price.effective_from
    expected = f"价格已于{day.year}年{day.month}月{day.day}日调整，请重新告知并重签同意书。"
    assert [str(one) for one in refused.value.refusals] == [expected]
    assert not Consent.objects.exists()
    assert Referral.objects.get(pk=referral.pk).status == Status.AWAITING_CONSENT


def test_a_second_signature_finds_the_case_gone_on(waiting, sign):
    referral = waiting()
    again = Referral.objects.get(pk=referral.pk)
    first = sign(referral)

    with pytest.raises(Refused) as refused:
        actions.record_consent(
            referral=again,
            by=referral.requester,
            shown=first.content_sha256,
            signer=Signer(kind="patient", name="甲某"),
            signature=Signature(strokes=drawn()),
            choices=CHOICES,
        )

    assert refused.value.refusals[0].code == "stale"
    assert Consent.objects.count() == 1


def test_the_database_holds_one_consent_an_edition(waiting, sign):
    consent = sign(waiting())
    consent.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        consent.save()


def test_a_changed_text_is_found(waiting, sign):
    consent = sign(waiting())
    code = queries.anti_forgery_code(consent)
    consent.content[1]["paragraphs"] = ["一分钱不用付"]

    assert not queries.is_unchanged(consent)
    consent.content_sha256 = wording.digest(consent.content)
    assert queries.anti_forgery_code(consent) != code


# Refusal


def test_saying_no_ends_the_case_without_a_reason(waiting):
    referral = waiting()

    actions.refuse(referral=referral, by=referral.requester)

    assert referral.status == Status.PATIENT_REFUSED
    assert ConsentRefusal.objects.get().recorded_by == referral.requester
    with pytest.raises(Refused):
        actions.disclose(referral=referral, by=referral.requester)


# Withdrawal


@pytest.mark.parametrize("status", sorted(Status.values))
def test_withdrawal_at_every_status(status, waiting, sign):
    referral = waiting()
    consent = sign(referral)
    Referral.objects.filter(pk=referral.pk).update(status=status)
    referral = Referral.objects.get(pk=referral.pk)
    desk = staff("R16", referral.institution)

    if status in pathway.WITHDRAW_CONSENT.sources:
        actions.withdraw(referral=referral, by=desk, reason="改变主意")
        consent.refresh_from_db()
        assert referral.status == Status.WITHDRAWN
        assert consent.withdrawn_at
        assert consent.withdrawal_reason == "改变主意"
    else:
        with pytest.raises(Refused):
            actions.withdraw(referral=referral, by=desk)
        assert Consent.objects.standing().get() == consent


def test_a_charged_case_that_is_withdrawn_is_to_be_refunded(waiting, sign):
    from referrals.models import Charge

    referral = waiting()
    consent = sign(referral)
    Charge.objects.create(
        referral=referral, charged_at=timezone.now(), amount=consent.amount, receipt_no="PJ1", price=consent.price,
        charged_by=UserFactory(),
    )  # fmt: skip
    assert not queries.refund_due(referral)

    actions.withdraw(referral=referral, by=referral.requester)

    assert queries.refund_due(referral)
    cashier = staff("R12", referral.institution)
    assert list(cases.waiting(Referral.objects.visible_to(cashier), "refund")) == [referral]
    referral.charges.update(reversed_at=timezone.now(), reversed_by=UserFactory())
    assert not queries.refund_due(referral)


def test_a_withdrawn_consent_opens_nothing(waiting, sign):
    referral = waiting()
    sign(referral)
    actions.withdraw(referral=referral, by=referral.requester)

    assert judge("X05", Case(Referral.objects.get(pk=referral.pk)), timezone.now()).verdict == "refuses"


# Lapse


def test_a_new_price_lapses_the_consent_and_a_new_edition_is_signed(waiting, sign):
    referral = waiting()
    first = sign(referral)
    new_price(referral)
    assert judge("X05", Case(Referral.objects.get(pk=referral.pk)), timezone.now()).verdict == "refuses"

    assert actions.lapse_if_changed(referral=referral)

    first.refresh_from_db()
    assert referral.status == Status.AWAITING_CONSENT
    assert referral.consented_at is None
    assert "价格已于" in first.lapse_reason
    second = sign(referral)
    assert (second.edition, second.number) == (2, f"TY-{referral.number}-2")
    assert second.amount == Decimal("520.00")
    assert judge("X05", Case(Referral.objects.get(pk=referral.pk)), timezone.now()).verdict == "passes"


def test_a_lapsed_consent_does_not_come_back_with_its_old_price(waiting, sign):
    referral = waiting()
    sign(referral)
    price = new_price(referral)
    actions.lapse_if_changed(referral=referral)
    price.delete()
    referral.institution.prices.update(effective_to=None)

    assert judge("X05", Case(Referral.objects.get(pk=referral.pk)), timezone.now()).verdict == "refuses"


def test_another_laboratory_lapses_the_consent(waiting, sign):
    referral = waiting(laboratory=LaboratoryFactory())
    sign(referral)
    assert not actions.lapse_if_changed(referral=referral)
    Referral.objects.filter(pk=referral.pk).update(laboratory=LaboratoryFactory())

    assert actions.lapse_if_changed(referral=Referral.objects.get(pk=referral.pk))
    assert "执行机构" in Consent.objects.get().lapse_reason


def test_the_sweep_lapses_what_changed_and_only_that(waiting, sign):
    kept, changed = waiting(), waiting(patient=PatientFactory())
    sign(kept), sign(changed)
    new_price(changed)

    assert tasks.lapse_stale() == 1
    assert tasks.lapse_stale() == 0
    assert Referral.objects.get(pk=kept.pk).status == Status.AWAITING_CHARGE
    assert Referral.objects.get(pk=changed.pk).status == Status.AWAITING_CONSENT


def test_telling_again_lapses_what_no_longer_holds(waiting, sign):
    referral = waiting()
    sign(referral)
    new_price(referral)

    told = actions.disclose(referral=referral, by=referral.requester)

    assert told.amount == Decimal("520.00")
    assert Disclosure.objects.count() == 2
    assert sign(referral, tell=False).edition == 2


# What insurance does not pay


def test_the_fee_waits_for_the_self_pay_notice(waiting, sign):
    referral = waiting(price={"insurance_class": "自费", "amount": "3600.00"})
    sign(referral)
    act = Act(by=referral.requester, step=pathway.CHARGE.name, data={"amount": Decimal("3600.00")})
    case = lambda: Case(Referral.objects.get(pk=referral.pk))  # noqa: E731
    assert "自费" in str(judge("X05", case(), timezone.now(), act).message)
    assert queries.self_pay_notice_due(referral)

    text = actions.self_pay_text(referral, timezone.now())
    notice = actions.sign_self_pay_notice(
        referral=referral,
        by=referral.requester,
        shown=text.sha256,
        signer=Signer(kind="patient", name="甲某"),
        signature=Signature(strokes=drawn()),
    )

    assert notice.amount == Decimal("3600.00")
    assert queries.is_unchanged(notice)
    assert judge("X05", case(), timezone.now(), act).verdict == "passes"
    with pytest.raises(Refused):
        actions.sign_self_pay_notice(
            referral=referral,
            by=referral.requester,
            shown=text.sha256,
            signer=Signer(kind="patient", name="甲某"),
            signature=Signature(strokes=drawn()),
        )
    assert SelfPayNotice.objects.count() == 1


def test_a_paper_signed_before_the_telling_is_refused(waiting, sign):
    referral = waiting()

    with pytest.raises(ValidationError) as wrong:
        sign(referral, at=timezone.now() - timedelta(days=3))

    assert "signed_at" in wrong.value.message_dict


def test_after_an_unfit_specimen_and_a_refund_the_new_price_is_signed_anew(waiting, sign):
    referral = waiting()
    sign(referral)
    Referral.objects.filter(pk=referral.pk).update(collected_at=timezone.now())
    referral.refresh_from_db()
    new_price(referral)

    assert actions.lapse_if_changed(referral=referral)
    assert sign(referral).edition == 2
    assert referral.status == Status.AWAITING_CHARGE
