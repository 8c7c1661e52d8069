"""A red-head official paper after GB/T 9704—2012, and its annexes.

A report to the bureau goes upward: it names its signer, its number stands at the left, and its red-head
pages carry no code and no grey footer; checkpoint and QR stand on the last annex. A paper not yet signed off
says so where its number and date will stand.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.template.loader import render_to_string

from documents import pdf

TYPE_AREA = 442.2  # points: 156 mm
LARGEST_MARK = 54  # points; the mark is set as large as fits, never larger than this


@dataclass(frozen=True)
class Official:
    """What the form of the paper needs to know; its words come from the template."""

    issuer: str  # 发文机关署名, e.g. 岚溪县总医院
    title: str  # a line break where a long title should turn, so that no word is cut
    addressee: str
    number: str = ""  # 发文字号, e.g. 岚总医〔2026〕58号; empty until the office gives one
    signer: str = ""  # 签发人; a paper that goes upward must name one
    upward: bool = True
    dated: date | None = None
    sealed: bool = True  # a sealed paper leaves four characters at the right of its date, another two
    annexes: tuple[str, ...] = ()  # titles, in order
    note: str = ""  # 附注, e.g. 联系人：×××，联系电话：××××
    copies_to: str = ""  # 抄送
    printed_by: str = ""  # 印发机关
    printed_on: date | None = None
    annex_footer: str = ""  # 数据截止 × · 快照号 ×, in grey, on annex pages only
    keywords: tuple[str, ...] = field(default=())

    @property
    def full_title(self) -> str:
        return self.title.replace("\n", "")

    @property
    def mark(self) -> str:
        return f"{self.issuer}文件"

    @property
    def mark_size(self) -> int:
        return min(LARGEST_MARK, int(TYPE_AREA / len(self.mark)))


def chinese_day(day: date | None) -> str:
    """2026年9月4日: Arabic figures, no leading zeros; empty without a day."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def make(
    template: str,
    paper: Official,
    context: Mapping[str, Any] | None = None,
    *,
    data: Iterable[pdf.DataFile] = (),
    css: str = "",
) -> pdf.Paper:
    """Set `template`, which extends documents/official.html, as a red-head PDF/A-3u."""
    html = render_to_string(template, {**(context or {}), "paper": paper})
    return pdf.make(html, styles=["official.css"], css=_page_css(paper) + css, data=data)


def _quoted(text: str) -> str:
    """A CSS string: nothing in it can end it."""
    return '"' + "".join(c if c.isalnum() or c in " ·：—-" else f"\\{ord(c):x} " for c in text) + '"'


def _page_css(paper: Official) -> str:
    """The pages that depend on the paper: annexes' grey footer, and landscape annexes.

    A landscape page is bound as a portrait page turned left: its head lies at the portrait's left edge, and
    the page number keeps the place and direction it has on a portrait page.
    """
    plain = "letter-spacing: 0; white-space: nowrap"
    grey = f"content: {_quoted(paper.annex_footer)}; font: 8pt/1 var(--sans); {plain}; color: #777"
    number = (
        f'content: "— " counter(page) " —"; font: 14pt/1 var(--serif); {plain}; height: 22mm;'
        " margin-left: 16mm; text-align: center; vertical-align: middle; transform: rotate(90deg)"
    )
    return f"""
.mark {{ font-size: {paper.mark_size}pt }}
@page annex {{ @bottom-center {{ {grey}; vertical-align: top; padding-top: 9mm }} }}
@page annex-landscape {{ size: A4 landscape;
  @bottom-center {{ {grey}; vertical-align: top; padding-top: 6mm }} }}
@page annex-landscape:right {{ margin: 28mm 37mm 26mm 35mm;
  @bottom-right {{ content: none }} @left-bottom {{ {number} }} }}
@page annex-landscape:left {{ margin: 26mm 37mm 28mm 35mm;
  @bottom-left {{ content: none }} @left-top {{ {number} }} }}
"""
