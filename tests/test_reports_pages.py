"""Pages and API of reports: who sees what, what each figure leads to, and what bad input gets."""

import re

import pytest
from django.http import QueryDict
from django.urls import reverse

from accounts.models import Institution, User
from referrals.models import Referral
from reports import actions, drill, queries
from reports.figures import Figures
from reports.models import Report, ReportReceipt, Status

NUMBER = "岚总医〔2026〕58号"
WRITER, REVIEWER, LEADER, OFFICE, BUREAU, OTHER = "LXZ030", "LXZ031", "LXZ910", "LXZ909", "LXW001", "LXY047"


def at(name, report, *more):
    return reverse(f"reports:{name}", args=[report.pk, *more])


@pytest.fixture
def submitted(built, people):
    report = actions.review(report=built, by=people["reviewer"])
    report = actions.sign_off(report=report, document_number=NUMBER, by=people["leader"])
    return actions.submit(report=report, by=people["reviewer"])


def test_before_it_is_submitted_the_bureau_sees_the_state_and_nothing_more(built, demo_client):
    client = demo_client(BUREAU)
    county = client.get(reverse("reports:county"))
    assert county.status_code == 200
    assert built.get_status_display() in county.content.decode()
    for address in (
        at("detail", built),
        at("progress", built),
        at("download", built, "report.pdf"),
        at("download", built, "figures.json"),
        reverse("reports_api:report", args=[built.pk]),
    ):
        assert client.get(address).status_code == 404, address
    assert client.get(reverse("reports_api:reports")).json() == []


def test_once_submitted_the_bureau_reads_takes_a_copy_and_receives(submitted, demo_client):
    client = demo_client(BUREAU)
    assert client.get(at("detail", submitted)).status_code == 200
    taken = client.get(at("download", submitted, "report.pdf"))
    assert taken.content.startswith(b"%PDF")
    receipt = ReportReceipt.objects.get()
    assert (receipt.downloaded_by.username, receipt.sha256) == (BUREAU, submitted.sha256)

    assert client.post(at("receive", submitted)).status_code == 302
    submitted.refresh_from_db()
    assert submitted.status == Status.RECEIVED
    again = client.post(at("receive", submitted))
    assert again.status_code == 409


def test_returning_keeps_the_comment_that_was_too_short_to_send(submitted, demo_client):
    client = demo_client(BUREAU)
    assert client.post(at("return", submitted), {"comment": ""}).status_code == 422
    assert client.post(at("return", submitted), {"comment": "请核对附件3"}).status_code == 302
    page = demo_client(WRITER).get(at("detail", submitted)).content.decode()
    assert "请核对附件3" in page


def test_another_hospital_finds_nothing(submitted, demo_client):
    client = demo_client(OTHER)
    for name in ("detail", "progress", "text"):
        assert client.get(at(name, submitted)).status_code in (404,), name
    for name in ("review", "submit", "retry"):
        assert client.post(at(name, submitted)).status_code == 404, name
    assert client.get(at("download", submitted, "report.pdf")).status_code == 404
    assert client.get(reverse("reports:indicators"), {"institution": "LXZ"}).status_code == 404
    cases = {"institution": "LXZ", "period": "2026Q3", "indicator": "K04"}
    assert client.get(reverse("reports:cases"), cases).status_code == 404


def test_a_post_without_the_permission_is_refused(built, demo_client):
    client = demo_client("LXZ003")
    for name in ("list", "indicators", "county"):
        assert client.get(reverse(f"reports:{name}")).status_code == 403, name
    assert client.get(at("detail", built)).status_code == 403
    assert client.post(reverse("reports:ask"), {"period": "2026Q3"}).status_code == 403
    assert demo_client(LEADER).post(at("review", built)).status_code == 403
    assert demo_client(WRITER).post(at("sign_off", built), {}).status_code == 403


def test_nobody_signed_in_is_asked_to(built, client):
    for address in (reverse("reports:list"), at("detail", built), reverse("reports:county")):
        assert client.get(address).status_code == 302
    answer = client.get(reverse("reports_api:reports"))
    assert (answer.status_code, answer["content-type"]) == (401, "application/problem+json")


def test_every_figure_of_the_page_leads_to_as_many_cases(built, demo_client):
    """Every address of a figure names how many cases it stood for, and finds exactly those."""
    client = demo_client(WRITER)
    page = client.get(at("detail", built)).content.decode().replace("&amp;", "&")
    addresses = sorted(set(re.findall(r'href="(/[^"]*cases/\?[^"]*was=\d+[^"]*)"', page)))
    assert len(addresses) > 60
    for address in addresses:
        query = QueryDict(address.partition("?")[2])
        found = drill.cases(Referral.objects.all(), built.institution, built.span, query)
        assert query["institution"] == "LXZ"
        assert found.cases.count() == int(query["was"]), address
    answer = client.get(addresses[0])
    assert (answer.status_code, answer.context["differs"]) == (200, False)


def test_the_numbers_of_a_row_stand_as_its_heading_names_them(built):
    rows = {row["form"].number: row for row in queries.table_rows(Figures.from_json(built.figures))}
    assert [text for text, _url in rows[8]["current"]] == ["47", "42", "5"]
    assert [text for text, _url in rows[7]["current"]] == ["102", "38"]


