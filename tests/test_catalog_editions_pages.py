"""The pages of an edition: what each shows, refuses and asks the database; the county's list; a sheet taken in.

Clauses A40, B2, B3; `reports.md` §6.
"""

import csv
import io
import re
from datetime import timedelta

import openpyxl
import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.declaring import acting
from audit.gates import Refused
from catalog import actions, diffing, effects, papers, sheets
from catalog.actions import sheets as sheet_actions
from catalog.models import Edition, Indication, RowChange, SheetImport

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def declared(db):
    with acting(User.objects.machine(), step="test"):
        yield


def as_(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def at(edition, rest=""):
    return f"/catalog/editions/{edition.pk}/{rest}"


def row(edition, code="LUNG-01"):
    return Indication.objects.select_related("test", "edition").get(edition=edition, code=code)


def text_of(content):
    return "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content))


# Who sees what


def test_a_draft_is_seen_by_its_makers_and_the_experts_named_and_by_nobody_else(at_station, makers):
    edition = at_station("expert_review")
    for user in (makers.drafter, makers.decider, makers.experts[0]):
        assert as_(user).get(at(edition)).status_code == 200
    for user in (makers.doctor, makers.bystander):
        assert as_(user).get(at(edition)).status_code == 404
        assert edition.number not in as_(user).get("/catalog/editions/").content.decode()
    assert as_(makers.decider).get(at(edition, "review/")).status_code == 403
    assert as_(makers.doctor).post(at(edition, "step/"), {"do": "close"}).status_code == 404


def test_every_doctor_reads_the_edition_in_force(at_station, makers):
    edition = at_station("in_force")
    for rest in ("", "rows/LUNG-01/", "difference/", "effects/", "history/", "comments/", "experts/"):
        assert as_(makers.doctor).get(at(edition, rest)).status_code == 200, rest


def test_a_refused_step_says_what_is_missing_and_keeps_what_was_typed(draft, makers):
    draft.experts.all()[0].delete()
    answer = as_(makers.drafter).post(at(draft, "step/"), {"do": "open", "due": "2999-01-01"})
    page = answer.content.decode()
    assert answer.status_code == 409 and "专家组现有2人" in page and "2999-01-01" in page


def test_signatures_that_lapsed_are_listed_once_there_are_any(at_station, makers):
    edition = at_station("expert_review")
    assert "已失效的签署" not in as_(makers.drafter).get(at(edition, "experts/")).content.decode()
    actions.sign_off(edition=edition, agreed=True, by=makers.experts[0])
    actions.change_row(line=row(edition), values={"setting": "晚期"}, reason="按指南", by=makers.drafter)
    assert "已失效的签署" in as_(makers.drafter).get(at(edition, "experts/")).content.decode()


def test_the_whole_way_through_the_forms(draft, makers):
    drafter, (one, two, three) = as_(makers.drafter), makers.experts
    assert drafter.post(at(draft, "step/"), {"do": "open"}).status_code == 302
    answer = as_(one).post(at(draft, "review/LUNG-02/"), {"do": "comment", "kind": "objection", "text": "宜限定分期"})
    assert answer.status_code == 302
    raised = draft.comments.get()
    assert as_(one).post(at(draft, "review/LUNG-01/"), {"do": "confirm"}).headers["Location"] == at(
        draft, "review/LUNG-02/"
    )
    change = drafter.get(at(draft, f"rows/LUNG-02/change/?comment={raised.pk}"))
    form = change.context["form"]
    typed = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    typed |= {"setting": "ⅠB—ⅢA期根治术后", "reason": "采纳专家意见", "comment": raised.pk}
    assert drafter.post(at(draft, "rows/LUNG-02/change/"), typed).status_code == 302
    raised.refresh_from_db()
    assert raised.status == "accepted"
    for expert in (one, two, three):
        assert as_(expert).post(at(draft, "review/sign-off/"), {"do": "sign", "agreed": "yes"}).status_code == 302
    assert drafter.post(at(draft, "step/"), {"do": "close"}).status_code == 302
    assert drafter.post(at(draft, "step/"), {"do": "check", "note": ""}).status_code == 409
    assert as_(makers.checker).post(at(draft, "step/"), {"do": "check", "note": "核对无误"}).status_code == 302
    day = timezone.localdate() + timedelta(days=3)
    assert as_(makers.drafter).post(at(draft, "step/"), {"do": "approve", "starts_on": day}).status_code == 403
    assert as_(makers.decider).post(at(draft, "step/"), {"do": "approve", "starts_on": day}).status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.in_force_from, draft.approved_by) == ("in_force", day, makers.decider)


