"""The paper itself: its form, its fonts, its text, what it carries."""

import csv
import io
import json

import pikepdf
import pypdfium2
import pytest

from accounts.models import Institution, User
from reports import actions, building, figures, pdf, periods
from reports.compiling import figures_of
from reports.models import Report

NOTE = "mingjian.example/trail\n1128\nq4XtCdUeJh0=\n\n— mingjian.example/trail AAAAAMm9\n"
CHECKPOINT = {"size": 1128, "root": "ab" * 32, "at": "2026-10-01T00:00:00+00:00", "key": "k", "note": NOTE}


@pytest.fixture
def papers(county):
    """A draft and a signed paper of LXZ on 2026Q3, as bytes."""
    hospital = Institution.objects.select_related("supervised_by").get(code="LXZ")
    report, _new = actions.ask(institution=hospital, period=periods.parse("2026Q3"), by=User.objects.machine())
    counted = figures_of(hospital, report.span)
    report.figures_sha256 = figures.sha256(counted.to_json())
    report.narrative = {"preamble": "现将有关情况报告如下：", "supervision": "本期开展巡查3次，患者㐱䶮无异议。"}
    report.contact_name = "吴敏"
    signature = pdf.Signature("岚总医〔2026〕58号", "郭维民", periods.parse("2026-10").start)
    draft = pdf.make(report, counted, checkpoint=None)
    signed = pdf.make(report, counted, checkpoint=CHECKPOINT, signature=signature)
    return draft, signed


def text_of(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "\n".join(page.get_textpage().get_text_range() for page in document).replace("\r\n", "\n")


def test_the_paper_is_whole(papers):
    draft, signed = papers
    said = text_of(signed.content)
    flat = "".join(said.split())

    # Its words are there to be searched, and those of a draft are not those of a signed paper.
    for words in ("岚溪县总医院文件", "岚总医〔2026〕58号", "签发人：郭维民", "岚溪县卫生健康局：", "2026年10月1日", "初诊MDT率97.1%（34/35）",
                  "LXZ20260812003", "工作情况表", "尚未启用记录", "留痕检查点", "㐱䶮", "（联系人：吴敏）"):  # fmt: skip
        assert words in flat, words
    unsigned = "".join(text_of(draft.content).split())
    assert "送审稿" in unsigned
    assert "送审稿" not in flat
    assert "（发文字号待编）" in unsigned

    with pikepdf.open(io.BytesIO(signed.content)) as document:
        # PDF/A-3: it says so, names its colours, and embeds every font.
        assert b'pdfaid:part="3"' in document.Root.Metadata.read_bytes() or "pdfaid:part>3" in str(
            document.Root.Metadata.read_bytes()
        )
        assert document.Root.OutputIntents
        fonts = {}
        for page in document.pages:
            for font in (page.Resources.get("/Font") or {}).values():
                below = font.DescendantFonts[0] if "/DescendantFonts" in font else font
                fonts[str(font.BaseFont)] = below.FontDescriptor
        assert fonts
        assert all("/FontFile2" in one or "/FontFile3" in one for one in fonts.values())
        assert len(document.open_outline().root) >= 5
        # A4 throughout, the wide table lying.
        sizes = {tuple(round(float(side)) for side in page.MediaBox[2:]) for page in document.pages}
        assert sizes == {(595, 842), (842, 595)}
        held = {name: one.get_file().read_bytes() for name, one in document.attachments.items()}
        assert len(document.Root.AF) == len(held) == 5

    frozen = json.loads(held["figures.json"])
    assert figures.sha256(frozen["figures"]) == frozen["figures_sha256"]
    rows = list(csv.reader(io.StringIO(held["status-table.csv"].decode("utf-8-sig"))))
    assert len(rows) == 29
    assert next(row for row in rows if row[0] == "7")[3] == "102（初诊38）"
    rates = list(csv.reader(io.StringIO(held["indicators.csv"].decode("utf-8-sig"))))
    assert ["K04", "初诊MDT率", "34", "35", "97.1%"] in [row[:5] for row in rates]

    # No page of names: a report carries numbers of cases only. No page without words, but for the red head's rule.
    assert "马某" not in flat
    assert all(len(page.strip()) > 20 for page in (text_of_page(signed.content, n) for n in range(signed.pages)))


def text_of_page(content: bytes, number: int) -> str:
    return pypdfium2.PdfDocument(content)[number].get_textpage().get_text_range()


def test_the_signature_never_stands_on_a_page_of_its_own(papers):
    _draft, signed = papers
    pages = [text_of_page(signed.content, number) for number in range(signed.pages)]
    last = next(page for page in pages if "2026年10月1日" in "".join(page.split()) and "附件1" not in page)
    assert "附件：" in "".join(last.split())


def test_built_for_real_the_report_stands_within_its_limits(county):
    report, _new = actions.ask(
        institution=Institution.objects.get(code="LXY"), period=periods.parse("2025Q2"), by=User.objects.machine()
    )
    report = building.build(report.pk, by=User.objects.machine())
    stored = Report.objects.get(pk=report.pk).pdf
    assert stored.name.startswith("岚溪县中医医院2025年第二季度")
    assert stored.size < 3_000_000
