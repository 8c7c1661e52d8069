"""Files in, workbooks in and out, and papers out: nothing disguised comes in, nothing false is drawn."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pikepdf
import pypdfium2
import pytest
from django.template import engines
from django.utils import timezone, translation
from PIL import Image, ImageChops

from audit.declaring import acting
from documents import files, fonts, official, pdf, qr, spreadsheets
from documents.spreadsheets import Column, SheetOut

RARE = [
    "张䶮", "王㛃", "李𬭼", "赵㸔", "陈垚", "周犇", "吴𣸣", "郑䴙䴘", "阿卜杜热合曼·买买提吐尔逊", "欧阳翀", "单曾仇解",
]  # fmt: skip


# Files


def a_workbook(**parts: bytes) -> bytes:
    target = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["申请单号"])
    book.save(target)
    if parts:
        with zipfile.ZipFile(target, "a") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
    return target.getvalue()


def refused(content: bytes, **how) -> files.BadUpload:
    with pytest.raises(files.BadUpload) as caught:
        files.check(content, **how)
    return caught.value


def test_a_workbook_is_known_by_its_content_and_not_by_its_name():
    assert files.check(a_workbook(), name="台账.pdf").content_type == files.XLSX
    assert refused(b"%PDF-1.7 ...", name="台账.xlsx").code == "wrong_kind"
    assert refused(b"just words", name="台账.xlsx").code == "wrong_kind"


def test_pictures_and_papers_are_taken_where_asked_for():
    assert files.check(b"%PDF-1.7", kinds=[files.PDF]).content_type == files.PDF
    assert files.check(b"\x89PNG\r\n\x1a\n", kinds=[files.PNG, files.JPEG]).content_type == files.PNG
    assert files.check(b"\xff\xd8\xff\xe0", kinds=[files.JPEG]).content_type == files.JPEG


def test_a_zip_that_is_no_workbook_is_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert refused(target.getvalue()).code == "wrong_kind"


def test_macros_are_refused_even_under_the_name_xlsx():
    assert refused(a_workbook(**{"xl/vbaProject.bin": b"macro"}), name="台账.xlsx").code == "macros"


def test_a_bomb_is_refused_without_unpacking_it():
    target = io.BytesIO(a_workbook())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b"\0" * (40 * 1024 * 1024))
    assert refused(target.getvalue()).code == "bomb"


@pytest.mark.parametrize(
    ("inside", "code"), [("EncryptedPackage".encode("utf-16-le"), "encrypted"), (b"Workbook", "old_format")]
)
def test_a_password_and_the_old_format_are_told_apart(inside, code):
    assert refused(files.OLE + b"\0" * 600 + inside).code == code


def test_a_damaged_workbook_is_called_damaged():
    assert refused(a_workbook()[:-40]).code == "damaged"
    broken = bytearray(a_workbook())
    broken[60:160] = b"\xff" * 100
    assert refused(bytes(broken)).code == "damaged"


def test_a_sheet_that_is_no_xml_is_called_damaged_while_reading():
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_workbook())) as good, zipfile.ZipFile(target, "w") as bad:
        for part in good.infolist():
            cut = part.filename == "xl/worksheets/sheet1.xml"
            bad.writestr(part, b"<worksheet><sheetData><row" if cut else good.read(part))
    with pytest.raises(files.BadUpload) as caught, spreadsheets.open_workbook(target.getvalue()) as book:
        list(book.sheet("Sheet", ["申请单号"]).rows())
    assert caught.value.code == "damaged"


def test_a_file_too_large_or_empty_is_refused(settings):
    settings.UPLOAD_MAX_BYTES = 100
    assert refused(b"x" * 101).code == "too_large"
    assert refused(b"").code == "empty"


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\台账\\2026.xlsx", "2026.xlsx"),
        ("台账\u202egnp.xlsx", "台账gnp.xlsx"),
        ("a\r\nSet-Cookie: x.xlsx", "aSet-Cookie_ x.xlsx"),
        ("   ", "file"),
        ("长" * 200 + ".xlsx", "长" * 95 + ".xlsx"),
    ],
)
def test_a_name_is_cleaned(given, clean):
    assert files.clean_name(given) == clean


# Stored files


@pytest.fixture
def stored(db, somebody, settings, tmp_path):
    """`stored(institution, **fields)` keeps a workbook as somebody of that hospital."""
    settings.MEDIA_ROOT = tmp_path

    def keep(institution=None, **fields):
        from accounts.models import User

        upload = files.check(a_workbook(), name="2026年台账.xlsx")
        with acting(User.objects.machine(), step="test"):
            return files.store(upload, by=User.objects.machine(), institution=institution, **fields)

    return keep


@pytest.fixture
def hospitals(db):
    from accounts.models import Institution

    bureau = Institution.objects.create(code="BUR", name="县卫生健康局", kind="bureau")
    names = (("AAA", "甲医院"), ("BBB", "乙医院"))
    return [Institution.objects.create(code=code, name=name, supervised_by=bureau) for code, name in names], bureau


def test_the_same_bytes_lie_on_the_disk_once_under_their_hash(stored, tmp_path):
    one, two = stored(), stored()
    assert one.pk != two.pk
    assert one.file.name == two.file.name == f"{one.sha256[:2]}/{one.sha256}"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert files.read(one) == files.read(two)


def test_a_stored_file_that_was_changed_is_not_handed_out(stored, tmp_path):
    one = stored()
    (tmp_path / one.file.name).write_bytes(b"changed")
    with pytest.raises(ValueError, match="no longer"):
        files.read(one)


def test_a_file_is_downloaded_by_those_who_may_and_the_reading_is_recorded(client, stored, hospitals, somebody):
    from audit.models import Event

    (ours, _theirs), _bureau = hospitals
    url = stored(ours).get_absolute_url()
    client.force_login(somebody("documents.download_file", institution=ours))
    response = client.get(url)
    assert response.status_code == 200
    assert response["Content-Disposition"].endswith("filename*=UTF-8''2026%E5%B9%B4%E5%8F%B0%E8%B4%A6.xlsx")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert Event.objects.filter(op="R", table_name="documents_storedfile").count() == 1


def test_a_strangers_file_does_not_exist_and_a_post_without_leave_is_told_so(client, stored, hospitals, somebody):
    (ours, theirs), _bureau = hospitals
    url = stored(ours).get_absolute_url()
    assert client.get(url).status_code == 302
    client.force_login(somebody("documents.download_file", institution=theirs))
    assert client.get(url).status_code == 404
    client.force_login(somebody(institution=ours))
    assert client.get(url).status_code == 403


def test_a_file_with_identities_stays_with_those_who_may_read_them(client, stored, hospitals, somebody):
    (ours, _theirs), bureau = hospitals
    url = stored(ours, holds_identity=True).get_absolute_url()
    statuses = {}
    for who, institution, sees in (("bureau", bureau, True), ("clerk", ours, False), ("office", ours, True)):
        client.force_login(somebody("documents.download_file", institution=institution, sees_identity=sees))
        statuses[who] = client.get(url).status_code
    assert statuses == {"bureau": 404, "clerk": 404, "office": 200}


# Workbooks


def a_book(rows, headings=("单号", "日期", "金额（元）", "是否", "数")):
    target = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.title = "台账"
    book.active.append(list(headings))
    for row in rows:
        book.active.append(list(row))
    book.save(target)
    return target.getvalue()


HEADINGS = ["单号", "日期", "金额（元）", "是否", "数"]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (datetime(2026, 9, 14), date(2026, 9, 14)),
        ("2026-09-14", date(2026, 9, 14)),
        ("2026/9/14", date(2026, 9, 14)),
        (" ２０２６年９月１４日 ", date(2026, 9, 14)),
        ("2026.9.14 08:05", date(2026, 9, 14)),
        ("20260914", date(2026, 9, 14)),
        (20260914, date(2026, 9, 14)),
        (46279, date(2026, 9, 14)),
        ("46279", date(2026, 9, 14)),
        (None, None),
        ("—", None),
    ],
)
def test_days_are_read_as_hospitals_write_them(cell, day):
    with spreadsheets.open_workbook(a_book([["A", cell]])) as book:
        row = next(iter(book.sheet("台账", HEADINGS).rows()))
        assert row.day("日期") == day
        assert not book.faults


@pytest.mark.parametrize("cell", ["2026-02-30", "昨天", "2026-13-01", True, "2026-09-14 99:00", 3, 2026, "2026.9"])
def test_what_is_no_day_is_a_fault_and_not_a_guess(cell):
    with spreadsheets.open_workbook(a_book([["A", cell]])) as book:
        row = next(iter(book.sheet("台账", HEADINGS).rows()))
        value = row.day("日期")
        assert value is None
        assert len(book.faults) == 1


def test_moments_are_in_the_sites_time_zone():
    with spreadsheets.open_workbook(a_book([["A", datetime(2026, 9, 14, 11, 20)], ["B", "2026-9-14 11:20"]])) as book:
        moments = [row.moment("日期") for row in book.sheet("台账", HEADINGS).rows()]
    assert moments[0] == moments[1] == datetime(2026, 9, 14, 3, 20, tzinfo=UTC)
    assert timezone.localtime(moments[0]).hour == 11


def test_cells_are_read_without_stray_spaces_and_wide_digits():
    rows = [["　ＬＸＺ２０２６０１ ", None, "１，２００．５０元", " 是 ", 12.0], [1001.0, None, 99.9, "否", "3"]]
    with spreadsheets.open_workbook(a_book(rows)) as book:
        first, second = book.sheet("台账", HEADINGS).rows()
        assert (first.text("单号"), first.money("金额（元）"), first.yes_no("是否"), first.integer("数")) == (
            "LXZ202601", Decimal("1200.50"), True, 12,
        )  # fmt: skip
        assert (second.text("单号"), second.money("金额（元）"), second.yes_no("是否"), second.integer("数")) == (
            "1001", Decimal("99.90"), False, 3,
        )  # fmt: skip
        assert not book.faults


def test_every_fault_is_told_at_once_with_its_place():
    rows = [["", "昨天", "-5", "也许", 2.5], ["B", None, "1.234", "是", 999]]
    with spreadsheets.open_workbook(a_book(rows)) as book:
        for row in book.sheet("台账", HEADINGS).rows():
            row.text("单号", required=True)
            row.day("日期")
            row.money("金额（元）")
            row.yes_no("是否")
            row.integer("数", high=100)
        with pytest.raises(spreadsheets.BadWorkbook) as caught:
            book.stop_on_faults()
    places = [(fault.row, fault.column, fault.heading) for fault in caught.value.faults]
    assert places == [
        (2, "A", "单号"), (2, "B", "日期"), (2, "C", "金额（元）"), (2, "D", "是否"), (2, "E", "数"),
        (3, "C", "金额（元）"), (3, "E", "数"),
    ]  # fmt: skip


def test_missing_sheets_and_headings_are_named_and_order_and_width_do_not_matter():
    content = a_book([], headings=("日期", "金额(元)", "单 号", "是否", "单号"))
    with spreadsheets.open_workbook(content) as book:
        assert book.sheet("没有", ["甲"]) is None
        assert book.sheet("台账", ["单号", "金额（元）", "缺的"]) is None
        with translation.override("en"):
            told = [str(fault) for fault in book.faults]
    assert len(told) == 3
    assert "没有" in told[0]
    assert "单号" in told[1]
    assert "缺的" in told[2]


def test_what_is_written_is_read_back_and_no_cell_becomes_a_formula():
    columns = [Column("单号"), Column("时间", kind="moment"), Column("金额", kind="money"), Column("日", kind="day")]
    at = datetime(2026, 9, 14, 3, 20, tzinfo=UTC)
    rows = [['=HYPERLINK("http://x")', at, Decimal("3600.00"), date(2026, 9, 14)], ["+1", None, None, None]]
    content = spreadsheets.workbook(
        [SheetOut("结果/一", columns, rows, notes=["依据"]), SheetOut("结果 一", columns, [])]
    )
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    assert [s.title for s in book.worksheets] == ["结果 一", "结果 一 2"]
    assert (sheet["A2"].value, sheet["A2"].data_type) == ('=HYPERLINK("http://x")', "s")
    assert sheet["B2"].value == datetime(2026, 9, 14, 11, 20)
    assert sheet["C2"].value == 3600
    assert sheet["D2"].value == datetime(2026, 9, 14)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:D3"


def test_a_download_keeps_its_chinese_name():
    header = spreadsheets.attachment('自查"发现".xlsx')
    assert header == (
        "attachment; filename=\"download.xlsx\"; filename*=UTF-8''%E8%87%AA%E6%9F%A5_%E5%8F%91%E7%8E%B0_.xlsx"
    )


# Papers

NO_NUMBER = "@page { @bottom-center { content: none } }"


def page(body: str) -> str:
    return f"<!doctype html><html lang=zh-CN><title>题</title><body>{body}</body></html>"


PAPER = official.Official(
    issuer="岚溪县总医院",
    title="岚溪县总医院关于肿瘤基因检测\n规范管理工作情况的季度报告",
    addressee="岚溪县卫生健康局",
    number="岚总医〔2026〕58号",
    signer="张䶮",
    dated=date(2026, 10, 9),
    annexes=("工作情况表", "自查发现问题清单"),
    note="联系人：王㛃，联系电话：0598-0000000",
    printed_by="岚溪县总医院办公室",
    printed_on=date(2026, 10, 9),
    annex_footer='数据截止 2026-09-30 · 快照号 "LXZ"}',
)

TEMPLATE = """{% extends "documents/official.html" %}
{% block body %}<h2>一、工作开展情况</h2>{% for n in lines %}
<p>截至2026年9月30日，外送{{ n }}例，<b>同意率</b>100%。</p>{% endfor %}{% endblock %}
{% block annexes %}<section class="annex">{% include "documents/annex_head.html" with number=1 title="工作情况表" %}
<table><thead><tr><th>栏号</th></tr></thead><tr><td>—</td></tr></table></section>
<section class="annex landscape">{% include "documents/annex_head.html" with number=2 title="自查发现问题清单" %}
<div class="checkpoint">{{ qr }}<div class="text">检查点</div></div></section>{% endblock %}"""


@pytest.fixture(scope="module")
def paper():
    html = engines["django"].from_string(TEMPLATE)
    context = {"paper": PAPER, "lines": range(40), "qr": qr.svg("mingjian", label="核验码")}
    files = [
        pdf.DataFile("figures.csv", b"a,b\n1,2\n", "Figures"),
        pdf.DataFile("figures.json", b'{"K04": [1, 2]}', "Figures"),
    ]
    return pdf.make(html.render(context), styles=["official.css"], css=official._page_css(PAPER), data=files)


def test_the_paper_is_pdf_a_3u_with_its_data_attached(paper):
    with pikepdf.open(io.BytesIO(paper.content)) as document:
        meta = document.open_metadata()
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "U")
        intents = document.Root.OutputIntents
        assert intents[0].S == "/GTS_PDFA1"
        assert intents[0].DestOutputProfile.read_bytes()[36:40] == b"acsp"
        assert sorted(document.attachments) == ["figures.csv", "figures.json"]
        assert document.attachments["figures.json"].get_file().read_bytes() == b'{"K04": [1, 2]}'
        assert len(document.Root.AF) == 2
        for spec in document.Root.AF:
            assert spec.AFRelationship == "/Data"
            assert str(spec.EF.F.Subtype) in {"/text/csv", "/application/json"}
        assert "/ID" in document.trailer
        assert "/Encrypt" not in document.trailer
        assert document.docinfo["/Title"] == PAPER.full_title
    assert len(paper.sha256) == 64


def test_every_font_is_embedded_and_maps_to_unicode(paper):
    seen = set()
    with pikepdf.open(io.BytesIO(paper.content)) as document:
        for sheet in document.pages:
            for font in sheet.Resources.get("/Font", {}).values():
                descendant = font.DescendantFonts[0]
                descriptor = descendant.FontDescriptor
                assert any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
                assert "/ToUnicode" in font
                seen.add(str(descriptor.FontName).split("+")[-1].split("-Regular")[0])
    assert all(name.startswith("mj-") for name in seen), seen


def test_the_paper_can_be_searched_and_has_its_parts_in_place(paper):
    document = pypdfium2.PdfDocument(paper.content)
    texts = [sheet.get_textpage().get_text_range().replace("\r\n", "\n") for sheet in document]
    first, last = texts[0], texts[-1]
    for words in ("岚溪县总医院文件", "岚总医〔2026〕58号", "签发人：张䶮", "岚溪县卫生健康局：", "— 1 —"):
        assert words in first, words
    assert "2026年10月9日" in "".join(texts[1:])
    assert "附件1" in "".join(texts)
    assert "2026年10月9日印发" in last
    # The grey footer stands on annex pages only, and cannot break out of the style sheet.
    assert "快照号" not in "".join(texts[:-2])
    assert '快照号 "LXZ"}' in last
    # Odd pages carry their number at the right, even pages at the left; A4 upright, the last annex across.
    assert [document[0].get_width(), document[0].get_height()] == pytest.approx([595.28, 841.89], abs=0.5)
    assert document[len(document) - 1].get_width() > document[len(document) - 1].get_height()
    odd, even = (number_place(document[n]) for n in (0, 1))
    assert odd > 400
    assert even < 200


def number_place(sheet) -> float:
    text = sheet.get_textpage()
    found = text.search("— ")
    start, _count = found.get_next()
    return text.get_charbox(start)[0]


def test_twenty_two_lines_of_twenty_eight_characters_fill_the_type_area():
    html = engines["django"].from_string(
        '{% extends "documents/official.html" %}{% block body %}<p>{{ words }}</p>{% endblock %}'
    )
    words = "岚" * 28 * 60
    made = pdf.make(
        html.render({"paper": PAPER, "words": words}), styles=["official.css"], css=official._page_css(PAPER)
    )
    text = pypdfium2.PdfDocument(made.content)[1].get_textpage()
    lines = [line for line in text.get_text_range().split("\r\n") if line.startswith("岚岚")]
    assert len(lines) == 22
    assert {len(line) for line in lines} == {28}


def test_an_unsigned_paper_says_what_is_still_missing():
    draft = official.Official(issuer="岚溪县总医院", title="报告", addressee="岚溪县卫生健康局")
    html = engines["django"].from_string('{% extends "documents/official.html" %}').render({"paper": draft})
    for words in ("（发文字号待编）", "（待签发）", "（成文日期待签发）"):
        assert words in html


def test_a_document_fetches_nothing(tmp_path):
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>')
    fetcher = pdf.ClosedFetcher()
    for url in (secret.as_uri(), "http://127.0.0.1:1/x", "data:text/plain,x", "ftp://x/y", "font:other"):
        with pytest.raises(ValueError, match="may not fetch"):
            fetcher.fetch(url)
    plain = pdf.make(page("<p>字</p>"))
    lured = pdf.make(page(f'<p>字</p><img src="{secret.as_uri()}"><link rel=attachment href="{secret.as_uri()}">'))
    with pikepdf.open(io.BytesIO(lured.content)) as document:
        assert not document.attachments
    assert plain.pages == lured.pages == 1


# Rare characters in names: what is drawn must be what is meant, plain and emphasised


def glyphs(content: bytes, scale: float = 6) -> list[tuple[str, Image.Image]]:
    """Every drawn character of the first page with its picture, in order."""
    document = pypdfium2.PdfDocument(content)
    sheet = document[0]
    picture = sheet.render(scale=scale, grayscale=True).to_pil()
    text, height = sheet.get_textpage(), sheet.get_height()
    units = [pypdfium2.raw.FPDFText_GetUnicode(text.raw, place) for place in range(text.count_chars())]
    found = []
    for place, unit in enumerate(units):
        if 0xDC00 <= unit < 0xE000 or not chr(unit).strip():
            continue  # the second half of a character, or a space
        if 0xD800 <= unit < 0xDC00:
            unit = 0x10000 + ((unit - 0xD800) << 10) + units[place + 1] - 0xDC00
        left, bottom, right, top = text.get_charbox(place)
        box = (left * scale - 2, (height - top) * scale - 2, right * scale + 2, (height - bottom) * scale + 2)
        found.append((chr(unit), ink(picture.crop(tuple(round(edge) for edge in box)))))
    return found


def ink(picture: Image.Image) -> Image.Image:
    """The drawn part alone, at one size, so that where it stood does not matter."""
    box = ImageChops.invert(picture.convert("L")).getbbox()
    return (picture.crop(box) if box else picture).convert("L").resize((64, 64))


def difference(one: Image.Image, other: Image.Image) -> float:
    return sum(ImageChops.difference(one, other).tobytes()) / (64 * 64 * 255)


@pytest.mark.parametrize(("element", "face"), [("p", 0), ("b", 1), ("th", 1), ("h2", 1)])
def test_rare_names_are_drawn_with_the_right_character(element, face):
    """Each character in running text against the same character set alone in the face meant for it."""
    from PIL import ImageDraw, ImageFont

    names = "".join(RARE)
    style = (
        "<style>* { font-size: 24pt !important; letter-spacing: 6pt;"
        " background: none !important; border: 0 !important }</style>"
    )
    inside = f"<{element}>{names}</{element}>"
    body = f"<table><tr>{inside}</tr></table>" if element == "th" else inside
    made = pdf.make(page(style + body), css=NO_NUMBER)
    drawn = glyphs(made.content)
    assert "".join(char for char, _picture in drawn) == names
    font = ImageFont.truetype(str(fonts.own_faces()[face].path), 144)
    for char, picture in drawn:
        alone = Image.new("L", (300, 300), 255)
        ImageDraw.Draw(alone).text((60, 40), char, font=font, fill=0)
        assert difference(picture, ink(alone)) < 0.08, char


def test_the_pixel_test_would_see_a_wrong_character():
    """䶮 drawn as 立, the fault this guards against, is far beyond the measure used above."""
    right, wrong = (glyphs(pdf.make(page(f"<p>{char}</p>"), css=NO_NUMBER).content)[0][1] for char in "䶮立")
    assert difference(right, wrong) > 0.15


def test_emphasis_is_another_face_and_never_a_bold_one():
    made = pdf.make(page("<p>规定<b>须<strong>先</strong></b></p><style>b { font-weight: 900 }</style>"))
    with pikepdf.open(io.BytesIO(made.content)) as document:
        fonts_used = [str(f.BaseFont) for f in document.pages[0].Resources.Font.values()]
        operators = {str(op.operator) for op in pikepdf.parse_content_stream(document.pages[0])}
    assert len(fonts_used) == 2
    assert not any("bold" in name.lower() for name in fonts_used)
    # Synthetic bold strokes its glyphs: text render mode 2, operator Tr.
    assert "Tr" not in operators


def test_charts_are_set_in_our_own_faces_too():
    text = '<text y="20" font-family="DejaVu Sans" font-weight="600">MDT率</text>'
    made = pdf.make(page(f'<svg viewBox="0 0 90 30" width="90" height="30" font-family="DejaVu Serif">{text}</svg>'))
    with pikepdf.open(io.BytesIO(made.content)) as document:
        names = {str(font.BaseFont).split("+")[-1] for font in document.pages[0].Resources.Font.values()}
    assert names <= {"mj-sans", "mj-serif"}


def test_characters_no_face_can_draw_are_known():
    assert fonts.missing("".join(RARE)) == set()
    assert fonts.missing("张\U0002e9f5") == {"\U0002e9f5"}


def test_the_hospitals_own_faces_come_first(settings, tmp_path):
    (tmp_path / "simfang.ttf").write_bytes(fonts.own_faces()[1].path.read_bytes())
    settings.OFFICIAL_FONTS = str(tmp_path)
    assert [face.family for face in fonts.faces()] == ["mj-fangsong", "mj-serif", "mj-sans"]
    assert "--fangsong: mj-fangsong, mj-serif, mj-sans" in fonts.stylesheet()
    made = pdf.make(page("<p class=f>仿宋</p>"), css=".f { font-family: var(--fangsong) }")
    with pikepdf.open(io.BytesIO(made.content)) as document:
        assert "mj-fangsong" in str([f.BaseFont for f in document.pages[0].Resources.Font.values()])


def test_a_qr_code_is_plain_svg():
    code = qr.svg('https://x/?a="1"&b=<2>', label='核验"码')
    assert code.startswith("<svg")
    assert "style=" not in code
    assert "&quot;" in code
    assert code.count("<path") == 1
