"""A workbook given in again changes nothing; other content under a known number is refused; more is added."""

from decimal import Decimal

import pytest

from audit.models import Event
from referrals.models import Referral, StatementDifference, Status
from supervision.ledger.reading import LedgerRefused
from supervision.models import Finding, LedgerImport
from tests.ledgers import BILLS, CASES, Book
from vendors.models import ContractItem, StatementLine


@pytest.fixture
def small():
    """The same forty cases each time, anew."""
    return lambda: Book().cut(40, seed=9)


def faults_of(take_in, book):
    with pytest.raises(LedgerRefused) as refusal:
        take_in(book)
    return {(fault.sheet, fault.heading): fault.message for fault in refusal.value.faults}


def test_the_same_workbook_again_changes_nothing_and_says_the_same(take_in, small):
    first = take_in(small())
    before = Event.objects.count()

    again = take_in(small())

    assert again.key() == first.key()
    assert again.nothing_new
    assert Event.objects.count() == before
    assert LedgerImport.objects.count() == 1


def test_a_known_number_with_other_content_is_refused_with_the_difference(take_in, small):
    take_in(small())
    book = small()
    row = book.case(收费时间=True)
    row["收费金额（元）"] += 1
    row["诊断编码"] = "C99"
    was = small().case(申请单号=row["申请单号"])

    faults = faults_of(take_in, book)

    assert set(faults) == {(CASES, "收费金额（元）"), (CASES, "诊断编码")}
    assert "C99" in faults[CASES, "诊断编码"]
    assert was["诊断编码"] in faults[CASES, "诊断编码"]


def test_another_name_under_a_known_record_number_is_refused_without_telling_either(take_in, small):
    take_in(small())
    book = small()
    was, book.cases[0]["患者姓名"] = book.cases[0]["患者姓名"], "诸葛某丁"

    faults = faults_of(take_in, book)

    assert set(faults) == {(CASES, "患者姓名")}
    assert "诸葛" not in faults[CASES, "患者姓名"]
    assert was not in faults[CASES, "患者姓名"]


@pytest.mark.parametrize(
    ("sheet", "heading", "value"),
    [
        ("机构", "机构名称", "改名医院"),
        ("人员", "姓名", "改名"),
        ("人员", "岗位", "经治医师;科研管理"),
        ("第三方机构", "名称", "改名检验所"),
        ("资质证照", "有效期止", "2031-01-31"),
        ("合同", "采购编号", "CG-改"),
        ("合同项目", "结算价（元）", 1),
        ("价格", "公示日期", "2024-08-01"),
        (BILLS, "结算金额（元）", 1),
    ],
)
def test_every_sheet_refuses_a_changed_row(take_in, small, sheet, heading, value):
    take_in(small())
    book = small()
    book[sheet][0][heading] = value

    assert set(faults_of(take_in, book)) == {(sheet, heading)}


def test_a_later_workbook_adds_its_new_rows(take_in, small):
    take_in(small())
    later = Book().cut(60, seed=21)
    numbers = {row["申请单号"] for row in later.cases} | {row["申请单号"] for row in small().cases}
    lines = [line for line in Book()[BILLS] if line["对方样本号"] in numbers]

    outcome = take_in(later)

    assert set(Referral.objects.values_list("number", flat=True)) == numbers
    assert StatementLine.objects.count() == len(lines)
    assert outcome.added["合同"] == 0
    assert outcome.unchanged["合同"] == 12


def test_a_statement_that_arrives_late_settles_what_was_never_billed(take_in, small):
    book = small()
    lines = book[BILLS]
    assert lines
    book.rows[BILLS] = []
    take_in(book)
    missing = set(StatementDifference.objects.filter(kind="not_billed").values_list("sample_no", flat=True))
    assert {line["对方样本号"] for line in lines} <= missing

    take_in(small())

    left = set(StatementDifference.objects.filter(kind="not_billed").values_list("sample_no", flat=True))
    assert left == missing - {line["对方样本号"] for line in lines}


def test_a_live_case_of_the_same_number_is_not_overwritten(take_in, small, as_machine):
    book = small()
    take_in(book)
    from tests.factories import ReferralFactory

    hospital = Referral.objects.filter(institution__code="LXZ").first().institution
    live = ReferralFactory(institution=hospital, number="LXZ-LIVE-1")
    later = Book().cut(1, institution="LXZ", seed=77)
    later.cases[0]["申请单号"] = live.number

    assert set(faults_of(take_in, later)) == {(CASES, "申请单号")}


def test_a_case_that_went_on_since_is_still_the_same_row(take_in):
    take = Book().cut(300, seed=2)
    row = take.case(状态="进行中")
    take.rows[CASES] = [row]
    take.rows[BILLS] = []
    take_in(take)
    Referral.objects.filter(number=row["申请单号"]).update(status=Status.CANCELLED)

    assert take_in(take).nothing_new


def test_blanks_of_known_institutions_and_people_are_filled_in(take_in, small):
    from accounts.models import Institution, User

    Institution.objects.create(code="LXZ", name="岚溪县总医院")
    User.objects.create(username="LXZ001", name="梁玉文", password="!")

    take_in(small())

    assert Institution.objects.get(code="LXZ").grade == "二级甲等"
    person = User.objects.get(username="LXZ001")
    assert person.title == "主任医师"
    assert {post.role_id for post in person.posts.all()} == {"R01", "R04"}


def test_someone_who_can_sign_in_gets_no_post_from_a_workbook(take_in, small):
    from accounts.models import User

    person = User(username="LXZ030", name=next(r["姓名"] for r in small()["人员"] if r["工号"] == "LXZ030"))
    person.set_password("long enough to be one")
    person.save()

    outcome = take_in(small())

    assert not person.posts.exists()
    assert any("1" in note for note in outcome.notes)


def test_contract_items_carry_their_contracts_days(take_in, small):
    take_in(small())

    item = ContractItem.objects.select_related("contract").first()
    assert (item.valid_from, item.valid_to) == (item.contract.valid_from, item.contract.valid_to)
    assert item.settlement_price > Decimal(0)


def test_an_error_anywhere_leaves_no_finding_either(take_in, small):
    book = small()
    book[BILLS][-1]["结算金额（元）"] = "?"

    faults_of(take_in, book)

    assert not Finding.objects.exists()
    assert not StatementDifference.objects.exists()
