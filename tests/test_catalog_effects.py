"""What an edition does, told before it takes force against real cases, prices and consents; and what it then does.

Clauses B2, B3 (X02 at submission), B17 (when a consent lapses), A28, B13 (price), B8 (place);
`docs/adr/0005-editions-of-the-catalog.md`.
"""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.declaring import acting
from audit.gates import Refused
from catalog import actions, effects
from catalog.models import Grade, Indication
from consent.models import Disclosure
from referrals.actions import requests
from referrals.models import Referral, ReferralDraft
from tests import factories as f
from tests.fixtures.stations import Hospital

pytestmark = pytest.mark.django_db

NOT_LISTED = "所选项目未列入本院基因检测适应症目录"


@pytest.fixture(autouse=True)
def declared(db):
    with acting(User.objects.machine(), step="test"):
        yield


@pytest.fixture
def staffed(makers):
    """The makers' own hospital with people at the stations."""
    return Hospital(makers.hospital, f.LaboratoryFactory())


def of(edition, reader):
    return {one.code: one for one in effects.of(edition, reader)[1]}


def row(edition, code):
    return Indication.objects.select_related("test", "edition").get(edition=edition, code=code)


def taken_out(draft, makers, code="LUNG-02"):
    actions.remove_row(line=row(draft, code), reason="证据不足", by=makers.drafter)


def in_force(draft, makers):
    """The draft goes its way from where it stands, and begins today."""
    edition = actions.open_review(edition=draft, by=makers.drafter)
    for expert in makers.experts:
        actions.sign_off(edition=edition, agreed=True, by=expert)
    edition = actions.check(edition=actions.close_review(edition=edition, by=makers.drafter), by=makers.checker)
    return actions.put_in_force(edition=edition, starts_on=timezone.localdate(), by=makers.decider)


# Told before


def test_a_price_and_a_contract_take_a_row_off_the_lists_of_what_is_missing(draft, makers):
    before = of(draft, makers.decider)
    assert (before["price"].count, before["place"].count) == (4, 4)
    test = row(draft, "LUNG-01").test
    f.PriceFactory(institution=makers.hospital, test=test)
    f.ContractFactory(institution=makers.hospital, tests=[test])

    after = of(draft, makers.decider)

    same = [line.code for line in draft.indications.filter(test=test)]
    assert (after["price"].count, after["place"].count) == (4 - len(same), 4 - len(same))
    assert not any("LUNG-01" in str(one.label) for one in after["price"].touched + after["place"].touched)


def test_a_price_of_another_hospital_or_not_yet_published_is_still_missing(draft, makers):
    test = row(draft, "LUNG-01").test
    f.PriceFactory(institution=f.InstitutionFactory(), test=test)
    f.PriceFactory(institution=makers.hospital, test=test, published_on=None)
    assert of(draft, makers.decider)["price"].count == 4


def test_open_requests_on_a_row_taken_out_or_graded_otherwise_are_told_each_for_what_happens_to_it(
    draft, makers, staffed, somebody
):
    taken_out(draft, makers)
    actions.change_row(line=row(draft, "LUNG-01"), values={"grade": "mdt"}, reason="风险上调", by=makers.drafter)
    removed, kept = f.indication("LUNG-02"), f.indication("LUNG-01")
    again = staffed.at("awaiting_consent", outsourced=False, indication=removed)
    Referral.objects.filter(pk=again.pk).update(status="change_test")
    chosen = staffed.at("awaiting_consent", outsourced=False, indication=kept)
    Referral.objects.filter(pk=chosen.pk).update(status="change_test")
    going_on = staffed.at("charged", outsourced=False, indication=removed)
    graded = staffed.at("charged", outsourced=False, indication=kept)
    # None of these is touched: reported, on a row that stays as it is, of another hospital.
    staffed.at("reported", outsourced=False, indication=removed)
    staffed.at("charged", outsourced=False, indication=f.indication("LUNG-04"))
    Hospital(f.InstitutionFactory(), staffed.laboratory).at("charged", outsourced=False, indication=removed)
    reader = somebody("catalog.view_catalog", "referrals.view_referral", institution=makers.hospital)

    found = of(draft, reader)

    numbers = {code: [str(one.label) for one in found[code].touched] for code in found}
    assert numbers["refused"] == [again.number]
    assert numbers["chosen_again"] == [chosen.number]
    assert numbers["going_on"] == [going_on.number]
    assert numbers["going_on_changed"] == [graded.number]
    assert found["refused"].is_grave and "X02" in str(found["refused"].meaning)
    assert found["refused"].touched[0].url == f"/cases/{again.pk}/"
    # Who may not open the case gets no link to it.
    assert of(draft, makers.decider)["refused"].touched[0].url == ""


def test_requests_being_written_are_counted_and_never_named(draft, makers, staffed):
    ReferralDraft.objects.create(institution=makers.hospital, owner=staffed.doctor)
    ReferralDraft.objects.create(institution=f.InstitutionFactory(), owner=staffed.doctor)
    found = of(draft, makers.drafter)["drafts"]
    assert (found.count, found.touched) == (1, ())


