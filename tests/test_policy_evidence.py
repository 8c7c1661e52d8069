"""How a clause stands in a hospital: its records counted, its open findings, what the hospital states itself."""

import io
import json
from datetime import date, timedelta

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import Institution, User
from audit import declaring
from audit.gates import Refused
from policy import coverage, loading, queries
from policy.actions import register
from policy.models import Clause, Fulfilment, PolicyDocument
from policy.queries import Stand

CODES = [row["id"] for row in json.loads((coverage.DATA / "clauses.json").read_text("utf-8"))]


@pytest.fixture
def declared(db):
    with declaring.acting(User.objects.machine(), step="test"):
        loading.load()
        yield


@pytest.fixture
def hospital(declared):
    return Institution.objects.get_or_create(code="TST", defaults={"name": "某县医院"})[0]


@pytest.fixture
def officer(hospital, somebody):
    return somebody("policy.view_policy", register.STATE)


def soon():
    return timezone.localdate() + timedelta(days=90)


# The whole


def test_every_clause_the_system_undertakes_has_something_behind_it():
    """112 clauses: each is carried out by the system, or named with the reason why the hospital does it by hand."""
    uncovered = [code for code in CODES if code not in coverage.by_hand() and not coverage.is_covered(code)]
    assert uncovered == []


def test_nothing_cites_a_clause_that_does_not_exist():
    assert coverage.claimed() - set(CODES) == set()
    assert set(coverage.by_hand()) - set(CODES) == set()


def test_what_the_system_does_is_not_said_to_be_done_by_hand():
    assert [code for code in coverage.by_hand() if coverage.is_covered(code)] == []


def test_every_claim_leads_somewhere():
    """A claim that names a page names one that exists; a record that names rows can be counted."""
    claims = [one for code in CODES for ones in coverage.of(code).values() for one in ones]
    assert [str(one.label) for one in claims if one.url and not one.href] == []
    assert [one for one in claims if one.kind == "record" and not one.rows] == []


def test_the_tests_named_for_a_clause_exist():
    import re
    from pathlib import Path

    folder = Path(__file__).parent
    for ones in coverage.tests().values():
        for one in ones:
            name, _colons, function = one.partition("::")
            assert re.search(rf"^def {function}\(", (folder / name).read_text("utf-8"), re.M), one


def test_as_many_queries_for_all_clauses_as_for_one(declared, officer, hospital, django_assert_max_num_queries):
    every = Clause.objects.select_related("document").defer("document__text")
    with django_assert_max_num_queries(16):
        rows = queries.rows(officer, hospital, every)
    assert len(rows) == 112


# Evidence


@pytest.mark.usefixtures("county")
def test_the_demo_hospital_has_its_records_counted_and_its_findings_named():
    user = User.objects.get(username="LXW001")
    hospital = Institution.objects.get(code="LXZ")
    rows = {row.clause.code: row for row in queries.rows(user, hospital, Clause.objects.select_related("document"))}
    from consent.models import Consent
    from supervision.models import Finding

    signed = next(one for one in rows["A11"].evidence if one.claim.rows and one.count)
    assert signed.count == Consent.objects.filter(referral__institution=hospital).count()
    assert signed.last == Consent.objects.filter(referral__institution=hospital).latest("signed_at").signed_at
    broken = Finding.objects.open().filter(institution=hospital, clauses__contains=["A11"]).count()
    assert broken
    assert any(one.is_bad and one.value.startswith(str(broken)) for one in rows["A11"].standings)
    assert rows["A11"].stand(timezone.localdate()) == Stand.OPEN
    assert rows["B24"].stand(timezone.localdate()) == Stand.DUE


def test_the_bureau_looks_at_each_hospital_and_a_hospital_at_itself(demo_client):
    bureau = demo_client("LXW001")
    assert "岚溪县中医医院" in bureau.get("/policy/?institution=LXY").content.decode()
    own = demo_client("LXZ030", "R10").get("/policy/?institution=LXY").content.decode()
    assert "岚溪县总医院：各条款" in own
    assert "岚溪县中医医院：各条款" not in own


