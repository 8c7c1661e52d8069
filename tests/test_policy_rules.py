"""The hospital's own rules: drafted, deliberated, issued by somebody else, followed by the next version (A53, B33)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Institution, User
from audit import declaring
from audit.gates import Refused
from audit.models import Event
from documents import files
from policy import loading, pathway, queries
from policy.actions import rules
from policy.models import Clause, HospitalRule

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
PDF += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj trailer<</Root 1 0 R>>\n%%EOF\n"
S = HospitalRule.Status
STATUSES = list(S)
STEPS = [pathway.DELIBERATE, pathway.RETURN, pathway.ISSUED, pathway.REPEAL, pathway.DISCARD]


@pytest.fixture
def declared(db):
    with declaring.acting(User.objects.machine(), step="test"):
        loading.load()
        yield


@pytest.fixture
def hospital(declared):
    return Institution.objects.get_or_create(code="TST", defaults={"name": "某县医院"})[0]


@pytest.fixture
def clerk(declared, somebody):
    return somebody("policy.view_policy", pathway.KEEP)


@pytest.fixture
def leader(declared, somebody):
    return somebody("policy.view_policy", pathway.ISSUE)


def pdf():
    return files.check(PDF, kinds=[files.PDF], name="办法.pdf")


def drafted(hospital, by, **given):
    asked = {
        "kind": "outsourcing",
        "title": "肿瘤基因检测外送管理办法",
        "drafted_in": "医务科",
        "upload": pdf(),
    } | given
    return rules.draft(institution=hospital, by=by, **asked)


def issued(hospital, clerk, leader, *, starts_on=None, doc_no="试总医〔2026〕9号", **given):
    rule = drafted(hospital, clerk, **given)
    rules.deliberate(rule=rule, by=clerk, meeting="院长办公会", met_on=timezone.localdate())
    starts_on = starts_on or timezone.localdate()
    return rules.issue(
        rule=rule, by=leader, doc_no=doc_no, issued_on=timezone.localdate(), starts_on=starts_on,
        review_by=starts_on + timedelta(days=365),
    )  # fmt: skip


def test_a_rule_goes_from_draft_to_issue_and_only_then_counts(hospital, clerk, leader):
    """A53, B33: a draft is no rule."""
    rule = drafted(hospital, clerk)
    assert {one.code for one in rule.basis.all()} == {"B33", "B1"}
    assert not HospitalRule.objects.in_force(timezone.localdate()).exists()
    rules.deliberate(rule=rule, by=clerk, meeting="院长办公会", met_on=timezone.localdate())
    assert {k: r for k, _c, r in queries.rules_due(hospital)}["outsourcing"] is None

    day = timezone.localdate()
    rules.issue(
        rule=rule,
        by=leader,
        doc_no="试总医〔2026〕9号",
        issued_on=day,
        starts_on=day,
        review_by=day + timedelta(days=365),
    )

    assert {k: r for k, _c, r in queries.rules_due(hospital)}["outsourcing"] == rule
    assert list(Event.objects.filter(table_name="policy_hospitalrule").order_by("pk").values_list("step", flat=True)) == [
        "rule.drafted", "rule.deliberated", "rule.issued",
    ]  # fmt: skip


@pytest.mark.parametrize("step", STEPS, ids=lambda one: one.name)
@pytest.mark.parametrize("status", STATUSES)
def test_every_step_from_every_status(step, status, hospital, clerk, leader):
    day = timezone.localdate()
    facts = {}
    if status in (S.ISSUED, S.REPEALED):
        facts = {
            "doc_no": "甲",
            "issued_on": day,
            "issued_by": leader,
            "starts_on": day,
            "file": files.store(pdf(), by=clerk),
        }
    if status == S.REPEALED:
        facts |= {"ends_on": day, "ended_reason": "试"}
    rule = HospitalRule.objects.create(
        institution=hospital, kind="other", title="试", drafted_in="医务科", drafted_by=clerk, status=status, **facts
    )
    later = day + timedelta(days=1)
    acts = {
        pathway.DELIBERATE: lambda: rules.deliberate(rule=rule, by=clerk, meeting="会", met_on=day),
        pathway.RETURN: lambda: rules.return_draft(rule=rule, by=leader, reason="改"),
        pathway.ISSUED: lambda: rules.issue(
            rule=rule, by=leader, doc_no="乙", issued_on=day, starts_on=day, review_by=later
        ),
        pathway.REPEAL: lambda: rules.repeal(rule=rule, by=leader, ends_on=day, reason="废"),
        pathway.DISCARD: lambda: rules.discard(rule=rule, by=clerk, reason="弃"),
    }
    if not rule.file_id:
        rule.file = files.store(pdf(), by=clerk)
        rule.save()

    if status in step.sources:
        acts[step]()
        rule.refresh_from_db()
        assert rule.status == step.target
    else:
        with pytest.raises(Refused):
            acts[step]()
        rule.refresh_from_db()
        assert rule.status == status


def test_nobody_issues_what_they_drafted_whatever_posts_they_hold(hospital, somebody, declared):
    """X14, in the action and in the database."""
    both = somebody("policy.view_policy", pathway.KEEP, pathway.ISSUE)
    rule = drafted(hospital, both)
    day = timezone.localdate()
    rules.deliberate(rule=rule, by=both, meeting="会", met_on=day)
    with pytest.raises(Refused) as refused:
        rules.issue(rule=rule, by=both, doc_no="甲", issued_on=day, starts_on=day, review_by=day + timedelta(days=1))
    assert refused.value.refusals[0].code == "X14"
    with pytest.raises(IntegrityError), transaction.atomic():
        HospitalRule.objects.filter(pk=rule.pk).update(issued_by=both)


def test_the_next_version_ends_the_former_the_day_before(hospital, clerk, leader):
    first = issued(hospital, clerk, leader, starts_on=timezone.localdate())
    with pytest.raises(Refused, match="已在起草"):
        second = drafted(hospital, clerk, replaces=first)
        drafted(hospital, clerk, replaces=first)
    rules.deliberate(rule=second, by=clerk, meeting="会", met_on=timezone.localdate())
    start = timezone.localdate() + timedelta(days=30)
    rules.issue(
        rule=second, by=leader, doc_no="试总医〔2026〕30号", issued_on=timezone.localdate(), starts_on=start,
        review_by=start + timedelta(days=365),
    )  # fmt: skip
    first.refresh_from_db()
    assert (first.status, first.ends_on) == (S.REPEALED, start - timedelta(days=1))
    assert first.is_in_force(timezone.localdate())
    assert not first.is_in_force(start)
    assert second.version == 2


def test_an_issued_rule_is_not_edited_even_in_the_database(hospital, clerk, leader):
    rule = issued(hospital, clerk, leader)
    with pytest.raises(Refused):
        rules.revise(rule=rule, by=clerk, title="改", drafted_in="医务科", upload=None)
    for change in ({"title": "改"}, {"doc_no": "改"}, {"starts_on": date(2020, 1, 1)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            HospitalRule.objects.filter(pk=rule.pk).update(**change)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"starts_on": -1}, "starts_on"),
        ({"review_by": 0}, "review_by"),
        ({"issued_on": 1}, "issued_on"),
        ({"doc_no": " "}, "doc_no"),
    ],
)
def test_bad_days_and_numbers_are_named_by_field(hospital, clerk, leader, given, field):
    rule = drafted(hospital, clerk)
    day = timezone.localdate()
    rules.deliberate(rule=rule, by=clerk, meeting="会", met_on=day)
    asked = {"doc_no": "甲", "issued_on": 0, "starts_on": 0, "review_by": 30} | given
    asked = {k: day + timedelta(days=v) if isinstance(v, int) else v for k, v in asked.items()}
    with pytest.raises(ValidationError) as wrong:
        rules.issue(rule=rule, by=leader, **asked)
    assert field in wrong.value.message_dict


def test_a_draft_without_its_text_is_not_deliberated(hospital, clerk):
    rule = drafted(hospital, clerk, upload=None)
    with pytest.raises(ValidationError, match="PDF"):
        rules.deliberate(rule=rule, by=clerk, meeting="会", met_on=timezone.localdate())


def test_the_wrong_post_may_not(hospital, clerk, leader):
    rule = drafted(hospital, clerk)
    with pytest.raises(PermissionDenied):
        rules.deliberate(rule=rule, by=leader, meeting="会", met_on=timezone.localdate())
    rules.deliberate(rule=rule, by=clerk, meeting="会", met_on=timezone.localdate())
    with pytest.raises(PermissionDenied):
        rules.return_draft(rule=rule, by=clerk, reason="改")


def test_another_hospitals_rule_is_not_there(client, hospital, clerk, leader, somebody):
    rule = issued(hospital, clerk, leader)
    other, _made = Institution.objects.get_or_create(code="TS2", defaults={"name": "某县中医院"})
    client.force_login(somebody("policy.view_policy", pathway.KEEP, institution=other))
    for path in ("", "text/"):
        assert client.get(f"/policy/rules/{rule.pk}/{path}").status_code == 404
    assert client.get(f"/policy/rules/new/?replaces={rule.pk}").status_code == 404


def test_in_the_browser_from_draft_to_issue(client, hospital, clerk, leader):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(clerk)
    assert "外送管理办法" in client.get("/policy/rules/").content.decode()
    sent = {"kind": "outsourcing", "title": "外送管理办法", "drafted_in": ""}
    kept = client.post("/policy/rules/new/", sent)
    assert kept.status_code == 422
    assert 'value="外送管理办法"' in kept.content.decode()
    sent |= {"drafted_in": "医务科", "upload": SimpleUploadedFile("a.pdf", PDF, "application/pdf")}
    page = client.post("/policy/rules/new/", sent)
    rule = HospitalRule.objects.get()
    assert page["Location"] == f"/policy/rules/{rule.pk}/"
    day = timezone.localdate()
    client.post(page["Location"], {"do": "deliberate", "deliberate-meeting": "院长办公会", "deliberate-met_on": day})
    issue = {
        "do": "issue", "issue-doc_no": "试总医〔2026〕9号", "issue-issued_on": day, "issue-starts_on": day,
        "issue-review_by": day + timedelta(days=300),
    }  # fmt: skip
    assert client.post(page["Location"], issue).status_code == 403
    client.force_login(leader)
    assert client.post(page["Location"], issue).status_code == 302
    rule.refresh_from_db()
    assert rule.status == S.ISSUED
    text = client.get(f"/policy/rules/{rule.pk}/text/")
    assert text.content == PDF
    # Going back and sending again finds no such step: nothing is written, and it is said.
    again = client.post(page["Location"], issue)
    assert again.status_code == 422
    assert Clause.objects.get(code="B33").rules.get() == rule


def test_through_the_api_with_the_same_refusal(hospital, somebody, declared, client):
    both = somebody("policy.view_policy", pathway.KEEP, pathway.ISSUE)
    client.force_login(both)
    import base64

    draft = {"kind": "other", "title": "试", "drafted_in": "医务科", "upload": base64.b64encode(PDF).decode()}
    made = client.post("/api/v1/policy/rules/", draft, content_type="application/json")
    assert made.status_code == 201, made.content
    at = f"/api/v1/policy/rules/{made.json()['id']}"
    day = timezone.localdate().isoformat()
    done = client.post(f"{at}/deliberate/", {"meeting": "会", "met_on": day}, content_type="application/json")
    assert done.json()["status"] == "review"
    later = (timezone.localdate() + timedelta(days=3)).isoformat()
    issue = {"doc_no": "甲", "issued_on": day, "starts_on": day, "review_by": later}
    refused = client.post(f"{at}/issue/", issue, content_type="application/json")
    assert refused.status_code == 422
    said = refused.json()["refusals"][0]
    rule = HospitalRule.objects.get()
    page = client.post(f"/policy/rules/{rule.pk}/", {"do": "issue", **{f"issue-{k}": v for k, v in issue.items()}})
    assert said["code"] == "X14"
    assert said["message"] in page.content.decode()