def test_patients_told_and_consents_signed_by_a_text_that_reads_otherwise_are_told(draft, makers, staffed):
    taken_out(draft, makers)
    removed = f.indication("LUNG-02")
    told = staffed.at("awaiting_consent", outsourced=False, indication=removed)
    Disclosure.objects.create(
        referral=told,
        told_at=timezone.now(),
        told_by=staffed.doctor,
        edition=1,
        content_sha256="0" * 64,
        test=told.test,
    )
    signed = staffed.at("charged", outsourced=False, indication=removed)
    # Neither told nor signed; and one whose sample is taken already.
    staffed.at("awaiting_consent", outsourced=False, indication=removed)
    staffed.at("sampled", outsourced=False, indication=removed)
    # Graded otherwise, but the text the patient read stays true.
    actions.change_row(line=row(draft, "LUNG-01"), values={"grade": "mdt"}, reason="风险上调", by=makers.drafter)
    staffed.at("charged", outsourced=False, indication=f.indication("LUNG-01"))

    found = of(draft, makers.decider)

    assert [str(one.label) for one in found["told"].touched] == [told.number]
    assert [str(one.label) for one in found["signed"].touched] == [signed.number]


def test_the_page_and_the_api_tell_the_same(draft, makers, staffed, program):
    taken_out(draft, makers)
    case = staffed.at("charged", outsourced=False, indication=f.indication("LUNG-02"))
    client = Client()
    client.force_login(makers.decider, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/catalog/editions/{draft.pk}/effects/").content.decode()
    answer = program(makers.decider).get(f"catalog/editions/{draft.pk}/effects/").json()
    assert case.number in page and case.number in str(answer)


# What it then does


def test_a_new_request_for_a_row_taken_out_is_refused_while_a_case_agreed_before_goes_on(
    draft, makers, staffed, program
):
    """X02 at submission and at no later step: facts are frozen where they were used."""
    taken_out(draft, makers)
    removed = f.indication("LUNG-02")
    doctor = staffed.doctor
    for grade in Grade.values:
        f.RequestAuthorityFactory(
            user=doctor, institution=makers.hospital, grade=grade, granted_by=User.objects.machine()
        )
    agreed = staffed.at("awaiting_sampling", outsourced=False, indication=removed)
    Referral.objects.filter(pk=agreed.pk).update(status="awaiting_charge")
    edition = in_force(draft, makers)

    def ask(line):
        return requests.submit(
            by=doctor, patient=f.PatientFactory(institution=makers.hospital), diagnosis_code="C34.1", indication=line,
            pathology="肺腺癌", necessity="决定一线是否用靶向药",
        )  # fmt: skip

    with pytest.raises(Refused) as refused:
        ask(removed)
    assert [one.code for one in refused.value.refusals] == ["X02"]
    assert str(refused.value.refusals[0]).startswith(NOT_LISTED)
    # The row of the former edition is refused even where the new one lists it still: it is chosen anew.
    with pytest.raises(Refused):
        ask(f.indication("LUNG-01"))
    assert ask(row(edition, "LUNG-01")).indication.edition == edition

    answer = program(staffed.cashier).step(agreed, "charge.made", receipt_no="PJ00000777")

    assert answer.status_code == 200, answer.content
    agreed.refresh_from_db()
    assert agreed.charged_at and agreed.indication == removed


def test_a_case_sent_back_for_another_test_meets_the_new_edition(draft, makers, staffed):
    taken_out(draft, makers)
    doctor = staffed.doctor
    for grade in Grade.values:
        f.RequestAuthorityFactory(
            user=doctor, institution=makers.hospital, grade=grade, granted_by=User.objects.machine()
        )
    back = f.ReferralFactory(
        institution=makers.hospital, requester=doctor, department=staffed.department, status="change_test",
        indication=f.indication("LUNG-01"), diagnosis_code="C34.1", pathology="肺腺癌",
    )  # fmt: skip
    edition = in_force(draft, makers)
    with pytest.raises(Refused) as refused:
        requests.change_test(referral=back, by=doctor, indication=f.indication("LUNG-02"), reason="换项目")
    assert "X02" in [one.code for one in refused.value.refusals]
    changed = requests.change_test(referral=back, by=doctor, indication=row(edition, "LUNG-04"), reason="换项目")
    assert changed.indication.edition == edition


# The same refusal at both doors


def test_the_page_and_the_api_refuse_in_the_same_words(at_station, makers, program):
    """Closing a review over an open objection; checking one's own draft (X14)."""
    edition = at_station("expert_review")
    browser = Client()
    browser.force_login(makers.drafter, backend="django.contrib.auth.backends.ModelBackend")
    address, door = f"/catalog/editions/{edition.pk}/step/", f"catalog/editions/{edition.pk}/steps/"
    raised = actions.comment(edition=edition, code="LUNG-02", kind="objection", text="证据不足", by=makers.experts[0])

    def both(do):
        page = browser.post(address, {"do": do, "note": ""})
        answer = program(makers.drafter).post(door, do=do)
        assert (page.status_code, answer.status_code) == (409, 422)
        refusals = answer.json()["refusals"]
        for one in refusals:
            assert one["message"] in page.content.decode()
        return refusals

    assert {one["code"] for one in both("close")} == {"objections", "quorum"}
    actions.withdraw_objection(comment=raised, reason="已核对", by=makers.experts[0])
    for expert in makers.experts:
        actions.sign_off(edition=edition, agreed=True, by=expert)
    actions.close_review(edition=edition, by=makers.drafter)
    (own,) = both("check")
    assert (own["code"], own["clauses"]) == ("X14", ["A40"])
    edition.refresh_from_db()
    assert edition.status == "medical_check"
