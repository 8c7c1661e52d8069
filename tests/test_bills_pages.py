"""The reconciliation in the browser and for programs: from the laboratory's file to the closed month."""

import base64
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit import declaring
from referrals.models import Reconciliation, StatementDifference
from tests.fixtures.bills import COLUMNS
from vendors.models import StatementUpload


@pytest.fixture
def at(client):
    """`at(person)` is a client in which that person is signed in."""

    def sign_in(person):
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def again():
    """The machine declared anew, after a request has declared somebody else."""

    def declare():
        declaring.declare(actor=User.objects.machine().pk, step="test", institutions="*", identity="*")

    return declare


def test_from_the_file_to_the_closed_month(billing, at, again):
    fits, dear = billing.case(), billing.case()
    content = billing.csv(billing.row(fits), billing.row(dear, 650), encoding="gbk")
    finance = at(billing.finance)
    given = finance.post(
        reverse("bills:uploads"),
        {"laboratory": billing.laboratory.pk, "month": "2026-03", "statement": SimpleUploadedFile("三月.csv", content)},
    )
    again()
    job = StatementUpload.objects.get()
    assert given.url == job.get_absolute_url()
    naming = finance.get(job.get_absolute_url())
    assert naming.context["preview"].guesses == COLUMNS

    finance.post(job.get_absolute_url(), COLUMNS)
    again()
    billing.run()
    assert finance.get(job.get_absolute_url()).status_code == 200
    finance.post(reverse("bills:upload_act", args=[job.pk]), {"do": "confirm"})
    again()
    billing.run()
    month = Reconciliation.objects.get(month="2026-03")
    found = StatementDifference.objects.get()

    page = finance.get(month.get_absolute_url(), {"kind": "amount_differs", "show": "open"})
    assert [one.pk for one in page.context["rows"]] == [found.pk]
    refused = finance.post(reverse("bills:sign", args=[month.pk]))
    assert refused.status_code == 409
    chosen = {"do": "settle", "pk": found.pk, "resolution": "contract_price", "reason": "按合同价"}
    finance.post(reverse("bills:work", args=[month.pk]), chosen)
    own = finance.post(reverse("bills:work", args=[month.pk]), {"do": "confirm", "pk": found.pk})
    assert own.status_code == 409

    affairs = at(billing.affairs)
    affairs.post(found.get_absolute_url(), {"do": "confirm"})
    at(billing.finance).post(reverse("bills:sign", args=[month.pk]))
    at(billing.affairs).post(reverse("bills:close", args=[month.pk]))
    again()
    month.refresh_from_db()
    assert month.is_closed
    for name in ("month", "lines", "book", "sheet"):
        assert affairs.get(reverse(f"bills:{name}", args=[month.pk])).status_code == 200
    assert affairs.get(reverse("bills:margin")).status_code == 200


def test_bad_lines_are_shown_with_their_place_and_taken_away_as_a_workbook(billing, at):
    job = billing.give_in(billing.row("X1", "六百"))
    finance = at(billing.finance)

    page = finance.get(job.get_absolute_url())

    assert "结算金额（元）" in page.content.decode()
    assert finance.get(reverse("bills:errors", args=[job.pk])).status_code == 200


def test_a_medical_affairs_post_neither_gives_in_nor_settles(billing, at):
    month = billing.record(billing.row("X-1"))
    found = StatementDifference.objects.get()
    affairs = at(billing.affairs)

    assert affairs.get(reverse("bills:uploads")).status_code == 403
    answer = affairs.post(found.get_absolute_url(), {"do": "settle", "resolution": "refused", "reason": "查"})
    assert answer.status_code == 403
    answer = affairs.post(
        reverse("bills:work", args=[month.pk]),
        {"do": "settle", "pk": found.pk, "resolution": "refused", "reason": "查"},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["month", "lines"])
def test_a_month_asks_as_often_for_fifty_differences_as_for_one(billing, at, again, name):
    def asked(month):
        finance = at(billing.finance)
        for _time in range(2):
            with CaptureQueriesContext(connection) as captured:
                assert finance.get(reverse(f"bills:{name}", args=[month.pk])).status_code == 200
            again()
        return len([one for one in captured if "SAVEPOINT" not in one["sql"]])

    few = billing.record(billing.row("X-0"))
    many = billing.record(*(billing.row(f"X-{n}", 600) for n in range(1, 60)), month="2026-04")

    assert asked(many) == asked(few)


