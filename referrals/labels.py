"""Specimen labels on label stock: rolls of several sizes, and A4 sheets begun anywhere.

Name, sex, age, record number, specimen and test at the most (practice.md 4). Bars are printed where a module comes out
at 0.19 mm or wider, which office and hand scanners read; a smaller label bears the QR code alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from documents import code128, pdf, qr
from referrals.manifest import who
from referrals.models import Referral

NARROWEST = 0.19  # mm a module


@dataclass(frozen=True)
class Stock:
    """Label stock, in millimetres: one label a page from a roll, or a sheet of `columns` × `rows`."""

    code: str
    label: Any
    width: float
    height: float
    columns: int = 1
    rows: int = 1
    left: float = 0
    top: float = 0
    gap: float = 0

    @property
    def is_sheet(self) -> bool:
        return self.columns * self.rows > 1

    @property
    def places(self) -> int:
        return self.columns * self.rows

    @property
    def inner(self) -> float:
        return self.width - 2 * self.padding

    @property
    def padding(self) -> float:
        return 0.8 if self.width <= 40 else 1.6

    def bears_bars(self, barcode: str) -> bool:
        """Whether the bars of this number can be read at this width."""
        modules = len(code128.modules(barcode)) + 2 * code128.QUIET
        return self.inner / modules >= NARROWEST


STOCKS = {
    one.code: one
    for one in (
        Stock("50x30", _("Roll, 50 × 30 mm"), 50, 30),
        Stock("40x25", _("Roll, 40 × 25 mm"), 40, 25),
        Stock("25x15", _("Roll, 25 × 15 mm (QR code only)"), 25, 15),
        Stock("a4-24", _("A4 sheet, 3 × 8 labels of 70 × 37 mm"), 70, 37, 3, 8, top=0.5),
        Stock("a4-65", _("A4 sheet, 5 × 13 labels of 38 × 21 mm"), 38.1, 21.2, 5, 13, left=4.65, top=10.7, gap=2.55),
    )
}


def default_stock() -> Stock:
    return STOCKS[settings.LABEL_STOCK]


def css(stock: Stock) -> str:
    """Sizes follow the stock; 50 × 30 mm is the measure."""
    f = min(stock.width / 50, stock.height / 30)
    page = "size: A4; margin: 0" if stock.is_sheet else f"size: {stock.width}mm {stock.height}mm; margin: 0"
    small = stock.height < 18
    bars, code = (0, 2.4) if small else (7.2 * f, 3.1 * f)
    top = stock.height - 2 * stock.padding * 0.8 - bars - code
    side = min(11.5 * f, top) if not small else min(top, 9.5)
    return f"""
@page {{ {page}; @bottom-center {{ content: none }} }}
body {{ font-family: var(--sans); font-size: {max(6.5 * f, 4.6):.2f}pt; line-height: 1.2; margin: 0 }}
p {{ margin: 0 }}
.page {{ position: relative; break-after: page; height: {297 if stock.is_sheet else stock.height}mm; overflow: hidden }}
.page:last-child {{ break-after: auto }}
.label {{ position: absolute; box-sizing: border-box; width: {stock.width}mm; height: {stock.height}mm; overflow: hidden;
  padding: {stock.padding * 0.8:.2f}mm {stock.padding}mm }}
.top {{ height: {top:.2f}mm; overflow: hidden; display: flex }}
.who {{ flex: 1; min-width: 0; overflow: hidden }}
.place {{ width: {side:.2f}mm; margin-left: .8mm; text-align: center; font-size: {max(5 * f, 3.6):.2f}pt; line-height: 1.1 }}
.label .qr {{ width: {side - 0.5:.2f}mm; height: {side - 0.5:.2f}mm; margin: 0 }}
.name {{ font-size: {max(9.5 * f, 6.5):.2f}pt; font-weight: bold }}
.name.is-long {{ font-size: {max(6.5 * f, 4.6):.2f}pt; line-height: 1.12 }}
.test {{ font-size: {max(6 * f, 4.4):.2f}pt; line-height: 1.15 }}
.test.is-long {{ font-size: {max(5 * f, 4):.2f}pt; line-height: 1.12 }}
.code128 {{ width: {stock.inner:.2f}mm; height: {bars:.2f}mm; display: block }}
.code {{ font-size: {4.6 if small else max(6.5 * f, 5):.2f}pt; line-height: 1.25; text-align: center; white-space: nowrap }}
"""


def make(items: Sequence[tuple[Referral, str, str]], stock: Stock, *, start: int = 1, copies: int = 1) -> pdf.Paper:
    """The labels of these (case, barcode, kind of specimen), each `copies` times. `start` is the first free place of a
    sheet begun before, counted along the rows from 1."""
    wanted = [_drawn(*one, stock) for one in items for _copy in range(copies)]
    first = start - 1 if stock.is_sheet else 0
    pages: list[list[dict[str, Any]]] = []
    for number, one in enumerate(wanted, first):
        sheet, place = divmod(number, stock.places)
        if sheet >= len(pages) or not pages:
            pages.append([])
        row, column = divmod(place, stock.columns)
        left, top = stock.left + column * (stock.width + stock.gap), stock.top + row * stock.height
        pages[-1].append({**one, "left": f"{left:.2f}", "top": f"{top:.2f}"})
    html = render_to_string("referrals/papers/label.html", {"pages": pages, "is_small": stock.height < 18})
    return pdf.make(html, css=css(stock))


def _drawn(referral: Referral, barcode: str, kind: str, stock: Stock) -> dict[str, Any]:
    return {
        "referral": referral,
        "who": who(referral),
        "barcode": barcode,
        "kind": kind or referral.test.specimen.split("；")[0],
        "code": qr.svg(barcode, label=barcode, size=96),
        "bars": code128.svg(barcode, label=barcode) if stock.bears_bars(barcode) else "",
    }
