"""Help: the first hour reads the records; the downtime has its procedure, its papers and its mark."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from desk import first_hour, helping
from desk.help import PAGES, TEXTS
from referrals.actions.requests import submit
from tests.factories import (
    ContractFactory,
    DepartmentFactory,
    InstitutionFactory,
    PatientFactory,
    PriceFactory,
    RequestAuthorityFactory,
    indication,
    staff,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def hospital(as_machine):
    return InstitutionFactory()


def marks(hospital):
    return [step.done for step in first_hour.steps(hospital)]


def test_a_new_hospital_has_only_the_countys_catalog(hospital):
    done = {str(step.title): step.done for step in first_hour.steps(hospital)}
    assert sum(done.values()) == 1


def test_what_is_recorded_is_marked_done(hospital):
    before = sum(marks(hospital))
    department = DepartmentFactory(institution=hospital)
    for role in first_hour.NEEDED_ROLES:
        doctor = staff(role, hospital, department)
    test = indication().test
    contract = ContractFactory(institution=hospital, tests=[test])
    PriceFactory(institution=hospital, test=test)
    RequestAuthorityFactory(user=doctor, institution=hospital)

    # Staff, authority, laboratory with credentials, contract, price.
    assert sum(marks(hospital)) == before + 5

    contract.laboratory.credentials.all().delete()
    assert sum(marks(hospital)) == before + 4


def test_the_checklist_asks_about_ones_own_hospital(hospital, client):
    client.force_login(staff("R10", hospital), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("desk:first_hour")).content.decode()
    assert hospital.name in page
    assert page.count("checklist")
    assert reverse("vendors:prices") in page


def test_the_bureau_has_no_first_hour(as_machine, client):
    from tests.factories import BureauFactory

    client.force_login(staff("R25", BureauFactory()), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("desk:first_hour")).status_code == 200


@pytest.mark.parametrize("code", helping.FORMS)
def test_every_blank_form_is_a_pdf_that_anyone_may_print(code, client):
    answer = client.get(reverse("desk:blank_form", args=[code]))
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")


def test_there_is_no_other_form(client):
    assert client.get(reverse("desk:blank_form", args=["prescription"])).status_code == 404


def test_the_procedure_and_the_keyboard_list_are_for_everyone(client):
    for page in ("desk:downtime", "desk:help"):
        assert client.get(reverse(page)).status_code == 200


def test_every_help_a_page_asks_for_is_written():
    asked = set()
    for path in Path(settings.BASE_DIR, "templates").rglob("*.html"):
        asked |= set(re.findall(r'{% help_beside "([a-z_]+)" %}', path.read_text()))
    assert asked <= set(TEXTS) | {"request"}
    assert asked


def test_the_pages_with_help_exist():
    from django.urls import get_resolver

    names = {
        f"{space}:{name}" for space, (_p, inner) in get_resolver().namespace_dict.items() for name in inner.reverse_dict
    }
    assert set(PAGES) <= names
    assert set(PAGES.values()) <= set(TEXTS)


def test_every_key_the_page_listens_to_is_on_the_list():
    script = Path(settings.BASE_DIR, "static/js/app.js").read_text()
    listed = Path(settings.BASE_DIR, "templates/components/shortcut_list.html").read_text()
    names = {"Escape": "Esc"}
    for key in set(re.findall(r'event\.key === "([^"]+)"', script)):
        assert f"<kbd>{names.get(key, key)}</kbd>" in listed, key


@pytest.fixture
def asked(hospital):
    doctor = staff("R01", hospital, DepartmentFactory(institution=hospital))
    RequestAuthorityFactory(user=doctor, institution=hospital)
    return {
        "by": doctor, "patient": PatientFactory(institution=hospital), "diagnosis_code": "C34.1",
        "indication": indication(), "necessity": "决定一线用药",
    }  # fmt: skip


def test_a_request_entered_after_a_downtime_bears_the_papers_time_and_the_mark(asked):
    written = timezone.now() - timedelta(hours=5)
    referral = submit(**asked, paper_at=written)
    assert referral.entered_late
    assert referral.requested_at == written
    assert not submit(**{**asked, "patient": PatientFactory(institution=asked["by"].post.institution)}).entered_late


@pytest.mark.parametrize("away", [timedelta(hours=-1), timedelta(days=31)])
def test_a_paper_from_the_future_or_long_ago_is_refused(asked, away):
    with pytest.raises(ValidationError):
        submit(**asked, paper_at=timezone.now() - away)


def test_the_mark_asks_for_the_papers_time(asked):
    from referrals.forms.requests import RequestForm

    form = RequestForm({"entered_late": "on"}, user=asked["by"])
    assert "paper_at" in form.errors
