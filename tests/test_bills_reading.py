"""A laboratory's file as it comes: columns guessed and named, every bad line told with its place, nothing recorded before
it is confirmed (A28)."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.gates import Refused
from audit.models import Event
from documents.files import BadUpload
from documents.spreadsheets import check_table
from referrals.actions import bills
from tests.fixtures.bills import COLUMNS
from vendors.models import Statement, StatementLine, StatementMapping, StatementUpload
from vendors.statement_reading import Bill, preview

Status = StatementUpload.Status


def workbook(rows, title="账单"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_headings_below_a_title_are_found_and_guessed():
    seen = preview(
        workbook([["某检验所2026年3月结算单"], ["医院：某县医院"], ["样本编号", "患者姓名", "项目名称", "收样时间", "应付金额(元)"],
                  ["JC1", "张三", "EGFR", "2026-03-08", 600]])
    )  # fmt: skip

    assert seen.heading_row == 3
    assert seen.guesses == {
        "sample_no": "样本编号", "test_name": "项目名称", "received_on": "收样时间", "amount": "应付金额(元)",
    }  # fmt: skip
    assert seen.rows[0][:2] == ("JC1", "＊")


def test_what_a_laboratory_should_not_hold_is_named_and_not_shown():
    seen = preview(workbook([["样本号", "身份证号", "金额"], ["JC1", "110105194912310021", 600]]))

    assert seen.not_theirs == ("身份证号",)
    assert seen.rows[0] == ("JC1", "＊", "600")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_csv_reads_the_same_in_every_encoding_hospitals_meet(billing, encoding):
    case = billing.case()
    bill = Bill(billing.csv(billing.row(case), encoding=encoding), COLUMNS)

    (line,) = bill.lines()

    assert (line.sample_no, line.test_name, line.amount) == (case.number, case.test.name, Decimal("600.00"))
    assert bill.faults == []


def test_a_total_below_the_lines_is_no_line_and_has_to_agree():
    rows = [["样本号", "项目名称", "金额"], ["A1", "EGFR", 600], ["A2", "EGFR", 650], ["合计", "", 1250]]
    columns = {"sample_no": "样本号", "test_name": "项目名称", "amount": "金额"}
    good, bad = Bill(workbook(rows), columns), Bill(workbook([*rows[:-1], ["合计", "", 1300]]), columns)

    assert len(list(good.lines())) == 2
    assert good.faults == []
    assert len(list(bad.lines())) == 2
    assert [(one.row, one.column) for one in bad.faults] == [(4, "C")]


def test_a_number_that_excel_has_cut_is_told_apart_from_a_sample_number():
    bill = Bill(workbook([["样本号", "金额"], [1234567890123456789, 600]]), {"sample_no": "样本号", "amount": "金额"})

    assert list(bill.lines()) == []
    assert [(one.sheet, one.row, one.column) for one in bill.faults] == [("账单", 2, "A")]


def test_bad_lines_are_all_told_with_sheet_row_and_column_and_nothing_is_recorded(billing):
    case = billing.case()
    job = billing.give_in(
        billing.row(case), billing.row("", 600), billing.row("X2", "六百"), billing.row("X3", 600, 收样日期="昨天")
    )

    assert job.status == Status.REFUSED
    assert [(one["row"], one["column"], one["heading"]) for one in job.errors] == [
        (3, "B", "样本条码"), (4, "F", "结算金额（元）"), (5, "D", "收样日期"),
    ]  # fmt: skip
    assert not Statement.objects.exists()


def test_nothing_changes_until_it_is_confirmed(billing):
    job = billing.give_in(billing.row(billing.case()))

    assert (job.status, job.rows_total, job.amount_total) == (Status.CHECKED, 1, Decimal("600.00"))
    assert not StatementLine.objects.exists()


def test_columns_are_named_once_and_remembered(billing):
    billing.record(billing.row(billing.case()))

    job = bills.give_in(
        upload=check_table(billing.csv(billing.row("X9"))), laboratory=billing.laboratory, month="2026-04", by=billing.finance
    )  # fmt: skip

    assert job.status == Status.TO_CHECK
    assert StatementMapping.objects.get().columns == COLUMNS


def test_a_column_named_twice_and_one_left_out_are_refused_at_their_fields(billing):
    upload = check_table(billing.csv(billing.row("X1")))
    job = bills.give_in(upload=upload, laboratory=billing.laboratory, month="2026-03", by=billing.finance)

    with pytest.raises(ValidationError) as wrong:
        bills.name_columns(upload=job, columns={"sample_no": "样本条码", "test_name": "样本条码"}, by=billing.finance)

    assert set(wrong.value.message_dict) == {"sample_no", "test_name", "amount"}


def test_the_same_file_twice_is_recognised(billing):
    rows = [billing.row(billing.case())]
    billing.record(*rows)
    done = StatementUpload.objects.get()

    again = billing.give_in(*rows)

    assert again == done
    with pytest.raises(ValidationError) as wrong:
        billing.give_in(*rows, month="2026-04")
    assert "month" in wrong.value.message_dict


def test_a_statement_is_replaced_only_with_a_reason_and_the_former_one_is_kept(billing):
    case = billing.case()
    billing.record(billing.row(case, 650))
    assert billing.kinds() == [("amount_differs", case.number)]

    with pytest.raises(ValidationError):
        billing.give_in(billing.row(case))
    billing.record(billing.row(case), reason="机构更正单价")

    assert billing.kinds() == []
    former, standing = Statement.objects.order_by("pk")
    assert (former.superseded_by, former.supersede_reason) == (billing.finance, "机构更正单价")
    assert former.lines.get().amount == 650
    assert standing.superseded_at is None
    assert Event.objects.filter(table_name="vendors_statement", step="statement.recorded", op="U").exists()


def test_only_finance_gives_a_statement_in(billing):
    with pytest.raises(PermissionDenied):
        billing.give_in(billing.row("X1"), by=billing.affairs)


def test_another_files_disguise_and_an_empty_file_are_refused():
    for content in (b"", b"%PDF-1.7", b"a\0b"):
        with pytest.raises(BadUpload):
            check_table(content)


def test_a_file_given_up_is_not_confirmed(billing):
    job = billing.give_in(billing.row("X1"))
    bills.discard(upload=job, by=billing.finance)

    with pytest.raises(Refused):
        bills.confirm(upload=job, by=billing.finance)
