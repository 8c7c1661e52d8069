"""The demo's laboratories on their way, loaded through the actions (A25, A26, B8, B9)."""

from __future__ import annotations

import pytest

from accounts.queries import demo_logins
from desk import demo_laboratories
from vendors.models import Admission, ContractDraft, Procurement

pytestmark = pytest.mark.slow


@pytest.fixture
def on_their_way(county):
    demo_laboratories.load()


def test_laboratories_stand_at_every_state_a_demo_shows(on_their_way):
    stands = dict(Admission.objects.values_list("laboratory__code", "status"))

    assert stands == {"L04": "admitted", "L05": "restricted", "L06": "assessing", "L07": "applied"}
    assert ContractDraft.objects.get().status == ContractDraft.Status.REVIEW
    panel = Admission.objects.get(laboratory__code="L06").panel
    assert sorted(panel.values_list("is_tied", "score"), key=str) == [
        (False, 86),
        (False, None),
        (None, None),
        (True, None),
    ]


def test_loading_twice_changes_nothing(on_their_way):
    demo_laboratories.load()

    assert (Admission.objects.count(), Procurement.objects.count()) == (4, 1)


@pytest.mark.parametrize(("within", "shown"), [("7", 1), ("30", 3), ("90", 10)])
def test_the_page_of_renewals_shows_what_lapses_within_the_days(on_their_way, demo_client, within, shown):
    page = demo_client("LXZ030", "R10").get(f"/vendors/renewals/?within={within}")

    assert len(page.context["rows"]) == shown


def test_an_empty_page_of_renewals_names_what_lapses_first(county, demo_client):
    page = demo_client("LXZ030", "R10").get("/vendors/renewals/")

    assert page.context["rows"] == []
    assert page.context["next"].on.isoformat() == "2028-12-31"
    assert "2028-12-31" in page.content.decode()


def test_nobody_of_the_demo_both_buys_and_checks_contracts(county):
    of = {role: {post.user_id for one, post in demo_logins() if one.pk == role} for role in ("R13", "R14", "R23")}

    assert all(of.values())
    assert not of["R13"] & of["R14"] | of["R13"] & of["R23"] | of["R14"] & of["R23"]
