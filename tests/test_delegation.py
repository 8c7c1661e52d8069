"""Standing in: the post is lent for some days; what is done bears the name of who did it; X14 goes by the person."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import delegations, notices
from accounts.models import Delegation, Notice
from audit import declaring
from audit.gates import Act, Verdict, judge
from audit.models import Event
from referrals import pathway, timeline
from referrals.models import Referral
from tests.factories import (
    DepartmentFactory,
    InstitutionFactory,
    LaboratoryFactory,
    ReferralFactory,
    UserFactory,
    staff,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


@pytest.fixture
def hospital(as_machine):
    return InstitutionFactory()


@pytest.fixture
def holder(hospital):
    return staff("R10", hospital, name="张三")


@pytest.fixture
def other(hospital):
    return staff("R01", hospital, DepartmentFactory(institution=hospital), name="李四")


def fresh(user):
    """As the next request knows them."""
    return type(user).objects.get(pk=user.pk)


def lend(holder, to, by=None, start=0, end=6, post=None):
    today = TODAY()
    return delegations.delegate(
        post=post or holder.posts.get(), to=to, by=by or holder, reason="外出学习",
        starts_on=today + timedelta(days=start), ends_on=today + timedelta(days=end),
    )  # fmt: skip


def in_post(user, made):
    user = fresh(user)
    return user.act_as(next(post for post in user.posts_now if post.pk == made.from_post_id))


def test_the_delegate_works_in_the_post_marked_with_the_holders_name(holder, other):
    made = lend(holder, other)

    own, lent = fresh(other).posts_now
    assert (own.stands_in_for, lent.stands_in_for) == ("", "张三")
    assert in_post(other, made).may("referrals.approve_outsourcing")
    assert not fresh(other).may("referrals.approve_outsourcing")


@pytest.mark.parametrize(("start", "end"), [(1, 3)])
def test_it_begins_and_ends_by_itself(holder, other, start, end):
    lend(holder, other, start=start, end=end)
    assert len(fresh(other).posts_now) == 1
    Delegation.objects.update(starts_on=TODAY() - timedelta(days=5), ends_on=TODAY())
    assert len(fresh(other).posts_now) == 2
    Delegation.objects.update(ends_on=TODAY() - timedelta(days=1))
    assert len(fresh(other).posts_now) == 1


def test_it_ends_at_once_when_revoked_and_with_the_post_itself(holder, other):
    delegations.revoke(delegation=lend(holder, other), by=holder)
    assert len(fresh(other).posts_now) == 1

    lend(holder, other)
    holder.posts.update(ends_on=TODAY() - timedelta(days=1))
    assert len(fresh(other).posts_now) == 1


def test_a_delegated_post_is_not_passed_on(holder, other, hospital):
    made = lend(holder, other)
    third = staff("R02", hospital)
    standing_in = in_post(other, made)

    assert not delegations.may_delegate(standing_in, made.from_post)
    with pytest.raises(PermissionDenied):
        lend(holder, third, by=standing_in)


def test_medical_affairs_lends_a_colleagues_post_and_a_stranger_does_not(holder, other, hospital):
    cashier = staff("R12", hospital)
    with pytest.raises(PermissionDenied):
        lend(cashier, other, by=other)
    assert lend(cashier, other, by=holder).made_by == holder
    with pytest.raises(PermissionDenied):
        lend(staff("R12", InstitutionFactory()), other, by=holder)


def test_only_somebody_who_works_here_stands_in(holder):
    with pytest.raises(ValidationError) as wrong:
        lend(holder, staff("R10", InstitutionFactory()))
    assert "username" in wrong.value.message_dict


@pytest.mark.parametrize(("start", "end", "field"), [(-1, 2, "starts_on"), (3, 2, "ends_on"), (0, 120, "ends_on")])
def test_the_days_are_in_order_to_come_and_not_too_many(holder, other, start, end, field):
    with pytest.raises(ValidationError) as wrong:
        lend(holder, other, start=start, end=end)
    assert field in wrong.value.message_dict


def test_one_stand_in_a_day_for_one_post_in_the_database_too(holder, other, hospital):
    made = lend(holder, other)
    with pytest.raises(ValidationError):
        lend(holder, staff("R02", hospital), start=6, end=9)
    with pytest.raises(IntegrityError), transaction.atomic():
        Delegation.objects.create(
            institution=hospital, from_post=made.from_post, to_user=UserFactory(), starts_on=made.ends_on,
            ends_on=made.ends_on, reason="重叠", made_by=holder,
        )  # fmt: skip
    assert lend(holder, staff("R02", hospital), start=7, end=9).pk


def test_who_holds_the_same_post_needs_no_delegation(holder, hospital):
    with pytest.raises(ValidationError):
        lend(holder, staff("R10", hospital))


def test_who_requested_cannot_approve_in_any_post(holder, other, hospital):
    referral = ReferralFactory(institution=hospital, requester=other, consented=True)
    standing_in = in_post(other, lend(holder, other))

    judged = judge("X14", referral, timezone.now(), Act(by=standing_in, step=pathway.APPROVE.name))

    assert standing_in.may(pathway.APPROVE.permission, referral)
    assert judged.verdict == Verdict.REFUSES


def test_a_doctors_cases_are_seen_by_who_stands_in(other, hospital):
    referral = ReferralFactory(institution=hospital, requester=other, department=other.post.department)
    colleague = staff("R01", hospital, DepartmentFactory(institution=hospital), name="王五")
    assert referral not in Referral.objects.visible_to(colleague)

    standing_in = in_post(colleague, lend(other, colleague))

    assert referral in Referral.objects.visible_to(standing_in)


def test_the_trail_names_the_person_and_the_post(holder, other, hospital):
    from referrals.portrait import load

    referral = ReferralFactory(institution=hospital)
    standing_in = in_post(other, lend(holder, other))
    with declaring.acting(standing_in, post=standing_in.post.pk, step="request.cancelled"):
        Referral.objects.filter(pk=referral.pk).update(end_reason="试")

    event = Event.objects.filter(table_name="referrals_referral", op="U").latest("id")
    entry = timeline.of_trail(load(referral.pk))[0]
    assert (event.actor_id, event.post_id) == (other.pk, holder.post.pk)
    assert entry.who == "李四"
    assert "张三" in entry.post


def test_the_page_lends_a_post_shows_it_in_the_switcher_and_ends_it(holder, other, client):
    client.force_login(holder, backend="django.contrib.auth.backends.ModelBackend")
    asked = {"username": other.username, "starts_on": TODAY(), "ends_on": TODAY(), "reason": "休假"}
    page = reverse("accounts:delegate", args=[holder.post.pk])
    assert client.post(page, {**asked, "username": "nobody"}).status_code == 422
    assert client.post(page, asked).status_code == 302
    made = Delegation.objects.get()

    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    home = client.post(
        reverse("accounts:switch_post"), {"post": made.from_post_id, "next": reverse("desk:home")}, follow=True
    )
    assert "张三" in home.content.decode()
    assert home.wsgi_request.user.post.stands_in_for == "张三"
    assert client.get(page).status_code == 403

    client.force_login(holder, backend="django.contrib.auth.backends.ModelBackend")
    client.post(reverse("accounts:revoke_delegation", args=[made.pk]))
    made.refresh_from_db()
    assert made.revoked_by == holder


def test_a_stranger_neither_sees_nor_ends_a_delegation(holder, other, hospital, client):
    made = lend(holder, other)
    client.force_login(staff("R12", hospital), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(reverse("accounts:revoke_delegation", args=[made.pk])).status_code == 404
    assert "外出学习" not in client.get(reverse("accounts:delegations")).content.decode()


def test_a_notice_is_ones_own_counted_and_read_by_following_it(holder, other, client):
    notices.tell([holder, holder, None], "请评议", reverse("desk:help"))
    mine = Notice.objects.get()
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("accounts:notice", args=[mine.pk])).status_code == 404

    client.force_login(holder, backend="django.contrib.auth.backends.ModelBackend")
    assert '<span class="count">1</span>' in client.get(reverse("accounts:notices")).content.decode()
    assert client.get(reverse("accounts:notice", args=[mine.pk])).headers["Location"] == reverse("desk:help")
    assert not Notice.objects.unread().exists()


def test_a_notice_leads_nowhere_outside(holder, client):
    (mine,) = notices.tell(holder, "外链", "https://example.com/")
    client.force_login(holder, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("accounts:notice", args=[mine.pk])).headers["Location"] == reverse("accounts:notices")


def test_who_stands_in_and_whose_post_it_is_are_told(holder, other, hospital):
    cashier = staff("R12", hospital)
    lend(cashier, other, by=holder)
    assert set(Notice.objects.values_list("user", flat=True)) == {cashier.pk, other.pk}


# The delegate and whose post it is count as one person (X14)


def refused(referral, by, step=pathway.APPROVE):
    judged = judge("X14", referral, timezone.now(), Act(by=by, step=step.name))
    return judged if judged.verdict == Verdict.REFUSES else None


@pytest.fixture
def office(hospital):
    return staff("R10", hospital, name="赵六")


def test_who_stands_in_for_the_requester_does_not_decide_on_the_request(holder, other, hospital):
    """In the lent post or their own: both count as the doctor who requested."""
    referral = ReferralFactory(institution=hospital, requester=other, consented=True)
    assert refused(referral, holder) is None

    made = lend(other, holder)

    for by in (fresh(holder), in_post(holder, made)):
        judged = refused(referral, by)
        assert "张三现正或曾为李四代岗，在此视同一人。" in str(judged.message)
    delegations.revoke(delegation=made, by=other)
    assert refused(referral, fresh(holder)) is None


def test_who_is_stood_in_for_does_not_decide_on_what_was_requested_in_their_post(holder, other, hospital):
    """The delegate's request is the post's own."""
    lent = lend(other, holder)
    standing_in = in_post(holder, lent)
    with declaring.acting(standing_in, post=standing_in.post.pk, step="request.submitted"):
        referral = ReferralFactory(institution=hospital, requester=standing_in, consented=True)

    assert refused(referral, fresh(other))
    assert refused(referral, fresh(holder))


def test_two_acts_are_not_shared_out_between_the_delegate_and_the_holder(holder, other, office, hospital):
    """Who approved in the lent post and whose post it is: neither charges, nor chairs."""
    referral = ReferralFactory(institution=hospital, consented=True, approved={"decided_by": office})
    assert refused(referral, other, pathway.CHARGE) is None

    standing_in = in_post(other, lend(office, other))

    assert "李四现正或曾为赵六代岗" in str(refused(referral, standing_in, pathway.CHARGE).message)


def test_what_the_delegate_did_in_the_lent_post_binds_its_holder_after_the_days_are_over(other, office, hospital):
    standing_in = in_post(other, lend(office, other))
    with declaring.acting(standing_in, post=standing_in.post.pk, step="outsourcing.approved"):
        referral = ReferralFactory(institution=hospital, consented=True, approved={"decided_by": standing_in})
    Delegation.objects.update(revoked_at=timezone.now(), revoked_by=office)

    assert refused(referral, fresh(office), pathway.CHARGE)
    assert refused(referral, fresh(other), pathway.CHARGE)


def test_what_the_delegate_did_in_their_own_post_binds_only_themselves(other, office, hospital):
    lend(office, other)
    own = fresh(other)
    with declaring.acting(own, post=own.posts_now[0].pk, step="outsourcing.approved"):
        referral = ReferralFactory(institution=hospital, consented=True, approved={"decided_by": own})

    assert refused(referral, fresh(office), pathway.CHARGE) is None
    assert refused(referral, fresh(other), pathway.CHARGE)


def test_the_page_refuses_the_delegate_in_the_same_words(other, hospital, client, program):
    from tests.fixtures.stations import Hospital

    here = Hospital(hospital, LaboratoryFactory())
    case = here.at("awaiting_approval", requester=other)
    lend(other, here.affairs)
    client.force_login(fresh(here.affairs), backend="django.contrib.auth.backends.ModelBackend")

    page = client.post(reverse("referrals:approve", args=[case.pk]), {"do": "approve"})
    answer = program(fresh(here.affairs)).step(case, "outsourcing.approved")

    (refusal,) = answer.json()["refusals"]
    assert (page.status_code, answer.status_code, refusal["code"]) == (422, 422, "X14")
    assert refusal["message"] in page.content.decode()
    assert Referral.objects.get(pk=case.pk).status == "awaiting_approval"


def test_nobody_stands_in_for_themselves_in_the_database_too(holder, hospital):
    with pytest.raises(IntegrityError, match="stands in for themselves"), transaction.atomic():
        Delegation.objects.create(
            institution=hospital, from_post=holder.posts.get(), to_user=holder, starts_on=TODAY(), ends_on=TODAY(),
            reason="自己", made_by=holder,
        )  # fmt: skip
