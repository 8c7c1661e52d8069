"""The pages of a price change, its workbook, and the same acts for programs (A13, B13, B14)."""

import io
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import GeneTest
from documents import files
from tests import factories as f
from vendors import actions, price_sheets
from vendors.models import Price, PriceChange


def day(days=0):
    return timezone.localdate() + timedelta(days=days)


@pytest.fixture
def officer_page(hospital, client):
    client.force_login(hospital.prices, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def draft(hospital):
    return actions.draft_change(
        institution=hospital.institution,
        title="病理类",
        basis="闽医保〔2026〕9号",
        effective_from=day(7),
        by=hospital.prices,
    )


def send(client, draft, do, **typed):
    return client.post(draft.get_absolute_url(), {"do": do, **{f"{do}-{name}": text for name, text in typed.items()}})


def made(n):
    return GeneTest.objects.create(code=f"GT-T-{n:02}", name=f"检测{n}", genes="EGFR", method="PCR", specimen="组织")


ITEM = {
    "code": "A1", "name": "分子病理", "content": "含提取", "unit": "次", "amount": "120", "insurance_class": "乙类",
    "own_percent": "10", "most": "4", "cap": "300",
}  # fmt: skip


def test_a_change_goes_from_draft_to_publication_by_its_pages(hospital, officer_page, client):
    test = f.indication("LUNG-02").test
    begun = officer_page.post(
        reverse("vendors:new_price_change"), {"title": "病理类", "basis": "9号", "effective_from": day().isoformat()}
    )
    draft = PriceChange.objects.get(title="病理类")
    send(officer_page, draft, "item", **ITEM)
    send(officer_page, draft, "charge", test=test.code, parts="A1 × 3")
    officer_page.post(draft.get_absolute_url(), {"do": "put_up"})
    client.force_login(hospital.cashier, backend="django.contrib.auth.backends.ModelBackend")
    client.post(draft.get_absolute_url(), {"do": "check"})
    client.force_login(hospital.prices, backend="django.contrib.auth.backends.ModelBackend")
    client.post(draft.get_absolute_url(), {"do": "publish"})

    assert begun.status_code == 302
    assert Price.objects.get(test=test).amount == Decimal(300), "three of it at 120 yuan, capped"


def test_what_is_refused_is_said_where_it_was_typed(draft, officer_page):
    send(officer_page, draft, "item", **ITEM)
    answer = send(officer_page, draft, "charge", test=f.indication().test.code, parts="A1 × 9")
    unreadable = send(officer_page, draft, "charge", test=f.indication().test.code, parts="A1 × × 9")

    assert answer.status_code == unreadable.status_code == 422
    assert "项目A1单次检测最多收取4个计价单位" in answer.content.decode()
    assert "不是“项目编码 × 数量”" in unreadable.content.decode()
    assert not draft.draft_charges.exists()


def test_an_item_in_force_comes_back_into_the_form_to_be_changed(hospital, draft, officer_page):
    send(officer_page, draft, "item", **ITEM)

    page = officer_page.get(draft.get_absolute_url(), {"item": "A1"}).content.decode()

    assert 'value="分子病理"' in page and 'value="120.00"' in page


def test_the_page_of_a_change_asks_as_often_for_one_test_as_for_thirty(hospital, draft, officer_page):
    def asked():
        with CaptureQueriesContext(connection) as captured:
            assert officer_page.get(draft.get_absolute_url()).status_code == 200
        return len([one for one in captured if "SAVEPOINT" not in one["sql"]])

    for n in range(32):
        if n in (2, 31):
            counted = asked(), asked()
            first = counted[1] if n == 2 else first  # noqa: F821
        price = f.PriceFactory(institution=hospital.institution, test=made(n))
        actions.put_item(
            change=draft, by=hospital.prices, code=price.item_code, name="项目", unit="次", amount=Decimal(10),
            insurance_class="甲类", own_percent=Decimal(0), most=1,
        )  # fmt: skip

    assert counted[1] == first


# The workbook


def book_of(draft, change=None):
    book = openpyxl.load_workbook(io.BytesIO(price_sheets.write(draft)))
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return SimpleUploadedFile("价格.xlsx", out.getvalue(), content_type=files.XLSX)


def give(client, draft, upload):
    answer = client.post(reverse("vendors:price_sheets", args=[draft.pk]), {"sheet": upload})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return draft.sheets.latest("pk"), answer["Location"]


def test_b13_the_workbook_changes_nothing_till_it_is_confirmed(hospital, draft, officer_page):
    price = f.PriceFactory(institution=hospital.institution)

    def fill(book):
        items, tests = book["价格项目"], book["检测收费"]
        items.append(["N1", "荧光PCR", "含提取", "", "次", 199.5, "自费", 100, 2, 250, "", price.item_code, ""])
        items.delete_rows(2)
        tests.delete_rows(2)
        tests.append([price.test.code, "", "N1×2", ""])

    sheet, address = give(officer_page, draft, book_of(draft, fill))
    before = draft.draft_items.count()
    page = officer_page.get(address).content.decode()
    officer_page.post(address)

    assert (before, sheet.problem_count) == (0, 0), sheet.problems
    assert "N1" in page
    assert (draft.draft_items.get().replaces, draft.draft_items.get().cap) == ([price.item_code], Decimal(250))
    assert draft.draft_charges.get().parts == [["N1", 2]]


def test_b13_every_fault_of_the_workbook_has_its_sheet_row_and_column(hospital, draft, officer_page):
    f.PriceFactory(institution=hospital.institution)

    def spoil(book):
        items, tests = book["价格项目"], book["检测收费"]
        items.append(["N1", "", "", "", "次", "很贵", "特类", 10])
        items.append(["N2", "项目", "", "", "次", 10, "自费", 50])
        tests.append(["GT-没有", "", "N2", ""])

    sheet, address = give(officer_page, draft, book_of(draft, spoil))
    places = {(one["sheet"], one["row"], one["column"]) for one in sheet.problems}
    refused = officer_page.post(address)

    assert ("价格项目", 3, "F 价格（元）") in places and ("价格项目", 3, "B 项目名称") in places
    assert ("价格项目", 3, "G 医保类别") in places and ("价格项目", 4, "H 先行自付比例（%）") in places
    assert ("检测收费", 3, "A 检测项目编码") in places
    assert refused.status_code == 409 and not draft.draft_items.exists()


def test_what_is_no_workbook_is_refused_at_the_field(draft, officer_page):
    upload = SimpleUploadedFile("价格.xlsx", b"no", content_type=files.XLSX)

    answer = officer_page.post(reverse("vendors:price_sheets", args=[draft.pk]), {"sheet": upload})

    assert answer.status_code == 422 and not draft.sheets.exists()


def test_the_workbook_as_given_out_says_nothing_new(hospital, draft, officer_page):
    test = f.indication().test
    first = actions.draft_change(
        institution=hospital.institution, title="一", basis="一号", effective_from=day(), by=hospital.prices
    )
    actions.put_item(
        change=first, by=hospital.prices, code="A1", name="项目", unit="次", amount=Decimal("10.50"), not_with=["B1"],
        insurance_class="乙类", own_percent=Decimal("12.5"), most=2,
    )  # fmt: skip
    actions.put_charge(change=first, test=test, parts=[("A1", 2)], by=hospital.prices)
    actions.put_up(change=first, by=hospital.prices)
    actions.check_change(change=first, by=hospital.cashier)
    actions.publish_change(change=first, by=hospital.prices)

    sheet, _address = give(officer_page, draft, book_of(draft))

    assert (sheet.items, sheet.charges, sheet.problems) == ([], [], [])


# The same for programs


def test_a_program_takes_the_same_steps_and_is_refused_in_the_same_words(hospital, program):
    client, second = program(hospital.prices), program(hospital.cashier)
    test = f.indication("LUNG-02").test
    made = client.post("price-changes/", {"title": "病理类", "basis": "9号", "effective_from": day().isoformat()})
    assert made.status_code == 201, made.content

    def post(who, address, **data):
        return who.post(f"price-changes/{made.json()['id']}/{address}", data)

    post(client, "items/", **(ITEM | {"most": 4}))
    refused = post(client, "tests/", test=test.code, parts=[{"code": "A1", "quantity": 9}])
    post(client, "tests/", test=test.code, parts=[{"code": "A1", "quantity": 2}])
    put_up = post(client, "step/", step="put_up")
    own = post(client, "step/", step="check")
    checked = post(second, "step/", step="check")
    forbidden = post(second, "step/", step="publish")
    published = post(client, "step/", step="publish")

    assert refused.status_code == 400 and "最多收取4个" in refused.content.decode()
    assert put_up.json()["tests"][0]["after"] == "240.00"
    assert own.status_code == 422 and "须由他人核对" in own.content.decode()
    assert (checked.status_code, forbidden.status_code, published.status_code) == (200, 403, 200)
    assert Price.objects.get(test=test).amount == Decimal(240)
