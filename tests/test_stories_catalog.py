"""An edition of the catalog in a real browser: loaded from the starter library, disputed, signed, checked, approved, in
force and printed.

Every post acts with its own demo login; nothing is prepared but the demo county. Clauses A40, B2, B3, X14;
`reports.md` §6.
"""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pypdfium2
import pytest
from django.utils import timezone

from catalog import queries
from catalog.models import Edition, Indication
from tests import stories
from tests.browsing import Desk

pytestmark = [pytest.mark.slow, pytest.mark.browser]

OFFICE, COLLEAGUE, VICE_PRESIDENT = "LXZ030", "LXZ917", "LXZ910"
ONCOLOGIST, PATHOLOGIST, PHARMACIST = ("LXZ001", "MDT专家"), ("LXZ028", "病理医师"), ("LXZ903", "临床药师")
GROUP = [(ONCOLOGIST[0], "肿瘤内科"), (PATHOLOGIST[0], "病理"), (PHARMACIST[0], "药学")]


def object_to(expert: Desk, at: str, code: str, words: str) -> None:
    expert.visit(f"{at}review/{code}/")
    expert.choose("kind", "objection")
    expert.fill(text=words)
    expert.submit("提交意见")
    expert.shows(words)


def sign(expert: Desk, at: str) -> None:
    expert.visit(f"{at}review/")
    expert.choose("agreed", "yes")
    expert.submit("签署")


def download(desk: Desk, label: str) -> bytes:
    with desk.page.expect_download() as given:
        desk.page.get_by_role("link", name=label, exact=True).click()
    return given.value.path().read_bytes()


def edition_now(number: str) -> Edition:
    return stories.rows(lambda: Edition.objects.get(institution__code="LXZ", number=number))


def line_now(number: str, code: str) -> Indication:
    return stories.rows(
        lambda: Indication.objects.select_related("test").get(
            edition__number=number, edition__institution__code="LXZ", code=code
        )
    )