def test_pages_ask_the_database_as_often_for_few_rows_as_for_ninety(draft, makers):
    client = as_(makers.drafter)
    addresses = [
        at(draft),
        at(draft, "difference/"),
        at(draft, "effects/"),
        at(draft, "history/"),
        at(draft, "comments/"),
    ]

    def count():
        found = []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                assert client.get(address).status_code == 200
            found.append(len(asked))
        return found

    starter = Edition.objects.get(number="2023-1")
    actions.take_from(edition=draft, lines=starter.indications.all()[:6], reason="纳入", by=makers.drafter)
    few = count()
    actions.take_from(edition=draft, lines=starter.indications.all()[:90], reason="纳入", by=makers.drafter)
    assert draft.indications.count() >= 90
    assert count() == few


# Differences and effects


def test_two_editions_are_compared_row_by_row_and_cell_by_cell(draft, makers):
    actions.change_row(line=row(draft), values={"grade": "mdt"}, reason="风险上调", by=makers.drafter)
    actions.remove_row(line=row(draft, "CRC-01"), reason="不收治", by=makers.drafter)
    starter = Edition.objects.get(number="2023-1")
    found = diffing.compare(starter, draft)
    assert [(one.code, [(cell.name, cell.before, cell.after) for cell in one.cells]) for one in found.changed] == [
        ("LUNG-01", [("grade", "常规", "需MDT")])
    ]
    assert len(found.removed) == 97 and found.same == 2 and not found.added
    page = as_(makers.drafter).get(at(draft, f"difference/?other={starter.pk}")).content.decode()
    assert "CRC-01" in page and "需MDT" in page


def test_rows_without_price_or_place_are_told_before_approval(draft, makers):
    _difference, found = effects.of(draft, makers.decider)
    counted = {one.code: one.count for one in found}
    assert (counted["price"], counted["place"]) == (4, 4)
    assert "没有公示价格的条目" in as_(makers.decider).get(at(draft, "effects/")).content.decode()


# On paper


def test_the_workbook_has_the_countys_columns_and_comes_back_without_a_change(draft):
    content = papers.as_workbook(draft)
    book = openpyxl.load_workbook(io.BytesIO(content))
    heads = [cell.value for cell in book["目录"][1]]
    assert heads == ["编号", *papers.FORM, "标记"]
    body = {line[0]: line for line in book["目录"].iter_rows(min_row=2, values_only=True) if line[0] and "-" in line[0]}
    assert set(body) >= {"LUNG-01", "LUNG-02", "LUNG-04", "CRC-01"}
    assert body["LUNG-04"][-2:] == ("待复核", "待复核、待核")
    read = sheets.read(content, draft)
    assert (read.form, read.faults) == ("detailed", [])
    assert sheets.changes(read.lines, draft) == ([], 4)


def test_the_paper_is_a_draft_until_approved_and_shows_every_mark(at_station, makers):
    edition = at_station("approval")
    text = re.sub(r"\s", "", text_of(papers.as_paper(edition).content))
    assert "送审稿" in text and "尚未批准" in text
    edition = actions.put_in_force(
        edition=edition, starts_on=timezone.localdate(), by=makers.decider, document_number="某总医〔2026〕58号"
    )
    content = papers.as_paper(edition).content
    text = re.sub(r"\s", "", text_of(content))
    assert "送审稿" not in text and "某总医〔2026〕58号" in text and makers.decider.name in text
    assert text.count("待复核") >= 4 and "待核" in text.replace("待复核", "")


# A sheet


def county(rows, heads=None):
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(heads or ["编号", *papers.FORM])
    writer.writerows(rows)
    return target.getvalue().encode("utf-8-sig")


def county_row(code="LUNG-91", **changes):
    cells = dict(
        zip(
            papers.FORM,
            ["非小细胞肺癌（C34）", "Ⅳ期一线治疗前", "KRAS G12C检测", "KRAS：G12C", "PCR（替代：NGS小panel）", "FFPE组织", "靶向用药", "—",
             "《原发性肺癌诊疗指南》，国家卫生健康委办公厅，2022", "推荐", "—", "常规", "是", "外送", "待复核"],
            strict=True,
        )
    )  # fmt: skip
    return [code, *(cells | changes).values()]