def test_programs_do_the_same_and_are_refused_in_the_same_words(billing, at, again):
    case = billing.case()
    content = billing.csv(billing.row(case, 650))
    finance = at(billing.finance)

    def post(client, name, *args, **body):
        answer = client.post(reverse(f"bills_api:{name}", args=args), json.dumps(body), content_type="application/json")
        again()
        return answer

    given = post(
        finance, "uploads", laboratory=billing.laboratory.code, month="2026-03",
        statement=base64.b64encode(content).decode(),
    )  # fmt: skip
    assert given.status_code == 202, given.content
    job = given.json()
    assert job["guesses"] == COLUMNS
    assert post(finance, "columns", job["id"], columns=COLUMNS).status_code == 202
    billing.run()
    assert post(finance, "upload_step", job["id"], "confirm").status_code == 202
    billing.run()
    month = Reconciliation.objects.get(month="2026-03")
    told = finance.get(reverse("bills_api:month", args=[month.pk])).json()
    assert told["kinds"] == [{"kind": "amount_differs", "total": 1, "open": 1, "awaiting": 0}]
    [one] = finance.get(reverse("bills_api:differences", args=[month.pk])).json()["results"]
    body = {"differences": [one["id"]], "resolution": "contract_price", "reason": "按合同价"}
    assert post(finance, "settle", month.pk, **body).json() == {"differences": 1}

    refused = post(finance, "confirm", month.pk, differences=[one["id"]])

    assert refused.status_code == 422
    assert "复核" in refused.content.decode() or "second person" in refused.content.decode()
    affairs = at(billing.affairs)
    assert post(affairs, "confirm", month.pk, differences=[one["id"]]).json() == {"differences": 1}
    assert post(at(billing.finance), "sign", month.pk).status_code == 200
    assert post(at(billing.affairs), "close", month.pk).json()["closed_at"]
    rows = affairs.get(reverse("bills_api:margins")).json()
    assert [row["payable"] for row in rows] == ["600.00"]


def test_who_settled_is_told_that_another_confirms_and_is_offered_no_button(billing, at):
    """X14"""
    month = billing.record(billing.row("X-1"))
    found = StatementDifference.objects.get()
    at(billing.finance).post(found.get_absolute_url(), {"do": "settle", "resolution": "refused", "reason": "查"})

    def page(person):
        return at(person).get(month.get_absolute_url(), {"show": "awaiting"}).content.decode()

    own, another = page(billing.finance), page(billing.affairs)
    assert 'value="confirm"' not in own and 'name="pk"' not in own
    assert "须由另一人复核" in own
    assert 'value="confirm"' in another and f'name="pk" value="{found.pk}"' in another
    assert "须由另一人复核" in at(billing.finance).get(found.get_absolute_url()).content.decode()


@pytest.mark.parametrize("name, key", [("number", "number"), ("barcode", "barcode")])
def test_a_page_of_lines_finds_its_referrals_by_number_or_barcode_and_turns(billing, at, again, monkeypatch, name, key):
    """Page by page to the end and back, of all lines, of the agreeing ones and of those of one test."""
    from referrals.billing import lines

    cases = [billing.case() for _n in range(5)]
    for n, case in enumerate(cases):
        case.specimens.update(barcode=f"TM{n:04}")
    shown = [case.number if key == "number" else case.specimens.get().barcode for case in cases]
    month = billing.record(*(billing.row(one) for one in shown), billing.row("X-9", 600))

    def walk(**wanted):
        found, query, back = [], {}, []
        while True:
            rows, older, newer = lines.page(month, query, size=2, **wanted)
            found.append([row.referral_id for row in rows])
            if not older:
                break
            query = {"after": older}
        while newer:
            rows, _older, newer = lines.page(month, {"before": newer}, size=2, **wanted)
            back.append([row.referral_id for row in rows])
        assert back == found[:-1][::-1]
        return [one for page in found for one in page]

    ours = [case.pk for case in cases]
    assert walk() == [*ours, None]
    assert walk(agreeing=True) == ours
    assert walk(test=cases[0].test_id) == [case.pk for case in cases if case.test_id == cases[0].test_id]
    assert [one.referral_id for one in lines.of_month(month)] == [*ours, None]


@pytest.mark.parametrize("name", ["bills:months", "bills:margin", "bills:uploads", "supervision:alerts"])
def test_a_list_asks_as_often_for_many_bills_as_for_one(billing, at, again, name):
    person = billing.person("R17") if name.startswith("supervision") else billing.finance

    def asked():
        client = at(person)
        for _time in range(2):
            with CaptureQueriesContext(connection) as captured:
                answer = client.get(reverse(name), {"first": "2026-01", "last": "2026-12"})
            again()
        assert answer.status_code == 200
        return len(answer.context["rows"]), len([one for one in captured if "SAVEPOINT" not in one["sql"]])

    billing.record(billing.row("X-0"), billing.row(billing.case()))
    one, few = asked()
    for month in range(4, 8):
        lines = [billing.row(f"X-{month}-{n}", 600) for n in range(9)]
        billing.record(*lines, billing.row(billing.case()), month=f"2026-{month:02}")
    rows, many = asked()

    assert rows >= one + 4
    assert many == few
