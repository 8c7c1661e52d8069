"""Two records of one patient are merged and parted again exactly; never across institutions."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from audit.gates import Refused
from referrals import identity, merging, requesting
from referrals.actions.merging import merge, part
from referrals.models import PatientMerge, Referral
from tests.factories import InstitutionFactory, PatientFactory, ReferralFactory, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital(as_machine):
    return InstitutionFactory()


@pytest.fixture
def office(hospital):
    return staff("R10", hospital)


def number(seventeen):
    total = sum(int(one) * weight for one, weight in zip(seventeen, identity.WEIGHTS, strict=True))
    return seventeen + "10X98765432"[total % 11]


@pytest.fixture
def pair(hospital, office):
    """Two records, the second with two cases, the first with one."""
    kept, merged = PatientFactory(institution=hospital), PatientFactory(institution=hospital)
    identity.set_identity(patient=kept, by=office, name="陈一鸣", id_number=number("11010119620101001"))
    identity.set_identity(patient=merged, by=office, name="陈一鸣")
    own = ReferralFactory(institution=hospital, patient=kept)
    moved = [ReferralFactory(institution=hospital, patient=merged) for _n in range(2)]
    return kept, merged, own, moved


def cases_of(patient):
    return set(Referral.objects.filter(patient=patient).values_list("pk", flat=True))


def test_the_cases_of_one_record_stand_with_the_other(pair, office):
    kept, merged, own, moved = pair
    made = merge(kept=kept, merged=merged, by=office, reason="出示同一身份证")

    assert cases_of(kept) == {own.pk, *(one.pk for one in moved)}
    assert made.referral_ids == sorted(one.pk for one in moved)
    assert identity.Identity.objects.filter(patient=merged).exists()


def test_parting_gives_back_exactly_what_was_moved(pair, office, hospital):
    kept, merged, own, moved = pair
    made = merge(kept=kept, merged=merged, by=office, reason="出示同一身份证")
    since = ReferralFactory(institution=hospital, patient=kept)

    part(merge=made, by=office)

    assert cases_of(merged) == {one.pk for one in moved}
    assert cases_of(kept) == {own.pk, since.pk}
    with pytest.raises(Refused):
        part(merge=made, by=office)


def test_parted_records_may_be_merged_again(pair, office):
    kept, merged, _own, _moved = pair
    part(merge=merge(kept=kept, merged=merged, by=office, reason="一"), by=office)
    assert merge(kept=merged, merged=kept, by=office, reason="二").pk


def test_records_of_two_hospitals_are_never_merged(pair, office):
    kept, _merged, _own, _moved = pair
    elsewhere = PatientFactory()
    with pytest.raises(PermissionDenied):
        merge(kept=kept, merged=elsewhere, by=office, reason="同一人")
    assert not PatientMerge.objects.exists()


def test_two_different_id_numbers_are_two_people(pair, office):
    kept, merged, _own, _moved = pair
    identity.set_identity(patient=merged, by=office, name="陈一鸣", id_number=number("11010119620101003"))
    with pytest.raises(Refused):
        merge(kept=kept, merged=merged, by=office, reason="同一人")


def test_a_record_merged_already_is_parted_first(pair, office, hospital):
    kept, merged, _own, _moved = pair
    third = PatientFactory(institution=hospital)
    first = merge(kept=kept, merged=merged, by=office, reason="同一人")
    for one, other in ((third, merged), (third, kept), (merged, third)):
        with pytest.raises(Refused):
            merge(kept=one, merged=other, by=office, reason="同一人")
    part(merge=first, by=office)
    assert merge(kept=third, merged=merged, by=office, reason="同一人").pk


def test_merging_needs_a_reason_and_medical_affairs(pair, office, hospital):
    kept, merged, _own, _moved = pair
    with pytest.raises(ValidationError):
        merge(kept=kept, merged=merged, by=office, reason=" ")
    with pytest.raises(PermissionDenied):
        merge(kept=kept, merged=merged, by=staff("R15", hospital), reason="同一人")


def test_the_same_id_number_and_then_the_same_name_are_suggested(pair, office, hospital):
    kept, merged, _own, _moved = pair
    (alike,) = merging.suggestions(office)
    assert {alike.one, alike.other} == {kept, merged}
    assert not alike.certain

    # A second record with the same ID number can only come from a ledger.
    same = identity.Identity.objects.get(patient=kept).id_number_index
    identity.Identity.objects.filter(patient=merged).update(id_number_index=same)
    (sure,) = merging.suggestions(office)
    assert sure.certain

    merge(kept=kept, merged=merged, by=office, reason="同一人")
    assert merging.suggestions(office) == []


def test_the_record_merged_leads_to_the_one_kept(pair, office):
    kept, merged, _own, _moved = pair
    merge(kept=kept, merged=merged, by=office, reason="同一人")
    assert requesting.find_patients(office, merged.record_no) == [kept]


def test_a_signature_is_read_after_merging(waiting, sign, office, hospital):
    from consent import paper

    referral = waiting(institution=hospital)
    consent = sign(referral)
    kept = PatientFactory(institution=hospital)
    merge(kept=kept, merged=referral.patient, by=office, reason="同一人")

    consent.refresh_from_db()
    assert ("姓名", "甲某") in paper._signer(consent)


def test_the_pages_show_two_records_side_by_side_merge_and_part(pair, office, client):
    kept, merged, _own, moved = pair
    client.force_login(office, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("referrals:merge", args=[kept.pk, merged.pk])

    assert kept.record_no in client.get(reverse("referrals:patients")).content.decode()
    found = client.get(reverse("referrals:patients"), {"one": kept.record_no, "other": merged.record_no})
    assert found.headers["Location"] == page
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": ""}).status_code == 422
    client.post(page, {"reason": "同一人"})
    made = PatientMerge.objects.get()
    client.post(reverse("referrals:part", args=[made.pk]), {"reason": "误合并"})

    assert cases_of(merged) == {one.pk for one in moved}
    elsewhere = PatientFactory()
    assert client.get(reverse("referrals:merge", args=[kept.pk, elsewhere.pk])).status_code == 404
