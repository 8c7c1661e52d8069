"""What is wrong with a workbook is said all at once, each with sheet, row, column; nothing is recorded."""

from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Institution, Post, User
from audit.models import Event
from documents.files import BadUpload
from referrals.models import Identity, Referral
from supervision.ledger.reading import LedgerRefused, read
from supervision.models import LedgerImport
from tests.ledgers import BILLS, CASES


@pytest.fixture
def refused(take_in):
    """Take the workbook in and return its faults as (sheet, row, column letter, heading) → message."""

    def run(book, **options):
        with pytest.raises(LedgerRefused) as refusal:
            take_in(book, **options)
        return {(f.sheet, f.row, f.column, f.heading): f.message for f in refusal.value.faults}

    return run


def row_of(book, row):
    return book.cases.index(row) + 2


def test_every_error_is_named_at_once_and_nothing_is_recorded(book, refused, as_machine):
    book.cut(30)
    cases = book.cases
    cases[0]["申请时间"] = "昨天"
    cases[1]["收费金额（元）"] = "约八百"
    cases[2]["检测项目代码"] = "GT-NONE"
    cases[3]["适应症编号"] = "NONE-9"
    cases[4]["申请医师工号"] = "LXZ999"
    cases[5]["申请科室"] = "牙科"
    cases[6]["是否初诊恶性肿瘤"] = "也许"
    cases[7]["状态"] = "丢失"
    cases[8]["病案号"] = None
    shipped = book.case(外送时间=True)
    shipped["第三方代码"] = "L77"
    book["人员"][0]["岗位"] = "经治医师;驻院代表"
    book["资质证照"][0]["有效期止"] = datetime(2001, 1, 1)
    book["合同项目"][3]["合同编号"] = "无此合同"
    book["价格"][2]["价格（元）"] = -5
    book[BILLS][0]["账期"] = "去年"
    before = Event.objects.count()

    faults = refused(book)

    found = {(sheet, row, heading) for sheet, row, _column, heading in faults}
    assert found == {
        (CASES, 2, "申请时间"),
        (CASES, 3, "收费金额（元）"),
        (CASES, 4, "检测项目代码"),
        (CASES, 5, "适应症编号"),
        (CASES, 6, "申请医师工号"),
        (CASES, 7, "申请科室"),
        (CASES, 8, "是否初诊恶性肿瘤"),
        (CASES, 9, "状态"),
        (CASES, 10, "病案号"),
        (CASES, row_of(book, shipped), "第三方代码"),
        ("人员", 2, "岗位"),
        ("资质证照", 2, "有效期止"),
        ("合同项目", 5, "合同编号"),
        ("价格", 4, "价格（元）"),
        (BILLS, 2, "账期"),
    }
    assert faults[CASES, 2, "N", "申请时间"].startswith("“昨天”")
    assert not Referral.objects.exists()
    assert not LedgerImport.objects.exists()
    assert Event.objects.count() == before


def test_rows_that_contradict_themselves_are_named(book, refused):
    book.cut(40)
    charged = book.case(收费时间=True, 状态="已归档")
    charged["收费时间"] = None
    filed = next(row for row in book.cases if row["归档时间"] and row is not charged)
    filed["归档时间"] = None

    faults = refused(book)

    place = row_of(book, charged)
    assert (CASES, place, "Y", "收费时间") in faults
    assert (CASES, row_of(book, filed), "AJ", "归档时间") in faults


def test_doubles_are_named_with_the_row_they_repeat(book, refused):
    book.cut(10)
    book.cases[4]["申请单号"] = book.cases[1]["申请单号"]
    book["科室"].append(dict(book["科室"][0]))

    faults = refused(book)

    number = book.cases[1]["机构代码"] == book.cases[4]["机构代码"]
    assert ((CASES, 6, "A", "申请单号") in faults) == number
    assert "2" in faults["科室", len(book["科室"]) + 1, "B", "科室"]


def test_one_record_number_is_one_patient_and_no_name_is_repeated(book, refused):
    book.only("LXZ").cut(10)
    book.cases[1]["病案号"] = book.cases[0]["病案号"]
    book.cases[0]["患者姓名"], book.cases[1]["患者姓名"] = "欧阳某甲", "司马某乙"

    faults = refused(book)

    assert (CASES, 3, "F", "患者姓名") in faults
    assert not any("欧阳" in message or "司马" in message for message in faults.values())


def test_a_missing_sheet_and_a_missing_heading_are_named(book, refused):
    book.cut(5).drop_sheet("价格").drop_heading(CASES, "采样时间")

    faults = refused(book)

    assert set(faults) == {("价格", 0, "", ""), (CASES, 1, "", "采样时间")}


def test_more_columns_sheets_and_empty_rows_do_no_harm_and_are_noted(book, take_in):
    book.cut(5)
    book.headings[CASES] = ["备注", *book.headings[CASES]]
    book.cases.insert(2, {})
    book.headings["随手记"], book.rows["随手记"] = ["写点什么"], []

    outcome = take_in(book)

    assert outcome.rows == 5
    assert len(outcome.notes) == 2
    assert any("备注" in note for note in outcome.notes)
    assert any("随手记" in note for note in outcome.notes)