def test_a_hundred_rows_are_disputed_by_three_experts_put_in_force_and_printed(desks):
    # Medical affairs begins from the starter library: all hundred rows, every one still to be reviewed.
    office = desks(OFFICE, "医务科")
    office.visit("/catalog/editions/")
    office.look("catalog-01-editions")
    office.page.get_by_role("link", name="起草新版").click()
    office.choose("source", "starter")
    number = office.main.locator("[name=number]").input_value()
    office.fill(note="首版院级目录")
    office.look("catalog-02-start")
    office.submit("建立草案")
    at = re.sub(r"^https?://[^/]+", "", office.page.url)
    office.shows("100", "待复核")
    office.look("catalog-03-draft")

    # Without a group of three nothing is put before anybody.
    office.submit("提交专家评审")
    office.refused("专家组现有0人", "B3")
    for username, discipline in GROUP:
        office.visit(f"{at}experts/")
        name = office.main.locator("[name=user] option", has_text=username).get_attribute("value")
        office.main.locator("[name=user]").select_option(name)
        office.fill(discipline=discipline)
        office.submit("指定")
        office.shows(discipline)
    office.look("catalog-04-experts")
    # Expert consensus alone speaks for two rows: evidence and discussion (A22) are recorded before anybody signs.
    office.visit(f"{at}evidence/")
    office.refused("GAS-04、OVA-04", "A22")
    for box in office.main.locator("[name=codes]").all():
        box.check()
    office.fill(
        evidence_text="共识所引两项前瞻性研究，证据级别按原文", department="肿瘤科", discussed_on=f"{timezone.localdate():%Y-%m-%d}",
        present="主任及三名主治医师", conclusion="同意列入目录，逐例讨论",
    )  # fmt: skip
    office.look("catalog-04-evidence")
    office.submit("登记")
    office.shows("本版各条目依据齐全")
    office.visit(at)
    office.submit("提交专家评审")
    office.shows("专家评审", "尚未签署")
    office.look("catalog-05-review-open")

    # Three objections: one on a row, one on another, one that its author will take back.
    oncologist, pathologist, pharmacist = desks(*ONCOLOGIST), desks(*PATHOLOGIST), desks(*PHARMACIST)
    oncologist.visit("/")
    oncologist.look("catalog-06-home-of-an-expert")
    oncologist.page.get_by_role("region", name="今日待办").get_by_role("link", name="目录评审待办").click()
    oncologist.shows(number)
    oncologist.visit(f"{at}review/")
    oncologist.look("catalog-07-review")
    before = line_now(number, "LUNG-02").setting
    object_to(oncologist, at, "LUNG-02", "辅助治疗只用于完全切除术后，请写明")
    oncologist.look("catalog-08-objection")
    object_to(pathologist, at, "CRC-01", "本院病理科人手不足，建议删去")
    object_to(pharmacist, at, "LUNG-01", "请核对药品医保限定支付范围")
    # What an expert has read against its source is confirmed; who objects does not sign.
    pathologist.visit(f"{at}review/LUNG-02/")
    pathologist.submit("已对照原文，确认并看下一条")
    oncologist.visit(f"{at}review/")
    oncologist.choose("agreed", "yes")
    oncologist.submit("签署")
    oncologist.refused("您的异议尚未处理")

    # Open objections keep the review open.
    office.visit(at)
    office.submit("结束专家评审")
    office.refused("尚有3条异议未处理", "B3", "处理异议")
    office.look("catalog-09-not-closed")

    # The first is accepted by the change it asks for, the row has to be confirmed anew.
    office.visit(f"{at}comments/")
    office.look("catalog-10-comments")
    office.main.locator("article", has_text="LUNG-02").get_by_role("link", name="修改条目并采纳").click()
    office.shows("辅助治疗只用于完全切除术后")
    office.fill(setting="ⅠB—ⅢA期完全切除术后辅助治疗", reason="采纳专家异议，写明完全切除术后")
    office.look("catalog-11-change")
    office.submit("保存条目")
    office.shows("已采纳并修改", "待复核", before)
    # The second is rejected, by somebody else than its author and with the reason.
    office.visit(f"{at}comments/")
    crc = office.main.locator("article", has_text="CRC-01")
    crc.locator("textarea").fill("指南为一线用药前必检，已与病理科商定周转时间")
    with office.page.expect_navigation():
        crc.get_by_role("button", name="不予采纳").click()
    office.shows("不予采纳")
    # The third is taken back by its author, whom nobody else can speak for.
    pharmacist.visit(f"{at}comments/")
    own = pharmacist.main.locator("article", has_text="LUNG-01")
    assert pharmacist.main.get_by_role("button", name="不予采纳").count() == 0
    own.locator("textarea").fill("已核对2025年版国家医保目录")
    with pharmacist.page.expect_navigation():
        own.get_by_role("button", name="撤回异议").click()
    pharmacist.shows("已撤回")
    assert line_now(number, "LUNG-02").reviewed_on is None

    # A whole page of rows is confirmed at once, save those that say themselves that they are not settled.
    pathologist.visit(f"{at}review/?which=to_review")
    boxes = pathologist.main.locator("[name=code]")
    confirmed = boxes.count()
    assert confirmed
    for box in boxes.all():
        box.check()
    pathologist.submit("勾选条目已对照原文核对")
    pathologist.look("catalog-12-confirmed")

    for expert in (oncologist, pathologist, pharmacist):
        sign(expert, at)
    pharmacist.look("catalog-13-signed")
    office.visit(f"{at}experts/")
    office.look("catalog-14-signatures")
    office.visit(at)
    office.submit("结束专家评审")
    # Who drafted does not check; the colleague does.
    office.visit(at)
    office.submit("医务科审核通过")
    office.refused("您起草或修改过本版目录", "A40")
    colleague = desks(COLLEAGUE, "医务科")
    for part in ("difference/", "effects/"):
        colleague.visit(f"{at}{part}")
        colleague.look(f"catalog-15-{part[:-1]}")
    colleague.shows("没有公示价格的条目")
    colleague.visit(at)
    colleague.fill(note="已逐行核对，异议处理有据")
    colleague.look("catalog-16-check")
    colleague.submit("医务科审核通过")

    vice_president = desks(VICE_PRESIDENT)
    vice_president.visit(at)
    vice_president.shows("已逐行核对，异议处理有据")
    vice_president.look("catalog-17-approval")
    today = timezone.localdate()
    vice_president.fill(starts_on=today.isoformat(), document_number="岚总医〔2026〕58号")
    vice_president.submit("批准施行")
    vice_president.shows("已生效", "岚总医〔2026〕58号")
    vice_president.look("catalog-18-in-force")
    edition = edition_now(number)
    assert (edition.status, edition.in_force_from) == ("in_force", today)
    hospital = stories.rows(lambda: edition.institution)
    assert stories.rows(lambda: queries.edition_in_force(hospital, today)) == edition

    # A doctor reads it, and takes the county's list away on paper and as a workbook.
    doctor = desks("LXZ003")
    doctor.visit(at)
    assert doctor.main.get_by_role("link", name="新增条目").count() == 0
    _is_the_countys_list(download(doctor, "XLSX"), download(doctor, "PDF"), confirmed)
    doctor.visit(f"{at}history/")
    doctor.shows("采纳专家异议，写明完全切除术后")
    doctor.look("catalog-19-history")


def _is_the_countys_list(workbook: bytes, paper: bytes, confirmed: int) -> None:
    """All hundred rows with their marks, the changed one as it now reads, the approval's number on paper."""
    book: Any = openpyxl.load_workbook(io.BytesIO(workbook))
    found = book["目录"].iter_rows(min_row=2, values_only=True)
    lines = {row[0]: row for row in found if re.fullmatch(r"[A-Z]+-\d+", str(row[0] or ""))}
    assert len(lines) == 100
    assert "ⅠB—ⅢA期完全切除术后辅助治疗" in lines["LUNG-02"]
    marked = [code for code, row in lines.items() if "待复核" in str(row[-1])]
    assert len(marked) == 100 - confirmed
    document = pypdfium2.PdfDocument(paper)
    text = re.sub(r"\s", "", "".join(page.get_textpage().get_text_bounded() for page in document))
    assert "岚总医〔2026〕58号" in text and "送审稿" not in text
    assert all(code in text for code in lines)
    assert "期完全切除术后辅助治疗" in text
