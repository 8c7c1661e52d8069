"""Who may do what: posts, roles, links, let-ins."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts import actions, roles
from accounts.models import Department, Institution, Post, Role, User
from audit import declaring
from audit.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital():
    roles.load()
    return Institution.objects.create(code="LXZ", name="岚溪县总医院")


@pytest.fixture
def other_hospital():
    return Institution.objects.create(code="LXY", name="岚溪县中医医院")


def person(hospital, *codes, username="A001", name="周启明", department=None):
    user = User.objects.create(username=username, name=name)
    for code in codes:
        Post.objects.create(user=user, institution=hospital, role_id=code, department=department)
    return user


def test_every_role_of_the_vocabulary_is_there_with_its_permissions(hospital):
    assert list(Role.objects.values_list("code", flat=True)) == [f"R{n:02d}" for n in range(1, 31)]
    assert "supervision.import_ledger" in Role.objects.get(code="R10").permissions


def test_loading_the_roles_again_changes_nothing(hospital):
    assert roles.load() == 0


def test_a_person_may_do_what_the_post_in_use_allows_and_no_more(hospital):
    user = person(hospital, "R01", "R10")
    doctor, office = user.posts_now

    assert user.act_as(doctor).may("referrals.view_referral")
    assert not user.act_as(doctor).may("supervision.import_ledger")
    assert user.act_as(office).may("supervision.import_ledger")


def test_a_post_reaches_no_other_institution(hospital, other_hospital):
    user = person(hospital, "R10")
    theirs = Department.objects.create(institution=other_hospital, name="肿瘤科")

    assert not user.may("supervision.import_ledger", theirs)


def test_a_post_that_has_ended_gives_no_rights(hospital):
    user = person(hospital, "R10")
    user.posts.update(ends_on=timezone.localdate() - timedelta(days=1))

    assert user.post is None
    assert not user.may("supervision.import_ledger")


def test_a_closed_account_may_nothing(hospital):
    user = person(hospital, "R10")
    user.is_active = False

    assert not user.may("supervision.import_ledger")


def test_the_bureau_sees_the_hospitals_it_supervises_but_never_a_name(hospital, other_hospital):
    bureau = Institution.objects.create(code="LXW", name="岚溪县卫生健康局", kind=Institution.Kind.BUREAU)
    Institution.objects.filter(pk=hospital.pk).update(supervised_by=bureau)
    officer = person(bureau, "R25")

    assert set(officer.institution_ids) == {bureau.pk, hospital.pk}
    assert not officer.sees_identity


def test_a_one_time_link_sets_a_password_once(hospital):
    admin = person(hospital, "R19", username="A900")
    doctor = person(hospital, "R01")
    with declaring.acting(admin, step="test"):
        secret = actions.make_password_link(user=doctor, by=admin)
        link = actions.usable_link(secret)

        actions.set_password(link=link, password="岚溪的春天2026好")

        assert actions.usable_link(secret) is None
        with pytest.raises(ValidationError):
            actions.set_password(link=link, password="岚溪的秋天2026好")


def test_the_trail_never_holds_a_password_or_a_link(hospital):
    admin = person(hospital, "R19", username="A900")
    doctor = person(hospital, "R01")
    with declaring.acting(admin, step="test"):
        secret = actions.make_password_link(user=doctor, by=admin)
        link = actions.usable_link(secret)
        actions.set_password(link=link, password="岚溪的春天2026好")

    doctor.refresh_from_db()
    written = "".join(Event.objects.values_list("payload", flat=True))
    assert doctor.password not in written
    assert link.digest not in written


def test_a_weak_password_is_refused_and_the_link_stays_good(hospital):
    admin, doctor = person(hospital, "R19", username="A900"), person(hospital, "R01")
    with declaring.acting(admin, step="test"):
        secret = actions.make_password_link(user=doctor, by=admin)

        with pytest.raises(ValidationError):
            actions.set_password(link=actions.usable_link(secret), password="12345")

        assert actions.usable_link(secret)


def test_the_first_administrator_is_made_once(hospital):
    with declaring.acting(User.objects.machine(), step="test"):
        secret = actions.make_first_administrator_link()
        typed = {
            "institution_name": "岚溪县总医院",
            "username": "A900",
            "name": "陈志远",
            "password": "岚溪的春天2026好",
        }

        user = actions.become_first_administrator(link=actions.usable_link(secret), code="LXZ", **typed)

    assert {post.role_id for post in user.posts_now} == {"R19", "R10"}
    assert actions.make_first_administrator_link() is None


def test_staff_of_another_institution_cannot_be_given_posts(hospital, other_hospital):
    admin = person(hospital, "R19", username="A900")
    with pytest.raises(PermissionDenied):
        actions.add_staff(
            by=admin,
            username="B001",
            name="某人",
            institution=other_hospital,
            department=None,
            role=Role.objects.get(code="R10"),
        )


def test_a_staff_number_belongs_to_one_person(hospital):
    admin = person(hospital, "R19", username="A900")
    person(hospital, "R01", username="A001", name="周启明")
    with declaring.acting(admin, step="test"), pytest.raises(ValidationError, match="周启明"):
        actions.add_staff(
            by=admin,
            username="A001",
            name="别人",
            institution=hospital,
            department=None,
            role=Role.objects.get(code="R10"),
        )


def test_the_last_administrators_post_does_not_end(hospital):
    admin = person(hospital, "R19", username="A900")
    with declaring.acting(admin, step="test"), pytest.raises(ValidationError):
        actions.end_post(by=admin, post=admin.posts.get())


def test_the_pages_of_a_one_time_link_say_whose_it_is_and_when_it_has_ended(hospital, client):
    with declaring.acting(User.objects.machine(), step="test"):
        first = f"/accounts/link/{actions.make_first_administrator_link()}/"
    typed = {"institution_name": "岚溪县总医院", "username": "A900", "name": "陈志远", "password": "岚溪的春天2026好"}
    typed["again"] = typed["password"]

    assert "首位管理员" in client.get(first).content.decode()
    wrong = client.post(first, {**typed, "code": "lxz!"})
    assert wrong.status_code == 422
    assert "陈志远" in wrong.content.decode()
    home = client.post(first, {**typed, "code": "LXN"}, follow=True)
    assert "切换到医务科岗位" in home.content.decode()
    again = client.get(first)
    assert again.status_code == 410
    assert "此链接已使用过或已过期" in again.content.decode()

    admin, doctor = person(hospital, "R19", username="A901"), person(hospital, "R01")
    with declaring.acting(admin, step="test"):
        own = f"/accounts/link/{actions.make_password_link(user=doctor, by=admin)}/"
    page = client.get(own).content.decode()
    assert doctor.name in page
    assert "首位管理员" not in page