def test_a_list_that_changed_since_says_so(built, demo_client):
    query = {"institution": "LXZ", "period": "2026Q3", "indicator": "K04", "part": "missing", "was": 5}
    answer = demo_client(WRITER).get(reverse("reports:cases"), query)
    assert answer.context["differs"]
    assert "LXZ20260812003" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"indicator": "K99"},
        {"indicator": "K04", "part": "all"},
        {"row": "2"},
        {"row": "七"},
        {"gate": "X99"},
        {},
        {"period": "yesterday", "indicator": "K04"},
        {"institution": "NONE", "indicator": "K04"},
    ],
)
def test_an_address_that_names_no_figure_is_not_found(county, demo_client, query):
    assert demo_client(WRITER).get(reverse("reports:cases"), {"period": "2026Q3", **query}).status_code == 404


def test_long_lists_come_in_pages(county, demo_client):
    client = demo_client(WRITER)
    first = client.get(reverse("reports:cases"), {"period": "2026Q3", "row": "7", "part": "requests", "when": "year"})
    assert len(first.context["rows"]) == 50
    assert first.context["total"] == 306
    second = client.get(first.context["older_url"])
    assert not {row.pk for row in first.context["rows"]} & {row.pk for row in second.context["rows"]}


def test_the_bureaus_lists_carry_no_names(county, demo_client):
    from referrals.models import Identity

    page = demo_client(BUREAU).get(
        reverse("reports:cases"), {"institution": "LXZ", "period": "2026Q3", "row": "7", "part": "requests"}
    )
    names = set(Identity.objects.values_list("name", flat=True))
    assert page.context["total"] == 102
    assert not [name for name in names if name in page.content.decode()]


def test_both_hospitals_stand_on_one_screen(submitted, demo_client):
    answer = demo_client(BUREAU).get(reverse("reports:county"), {"period": "2026Q3"})
    lines = answer.context["lines"]
    assert [line.institution.code for line in lines] == ["LXZ", "LXY"]
    assert [line.frozen for line in lines] == [True, False]
    assert "97.1%（34/35）" in answer.content.decode()


def test_what_was_typed_stays_when_somebody_else_was_quicker(built, people, demo_client):
    actions.edit_narrative(report=built, version=0, texts={"next": "他人的话"}, contact={}, by=people["reviewer"])
    answer = demo_client(WRITER).post(
        at("text", built), {"version": "0", "next": "我的话", "contact_name": "吴敏", "contact_phone": ""}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "他人的话" in page
    assert "我的话" in page
    built.refresh_from_db()
    assert built.narrative["next"] == "他人的话"


def test_a_wrong_number_and_a_stale_page_are_refused_with_what_was_typed(built, people, demo_client):
    actions.review(report=built, by=people["reviewer"])
    client = demo_client(LEADER)
    answer = client.post(at("sign_off", built), {"version": "0", "document_number": "58号"})
    assert answer.status_code == 409
    assert "58号" in answer.content.decode()
    answer = client.post(at("sign_off", built), {"version": "7", "document_number": NUMBER})
    assert answer.status_code == 409
    built.refresh_from_db()
    assert built.status == Status.REVIEWED


def test_asking_for_a_period_that_is_none_or_not_over_says_why(county, demo_client):
    client = demo_client(WRITER)
    assert client.post(reverse("reports:ask"), {"period": "上季度"}).status_code == 422
    assert client.post(reverse("reports:ask"), {"period": "2199Q1"}).status_code == 409
    assert not Report.objects.exists()


def test_a_report_being_built_shows_how_far_it_is(county, quick_paper, people, demo_client):
    client = demo_client(WRITER)
    answer = client.post(reverse("reports:ask"), {"period": "2026Q2"})
    report = Report.objects.get()
    assert answer.url == report.get_absolute_url()
    assert (report.status, report.requested_by.username) == (Status.BUILDING, WRITER)
    assert "<progress" in client.get(report.get_absolute_url()).content.decode()
    again = client.post(reverse("reports:ask"), {"period": "2026Q2"})
    assert again.url == report.get_absolute_url()
    assert Report.objects.count() == 1


def test_the_post_without_cases_reads_figures_without_links(built, demo_client):
    page = demo_client(OFFICE).get(at("detail", built)).content.decode()
    assert "97.1%" in page
    assert "cases/?" not in page


def test_the_api_gives_the_same_figures_as_the_page(built, demo_client):
    client = demo_client(WRITER)
    answer = client.get(reverse("reports_api:report", args=[built.pk])).json()
    shown = Figures.from_json(built.figures)
    assert answer["indicators"]["K06"]["numerator"] == shown.rate("K06").numerator
    live = client.get(reverse("reports_api:indicators"), {"institution": "LXZ", "period": "2026Q3"}).json()
    assert live["indicators"]["K04"] == {"numerator": 34, "denominator": 35, "name": "初诊MDT率", "clauses": ["B5"]}
    wrong = client.get(reverse("reports_api:indicators"), {"period": "x"})
    assert (wrong.status_code, wrong["content-type"]) == (400, "application/problem+json")


def test_a_department_head_counts_the_department_only(county, demo_client):
    hospital = Institution.objects.get(code="LXZ")
    head = User.objects.get(username="LXZ901")
    _spans, lines = queries.visible_rates(head, hospital, queries.period_or_last("2026Q3"))
    assert 0 < lines["K06"][-1].denominator < 93
    assert demo_client("LXZ901").get(reverse("reports:indicators")).context["part_only"]


def test_revisions_say_what_they_changed(built):
    before = Figures.from_json(built.figures)
    later = dict(built.figures)
    later["status_table"] = {**later["status_table"], "10": {**later["status_table"]["10"], "current": 36}}
    assert queries.changes_between(before, Figures.from_json(later)) == [("院内检测例数", "35", "36")]


def test_an_address_of_a_figure_keeps_what_it_counts():
    address = drill.url("LXZ", "2026Q3", indicator="K04", part="missing", was=1)
    assert address.endswith("?institution=LXZ&period=2026Q3&indicator=K04&part=missing&was=1")