def test_the_table_can_be_taken_along(demo_client):
    answer = demo_client("LXW001").get("/policy/?institution=LXZ&document=B&format=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[0] for row in rows[1:53]] == [f"B{n}" for n in range(1, 53)]


# What the hospital states itself


def test_a_statement_closes_a_clause_until_its_review(officer, hospital):
    """B42: meetings are held outside the system; the hospital says how."""
    clause = Clause.objects.get(code="B42")
    register.state(
        institution=hospital, clause=clause, how="每月一次专项会议", department="医务科", review_by=soon(), by=officer
    )
    (row,) = queries.rows(officer, hospital, [clause])
    assert row.stand(timezone.localdate()) == Stand.STATED
    assert row.stand(soon() + timedelta(days=1)) == Stand.DUE


def test_stating_anew_ends_the_former_and_keeps_it(officer, hospital):
    clause = Clause.objects.get(code="B42")
    for how in ("甲", "乙"):
        register.state(institution=hospital, clause=clause, how=how, department="医务科", review_by=soon(), by=officer)
    assert Fulfilment.objects.standing().get().how == "乙"
    assert Fulfilment.objects.get(how="甲").ended_by == officer


def test_a_statement_is_taken_back_with_a_reason_once(officer, hospital):
    clause = Clause.objects.get(code="B42")
    said = register.state(
        institution=hospital, clause=clause, how="甲", department="医务科", review_by=soon(), by=officer
    )
    with pytest.raises(ValidationError):
        register.take_back(fulfilment=said, by=officer, reason=" ")
    register.take_back(fulfilment=said, by=officer, reason="停办")
    with pytest.raises(Refused):
        register.take_back(fulfilment=said, by=officer, reason="停办")
    (row,) = queries.rows(officer, hospital, [clause])
    assert row.stand(timezone.localdate()) == Stand.DUE


def test_only_who_may_states_and_only_for_their_hospital(client, hospital, somebody, officer):
    clause = Clause.objects.get(code="B42")
    reader = somebody("policy.view_policy")
    with pytest.raises(PermissionDenied):
        register.state(institution=hospital, clause=clause, how="甲", department="甲", review_by=soon(), by=reader)
    other = Institution.objects.create(code="TS2", name="某县中医院")
    with pytest.raises(PermissionDenied):
        register.state(institution=other, clause=clause, how="甲", department="甲", review_by=soon(), by=officer)
    client.force_login(reader)
    assert client.post("/policy/clause/B42/", {"do": "state"}).status_code == 403


def test_the_form_keeps_what_was_typed_and_both_doors_state(client, officer, hospital):
    client.force_login(officer)
    sent = {"do": "state", "how": "每月一次", "department": "医务科", "review_by": "2020-01-01"}
    wrong = client.post("/policy/clause/B42/", sent)
    assert wrong.status_code == 422
    assert "每月一次" in wrong.content.decode()
    assert client.post("/policy/clause/B42/", sent | {"review_by": soon()}).status_code == 302
    body = {"how": "丙", "department": "党办", "review_by": soon().isoformat()}
    made = client.post("/api/v1/policy/clauses/b42/statement/", body, content_type="application/json")
    assert made.status_code == 201
    assert client.get("/api/v1/policy/clauses/B42/").json()["statement"]["how"] == "丙"
    gone = client.delete("/api/v1/policy/clauses/B42/statement/", {"reason": "停"}, content_type="application/json")
    assert gone.status_code == 200
    assert client.get("/api/v1/policy/clauses/B42/").json()["stand"] == "due"


# The register


@pytest.fixture
def keeper(declared, somebody):
    return somebody("policy.view_policy", register.KEEP_REGISTER)


def test_a_document_that_follows_another_ends_it_the_day_before(keeper):
    """A1: a rule's basis is dated and survives its replacement."""
    former = PolicyDocument.objects.get(code="B")
    made = register.register_document(
        code="b2026", title="整治方案（2026年）", kind="plan", issuer="县卫健局", by=keeper, in_force_from=date(2026, 7, 1),
        supersedes=former,
    )  # fmt: skip
    former.refresh_from_db()
    assert former.in_force_to == date(2026, 6, 30)
    assert made.code == "B2026"
    assert "X01" in " ".join(queries.resting_on(former))


def test_loading_the_register_again_leaves_checked_dates_alone(keeper):
    law = PolicyDocument.objects.get(code="L02")
    register.check_dates(
        document=law, by=keeper, source="国家法律法规数据库", issued_on=date(2021, 8, 20), in_force_from=date(2022, 3, 2),
        in_force_to=None,
    )  # fmt: skip
    loading.load()
    law.refresh_from_db()
    assert law.dates_verified
    assert law.in_force_from == date(2022, 3, 2)


def test_bad_documents_are_refused_by_field(keeper):
    given = {"title": "甲", "kind": "plan", "issuer": "乙", "by": keeper}
    for more, field in (
        ({"code": "A"}, "code"),
        ({"code": "甲"}, "code"),
        ({"code": "Z1", "kind": "x"}, "kind"),
        ({"code": "Z1", "in_force_from": date(2026, 2, 1), "in_force_to": date(2026, 1, 1)}, "in_force_to"),
    ):
        with pytest.raises(ValidationError) as wrong:
            register.register_document(**{**given, **more})
        assert field in wrong.value.message_dict
    law = PolicyDocument.objects.get(code="L02")
    with pytest.raises(ValidationError):
        register.supersede(document=law, former=law, by=keeper)


def test_the_register_in_the_browser(client, keeper, somebody):
    client.force_login(keeper)
    sent = {"code": "M99", "title": "试行办法", "kind": "rule", "issuer": "国家卫健委", "supersedes": ""}
    assert client.post("/policy/register/", sent).status_code == 302
    assert client.post("/policy/register/", sent).status_code == 422
    checked = {"do": "dates", "issued_on": "2026-01-01", "in_force_from": "2026-02-01", "source": "公报"}
    assert client.post("/policy/document/M99/", checked).status_code == 302
    assert PolicyDocument.objects.get(code="M99").dates_verified
    client.force_login(somebody("policy.view_policy"))
    assert client.post("/policy/document/M99/", checked).status_code == 403
    assert client.get("/policy/register/").status_code == 403