def test_a_sheet_changes_nothing_until_it_is_confirmed(draft, makers):
    content = county([county_row(), county_row("")])
    client = as_(makers.drafter)
    given = client.post(at(draft, "sheets/"), {"sheet": SimpleUploadedFile("县级目录.csv", content)})
    assert given.status_code == 302
    assert draft.indications.count() == 4 and not RowChange.objects.filter(edition=draft).exists()
    page = client.get(given.headers["Location"]).content.decode()
    assert "LUNG-91" in page and "LUNG-92" in page
    assert client.post(given.headers["Location"], {"reason": ""}).status_code == 422
    assert client.post(given.headers["Location"], {"reason": "本院清单"}).status_code == 302
    made = row(draft, "LUNG-91")
    assert (made.genes, made.alteration, made.method_alternative, made.year) == ("KRAS", "G12C", "NGS小panel", 2022)
    assert (made.issuer, made.icd10_match, made.marks) == ("国家卫生健康委办公厅", "C34", ["待复核"])
    assert RowChange.objects.filter(edition=draft, kind="added", reason="本院清单").count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"基因与变异": "EGFRR：L858R"}, "EGFR"),
        ({"基因与变异": "L858R"}, "基因：变异"),
        ({"瘤种（ICD-10）": "肺癌（C59）"}, "C59"),
        ({"瘤种（ICD-10）": "肺癌"}, "ICD-10"),
        ({"推荐级别": "Ⅰ级推荐"}, "CSCO"),
        ({"推荐级别": "强烈推荐", "证据类别": "2A类"}, "不同分级体系|不属于同一"),
        ({"依据": "《原发性肺癌诊疗指南》，国家卫生健康委办公厅，2999"}, "2999"),
        ({"依据": "《原发性肺癌诊疗指南》，国家卫生健康委办公厅，1987"}, "1987"),
        ({"依据": ""}, "必填"),
        ({"目的": ""}, "必填"),
        ({"分级": "高级"}, "高级"),
        ({"复核日期": "2099-01-01"}, "复核日期"),
    ],
)
def test_each_row_says_what_is_wrong_with_it_and_nothing_is_taken_in(draft, makers, changes, words):
    given = sheet_actions.give_sheet(
        edition=draft,
        content=county([county_row(), county_row("LUNG-92", **changes)]),
        name="表.csv",
        by=makers.drafter,
    )
    wrong = [one for one in given.problems if one["is_fault"]]
    assert wrong and {one["row"] for one in wrong} == {3}
    assert re.search(words, " ".join(one["message"] for one in wrong)), wrong
    with pytest.raises(Refused):
        sheet_actions.confirm_sheet(sheet=given, reason="导入", by=makers.drafter)
    assert draft.indications.count() == 4


def test_a_code_that_stands_twice_is_named_with_its_row(draft, makers):
    given = sheet_actions.give_sheet(
        edition=draft, content=county([county_row(), county_row()]), name="表.csv", by=makers.drafter
    )
    assert [(one["row"], one["column"]) for one in given.problems if one["is_fault"]] == [(3, "编号")]


def test_a_sheet_read_before_another_change_is_not_taken_in(draft, makers):
    given = sheet_actions.give_sheet(edition=draft, content=county([county_row()]), name="表.csv", by=makers.drafter)
    actions.remove_row(line=row(draft, "CRC-01"), reason="不收治", by=makers.checker)
    with pytest.raises(Refused):
        sheet_actions.confirm_sheet(sheet=given, reason="导入", by=makers.drafter)


def test_the_starters_own_file_is_taken_in_as_it_is(makers):
    from catalog.loading import DATA

    edition = actions.start_draft(by=makers.drafter, source="empty")
    given = sheet_actions.give_sheet(
        edition=edition, content=(DATA / "indications.csv").read_bytes(), name="indications.csv", by=makers.drafter
    )
    assert (given.problem_count, len(given.rows)) == (0, 100)
    assert sheet_actions.confirm_sheet(sheet=given, reason="样例库", by=makers.drafter) == 100
    starter = Edition.objects.get(number="2023-1")
    assert not diffing.compare(starter, edition).rows


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\x00\x01\x02", "随便写的文字\n没有表头".encode()])
def test_what_is_no_sheet_is_refused_with_a_sentence(draft, makers, content):
    upload = SimpleUploadedFile("表.xlsx", content)
    answer = as_(makers.drafter).post(at(draft, "sheets/"), {"sheet": upload})
    assert answer.status_code == 422 and not SheetImport.objects.exists()


def test_the_countys_own_form_comes_back_without_a_change(draft):
    book = openpyxl.load_workbook(io.BytesIO(papers.as_workbook(draft)))
    del book["明细"]
    target = io.BytesIO()
    book.save(target)
    read = sheets.read(target.getvalue(), draft)
    assert (read.form, len(read.lines), read.faults) == ("county", 4, [])
    assert sheets.changes(read.lines, draft) == ([], 4)
