"""The register of policy documents, the clauses, and what carries them out."""

import json
from datetime import date
from pathlib import Path

import pytest

from audit import gates
from audit.declaring import acting
from policy import coverage, loading
from policy.models import Clause, PolicyDocument

pytestmark = pytest.mark.django_db
DATA = Path(loading.__file__).parent / "data"


@pytest.fixture
def loaded():
    from accounts.models import User

    with acting(User.objects.machine(), step="test.loading"):
        loading.load()


def test_every_quote_stands_in_its_document(loaded):
    for clause in Clause.objects.select_related("document"):
        assert "".join(clause.quote.split()) in "".join(clause.document.text.split()), clause.code


def test_all_clauses_are_loaded_and_loading_again_writes_nothing(loaded):
    from accounts.models import User
    from audit.models import Event

    assert Clause.objects.filter(document__code="A").count() == 60
    assert Clause.objects.filter(document__code="B").count() == 52
    before = Event.objects.count()
    with acting(User.objects.machine(), step="test.loading"):
        assert loading.load() == {"documents": 0, "clauses": 0}
    assert Event.objects.count() == before


def test_only_what_differs_is_written_again(loaded):
    from accounts.models import User

    with acting(User.objects.machine(), step="test.loading"):
        Clause.objects.filter(code="B5").update(tag="别的")
        assert loading.load() == {"documents": 0, "clauses": 1}
    assert Clause.objects.get(code="B5").tag == "MDT"


@pytest.mark.parametrize(
    ("on", "in_force"),
    [
        (date(2021, 9, 25), {"A": False, "B": False}),
        (date(2021, 9, 26), {"A": True, "B": False}),
        (date(2023, 7, 12), {"A": True, "B": True}),
        (date(2024, 12, 31), {"A": True, "B": True}),
        (date(2025, 1, 1), {"A": False, "B": True}),
    ],
)
def test_which_basis_is_in_force_on_a_day(loaded, on, in_force):
    codes = set(PolicyDocument.objects.in_force(on).values_list("code", flat=True))
    assert {code: code in codes for code in in_force} == in_force


def test_a_basis_with_no_known_dates_counts(loaded):
    undated = PolicyDocument.objects.get(code="M01")
    assert undated.in_force_from is None
    assert undated in PolicyDocument.objects.in_force(date(2026, 1, 1))
    assert undated not in PolicyDocument.objects.in_force(date(2009, 1, 1))  # issued in 2010


def test_a_gate_covers_the_clauses_it_cites(monkeypatch):
    gate = gates.Gate("X99", "Try", ("A1",), lambda *_: gates.passes())
    monkeypatch.setitem(gates.GATES, "X99", gate)
    assert [claim.label for claim in coverage.of("A1")["gate"]][-1] == "X99 Try"
    assert coverage.is_covered("A1")
    assert "A1" in coverage.claimed()


def test_others_claim_a_clause_once(monkeypatch):
    monkeypatch.setattr(coverage, "_claims", coverage.defaultdict(list))
    coverage.claim(["A59", "B36"], "form", "Report", "policy:coverage")
    coverage.claim("A59", "form", "Report", "policy:coverage")
    assert [(claim.label, claim.href) for claim in coverage.of("A59")["form"]] == [("Report", "/policy/")]
    with pytest.raises(ValueError, match="covered by"):
        coverage.claim("A59", "wish", "Report")


def test_a_claim_with_an_address_that_does_not_exist_yet_is_words_only():
    assert coverage.Claim("form", "Report", "nowhere:at_all").href == ""


# Pages


def test_the_page_shows_every_clause_and_says_what_is_due(client, loaded, somebody, monkeypatch):
    monkeypatch.setattr(coverage, "_claims", coverage.defaultdict(list))
    monkeypatch.setattr(coverage, "GATES", {})
    monkeypatch.setattr(coverage, "_standings", {})
    client.force_login(somebody("policy.view_policy"))
    coverage.claim("B12", "record", "三件套", "policy:coverage")
    page = client.get("/policy/").content.decode()
    assert all(f">{row['id']}<" in page for row in json.loads((DATA / "clauses.json").read_text()))
    only_due = client.get("/policy/?stand=due").content.decode()
    assert ">B12<" not in only_due
    assert ">B11<" in only_due
    assert ">B12<" in client.get("/policy/?stand=in_order&document=B&tag=病历").content.decode()
    assert ">A1<" not in client.get("/policy/?document=B").content.decode()


def test_a_clause_stands_in_its_section_with_a_link_into_the_full_text(client, loaded, somebody):
    client.force_login(somebody("policy.view_policy"))
    page = client.get("/policy/clause/b5/").content.decode()
    assert "多学科联合（MDT）讨论后确定" in page
    assert 'href="/policy/document/B/#B5"' in page
    missing = client.get("/policy/clause/Z9/")
    assert missing.status_code == 404
    assert "No Clause matches" not in missing.content.decode()


def test_the_full_text_marks_each_clause_once(client, loaded, somebody):
    client.force_login(somebody("policy.view_policy"))
    for code, count in (("A", 60), ("B", 52)):
        page = client.get(f"/policy/document/{code}/").content.decode()
        for number in range(1, count + 1):
            assert page.count(f'id="{code}{number}"') == 1, f"{code}{number}"
    assert "chip-unknown" in client.get("/policy/document/L01/").content.decode()


@pytest.mark.parametrize("url", ["/policy/", "/policy/clause/B5/", "/policy/document/B/"])
def test_policy_pages_ask_to_sign_in_and_for_a_post(client, loaded, somebody, url):
    assert client.get(url).status_code == 302
    client.force_login(somebody())
    assert client.get(url).status_code == 403