def test_times_and_numbers_written_as_text_are_read(book, take_in):
    book.cut(5)
    row = book.cases[0]
    row["申请时间"] = "2024年12月3日 9:05"
    row["出生年"] = "1961"

    take_in(book)

    case = Referral.objects.get(number=row["申请单号"])
    assert case.requested_at.isoformat() == "2024-12-03T01:05:00+00:00"
    assert case.patient.birth_year == 1961


def test_what_is_no_workbook_is_refused_with_a_sentence(tmp_path, as_machine):
    from supervision import actions

    path = tmp_path / "ledger.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"))

    with pytest.raises(BadUpload) as bad:
        actions.import_file(path=path)

    assert bad.value.error_list[0].code == "encrypted"


def test_a_part_of_the_workbook_that_is_damaged_is_no_crash(book):
    content = bytearray(book.cut(3).content())
    middle = len(content) // 2
    content[middle : middle + 200] = b"\0" * 200

    with pytest.raises((BadUpload, LedgerRefused)):
        read(bytes(content))


def test_only_rows_of_ones_own_institution_are_taken(book, take_in, as_machine):
    book.cut(30)
    take_in(book.cut(1, institution="LXZ"))  # the hospital is known here
    from tests.ledgers import Book

    hospital = Institution.objects.get(code="LXZ")
    whole = Book().cut(30, seed=5)
    own = [row for row in whole.cases if row["机构代码"] == "LXZ"]
    whole.cases.append({**whole.cases[0], "申请单号": "LXY-X", "机构代码": "LXY", "申请时间": "胡写"})

    outcome = take_in(whole, institution=hospital)

    assert outcome.rows == len(own)
    assert outcome.skipped[CASES] == 31 - len(own)
    assert outcome.skipped["合同"] == 6
    assert outcome.skipped["合同项目"] == sum(row["合同编号"].startswith("LXY") for row in whole["合同项目"])
    assert {case.institution_id for case in Referral.objects.all()} == {hospital.pk}


def test_people_get_accounts_that_cannot_sign_in_with_the_posts_the_ledger_names(book, take_in):
    take_in(book.cut(3))

    person = User.objects.get(username="LXZ001")
    assert not person.has_usable_password()
    assert {post.role_id for post in person.posts.all()} == {"R01", "R04"}
    assert {post.department.name for post in person.posts.all()} == {"肿瘤科"}
    assert not User.objects.filter(username__startswith="LX").exclude(password__startswith="!").exists()


def test_a_chair_from_the_other_hospital_is_known_without_a_post_here(book, take_in):
    take_in(book.only("LXZ").cut(2))
    from tests.ledgers import Book

    hospital = Institution.objects.get(code="LXZ")
    whole = Book().cut(20, institution="LXZ", seed=3)
    whole.case(MDT讨论时间=True)["MDT主持人工号"] = "LXY033"

    take_in(whole, institution=hospital)

    assert User.objects.filter(username="LXY033").exists()
    assert not Post.objects.filter(user__username="LXY033").exists()


def test_names_go_to_the_table_of_identities_with_what_search_needs(book, take_in):
    row = book.cut(2).cases[0]
    take_in(book)

    identity = Identity.objects.get(patient__record_no=row["病案号"])
    assert identity.name == row["患者姓名"]
    assert row["患者姓名"][:1] in identity.name_grams
    assert row["患者姓名"] not in str(Referral.objects.get(number=row["申请单号"]).ledger_entry.content)


def test_the_command_tells_errors_on_standard_error_and_prints_nothing(book, as_machine, tmp_path):
    book.cut(3).cases[0]["申请时间"] = "昨天"
    out, err = StringIO(), StringIO()

    with pytest.raises(CommandError) as stopped:
        call_command("import_ledger", str(book.save(tmp_path / "ledger.xlsx")), "--json", stdout=out, stderr=err)

    assert stopped.value.returncode == 2
    assert out.getvalue() == ""
    assert "昨天" in err.getvalue()


def test_a_slipped_column_does_not_carry_a_name_into_the_trail(book, as_machine):
    """An error quotes the cell; the event that records the errors shows only their digest."""
    job = LedgerImport.objects.create(
        file_sha256="0" * 64,
        file_name="ledger.xlsx",
        requested_by=User.objects.machine(),
        errors=[{"message": "“欧阳某甲”"}],
    )

    payload = Event.objects.filter(table_name="supervision_ledgerimport", row_id=str(job.pk)).latest("pk").payload
    assert "欧阳" not in payload
    assert "\\u6b27" not in payload


def test_rows_blank_under_every_heading_of_ours_are_no_rows(book, take_in):
    """Blanks typed to clear a cell, running numbers dragged on below the last case, and dashes for nothing."""
    book.only("LXZ").cut(40)
    book.headings[CASES].append("序号")
    book.case(结果=False)["结果"] = "—"
    book.cases.extend([{"患者姓名": "  "}, {"序号": 7}, {}])

    assert take_in(book, dry_run=True).rows == 40
