"""Charts as SVG made on the server, the same in the page and in the PDF.

No script and no style, presentation attributes only, so that a strict content policy and WeasyPrint both take them. Each
names its unit, its denominators and its cut-off date, labels its marks directly, and tells bars apart by pattern and lines
by dash, so that a grey print can be read. Numbers are drawn as given: figures to the bureau stay exact (a clue is 1件).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from documents.templatetags.formats import NONE, day, percent

Number = int | float | None
Kind = Literal["bars", "columns", "stacked", "lines"]

WIDTH = 720
FONT = "Noto Sans SC, PingFang SC, Microsoft YaHei, Source Han Sans SC, sans-serif"
INK, MUTED, RULE, PAPER = "#182427", "#55646a", "#d5dddf", "#ffffff"
# Dark to light, so that the order survives a grey print; patterns and dashes tell them apart besides.
FILLS = ("#155666", "#9dc1c9", "#805000", "#dcb66a")
INKS = ("#155666", "#805000", "#3d4b4f", "#a3211b", "#17653c", "#6a4c93")
DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 4")


@dataclass(frozen=True)
class Series:
    """One row of a chart. A rate has `numerators` and `denominators` and no values; a count has `values`."""

    label: str
    values: Sequence[Number] = ()
    numerators: Sequence[int | None] = ()
    denominators: Sequence[int | None] = ()

    @property
    def is_rate(self) -> bool:
        return bool(self.denominators)

    def value(self, index: int) -> Number:
        """The count, or the rate in per cent; None when there is nothing to show (denominator 0)."""
        if not self.is_rate:
            return self.values[index]
        numerator, denominator = self.numerators[index], self.denominators[index]
        return None if numerator is None or not denominator else 100 * numerator / denominator

    def text(self, index: int) -> str:
        """The value as it is printed beside its mark."""
        if self.is_rate:
            return percent(self.numerators[index], self.denominators[index])
        return plain(self.values[index])

    def cell(self, index: int) -> str:
        """The value as it is printed in the table behind the chart, with its denominator."""
        if not self.is_rate or not self.denominators[index]:
            return self.text(index)
        return f"{self.text(index)}（{self.numerators[index]}/{self.denominators[index]}）"


@dataclass(frozen=True)
class Chart:
    """What a chart says. `finding` is the sentence a reader should take away; it is the alternative text."""

    kind: Kind
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    cut_off: date | None = None
    finding: str = ""
    label_title: str = ""
    note: str = ""

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The table behind the chart."""
        return [(label, [s.cell(i) for s in self.series]) for i, label in enumerate(self.labels)]

    @property
    def key(self) -> str:
        """Keeps the ids of two charts on one page apart."""
        words = repr((self.kind, self.title, self.labels, self.series))
        return "c" + sha256(words.encode()).hexdigest()[:8]


def plain(value: Number) -> str:
    """A number as printed: 1,128 or 3,600.5; a dash when there is none."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def width_of(text: str, size: float = 12) -> float:
    """About how wide a text is: a Chinese character is one em, a Latin one a little over half."""
    return sum(1.0 if ord(c) > 0x2E7F else 0.58 for c in text) * size


def draw(chart: Chart) -> SafeString:
    """The chart as one `<svg>`."""
    return {"bars": bars, "columns": columns, "stacked": columns, "lines": lines}[chart.kind](chart)


# --- The pieces every chart is made of ---


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, fill: str = INK, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"{weight}>{escape(text)}</text>'
    )


def _rule(x1: float, y1: float, x2: float, y2: float, stroke: str = RULE) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="1"/>'


def _bar(x: float, y: float, w: float, h: float, index: int) -> str:
    """A bar of the series at `index`: solid, hatched, cross-hatched or dotted by drawn lines, not by a pattern element,
    which PDF viewers render unevenly."""
    fill = FILLS[index % len(FILLS)]
    parts = [f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(w, 0):.1f}" height="{max(h, 0):.1f}" fill="{fill}"/>']
    style = index % len(FILLS)
    if style and w > 0 and h > 0:
        parts.append(_hatch(x, y, w, h, style))
    return "".join(parts)


def _hatch(x: float, y: float, w: float, h: float, style: int) -> str:
    """Lines at 45° inside a rectangle: rising (1), falling (2), upright (3)."""
    stroke, step, segments = (INK if style in (1, 3) else PAPER), 7.0, []
    if style == 3:
        offset = step / 2
        while offset < w:
            segments.append(f"M{x + offset:.1f} {y:.1f}V{y + h:.1f}")
            offset += step
    else:
        offset = -h + step / 2
        while offset < w:
            a, b = max(offset, 0.0), min(offset + h, w)
            if b > a:
                rise = (a - offset, b - offset)
                y1, y2 = (y + h - rise[0], y + h - rise[1]) if style == 1 else (y + rise[0], y + rise[1])
                segments.append(f"M{x + a:.1f} {y1:.1f}L{x + b:.1f} {y2:.1f}")
            offset += step
    return f'<path d="{"".join(segments)}" fill="none" stroke="{stroke}" stroke-width="1" stroke-opacity="0.55"/>' if segments else ""


def _ticks(top: float, most: int = 5) -> list[float]:
    """Round steps from 0 to just above `top`; counts never get half steps."""
    if top <= 0:
        return [0, 1]
    step = 1.0
    while top / step > most:
        for factor in (2, 2.5, 2):
            step = step * factor
            if top / step <= most and step == int(step):
                break
    values, tick = [0.0], 0.0
    while tick < top:
        tick += step
        values.append(tick)
    return values


def _frame(chart: Chart, height: float, body: list[str]) -> SafeString:
    """The `<svg>` with its title, its alternative text, its unit line above and its cut-off line below."""
    finding = chart.finding or finding_of(chart)
    head = [_text(0, 18, chart.title, size=15, bold=True)]
    under = []
    if chart.unit:
        under.append(_("Unit: {unit}").format(unit=chart.unit))
    if chart.cut_off:
        under.append(_("Cut-off: {date}").format(date=day(chart.cut_off)))
    if chart.note:
        under.append(chart.note)
    foot = _text(0, height - 6, "　".join(under), size=11, fill=MUTED) if under else ""
    return mark_safe(  # noqa: S308 — every text passes `escape`
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" '
        f'font-family="{FONT}" role="img" aria-labelledby="{chart.key}-t {chart.key}-d">'
        f'<title id="{chart.key}-t">{escape(chart.title)}</title><desc id="{chart.key}-d">{escape(finding)}</desc>'
        + "".join(head + body)
        + foot
        + "</svg>"
    )


def finding_of(chart: Chart) -> str:
    """A sentence for those who cannot see the chart: for each series its highest, lowest and last value."""
    said = []
    for series in chart.series:
        known = [(series.value(i), i) for i in range(len(chart.labels)) if series.value(i) is not None]
        if not known:
            said.append(_("{series}: nothing recorded").format(series=series.label))
            continue
        high, low = max(known, key=lambda pair: pair[0] or 0)[1], min(known, key=lambda pair: pair[0] or 0)[1]
        said.append(
            _("{series}: highest {high} ({at_high}), lowest {low} ({at_low})").format(
                series=series.label,
                high=series.text(high),
                at_high=chart.labels[high],
                low=series.text(low),
                at_low=chart.labels[low],
            )
        )
    return _("; ").join(said)


def _legend(chart: Chart, y: float, *, swatch: bool = True) -> str:
    """The legend, in the order of the marks; none for a single series, whose name is the title's."""
    if len(chart.series) < 2:
        return ""
    parts, x = [], 0.0
    for index, series in enumerate(chart.series):
        if swatch:
            parts.append(_bar(x, y - 10, 20, 12, index))
        parts.append(_text(x + 26, y, series.label, fill=MUTED))
        x += 26 + width_of(series.label) + 22
    return "".join(parts)


# --- The charts ---


def bars(chart: Chart) -> SafeString:
    """Horizontal bars, one a label, for one series: cases by department, findings by clause."""
    series = chart.series[0]
    known = [series.value(i) or 0 for i in range(len(chart.labels))]
    left = min(220, max([width_of(label) for label in chart.labels] or [60]) + 12)
    top, row = 38, 28
    room = WIDTH - left - 110
    most = max(known, default=0) or 1
    body = []
    for i, label in enumerate(chart.labels):
        y = top + i * row
        body.append(_text(left - 8, y + 15, label, anchor="end"))
        body.append(_bar(left, y + 2, room * known[i] / most, row - 10, 0))
        body.append(_text(left + room * known[i] / most + 6, y + 15, series.cell(i)))
    bottom = top + len(chart.labels) * row
    body.append(_rule(left, top - 2, left, bottom, MUTED))
    if not chart.labels:
        body.append(_text(0, top + 16, _("Nothing in this period"), fill=MUTED))
        bottom += row
    return _frame(chart, bottom + 30, body)


def columns(chart: Chart) -> SafeString:
    """Upright columns by period, side by side or stacked (kind "stacked"): tests in house and sent out."""
    stacked = chart.kind == "stacked"
    n, sets = max(len(chart.labels), 1), len(chart.series)
    values = [[s.value(i) or 0 for s in chart.series] for i in range(len(chart.labels))]
    most = max([sum(v) if stacked else max(v, default=0) for v in values] or [0])
    ticks = _ticks(most)
    left, right, top, tall = max(44, width_of(plain(ticks[-1])) + 14), 8, 66 if sets > 1 else 46, 190
    base = top + tall

    def height_of(value: float) -> float:
        return tall * value / ticks[-1]

    body = [_legend(chart, 44)]
    for tick in ticks:
        y = base - height_of(tick)
        body += [_rule(left, y, WIDTH - right, y), _text(left - 8, y + 4, plain(tick), anchor="end", fill=MUTED, size=11)]
    slot = (WIDTH - left - right) / n
    for i, label in enumerate(chart.labels):
        middle = left + slot * (i + 0.5)
        body.append(_text(middle, base + 18, label, anchor="middle", size=11))
        wide = min(64, slot * 0.6) if stacked else min(40, slot * 0.8 / sets)
        reach = 0.0
        for j, series in enumerate(chart.series):
            value = values[i][j]
            if stacked:
                reach += value
                body.append(_bar(middle - wide / 2, base - height_of(reach), wide, height_of(value), j))
            else:
                x = middle - wide * sets / 2 + j * wide
                body.append(_bar(x + 1, base - height_of(value), wide - 2, height_of(value), j))
                body.append(_text(x + wide / 2, base - height_of(value) - 4, series.text(i), anchor="middle", size=11))
        if stacked:
            parts = "+".join(series.text(i) for series in chart.series)
            total = plain(sum(values[i]))
            body.append(_text(middle, base - height_of(reach) - 4, total if sets < 2 else f"{total}（{parts}）", anchor="middle", size=11))
    body.append(_rule(left, base, WIDTH - right, base, MUTED))
    return _frame(chart, base + 48, body)


def lines(chart: Chart) -> SafeString:
    """Rates by period, 0 to 100 %, each line named at its end; a period with denominator 0 is a gap, never a zero.

    Under the axis stands each line's denominator, so that 100 % of two cases is seen for what it is.
    """
    rates = all(s.is_rate for s in chart.series)
    n = max(len(chart.labels), 1)
    known = [v for s in chart.series for i in range(len(chart.labels)) if (v := s.value(i)) is not None]
    floor = 50.0 if rates and known and min(known) >= 60 else 0.0
    ticks = [floor + (100 - floor) * k / 5 for k in range(6)] if rates else _ticks(max(known, default=0))
    ceiling = ticks[-1]
    name = max([width_of(s.label) for s in chart.series] or [0])
    left, right, top, tall = 52, min(230, name + 70), 46, 200
    base = top + tall

    def x_of(i: int) -> float:
        return left + 20 + (WIDTH - left - right - 40) * (i / (n - 1) if n > 1 else 0.5)

    def y_of(value: float) -> float:
        return base - tall * (value - floor) / (ceiling - floor)

    body = []
    for tick in ticks:
        label = f"{tick:.0f}%" if rates else plain(tick)
        body += [_rule(left, y_of(tick), WIDTH - right, y_of(tick)), _text(left - 8, y_of(tick) + 4, label, anchor="end", fill=MUTED, size=11)]
    ends: list[tuple[float, int, str]] = []
    for j, series in enumerate(chart.series):
        points = [(i, v) for i in range(len(chart.labels)) if (v := series.value(i)) is not None]
        body.append(_line(points, x_of, y_of, j))
        if points:
            ends.append((y_of(points[-1][1]), j, f"{series.label} {series.text(points[-1][0])}"))
        else:
            ends.append((base, j, f"{series.label} {NONE}"))
    for y, j, words in _apart(ends):
        body.append(_line([(0, 0.0), (1, 0.0)], lambda i: WIDTH - right + 8 + 18 * i, lambda _v, y=y: y, j))  # type: ignore[misc]
        body.append(_text(WIDTH - right + 32, y + 4, words, size=12, fill=INKS[j % len(INKS)]))
    for i, label in enumerate(chart.labels):
        body.append(_text(x_of(i), base + 18, label, anchor="middle", size=11))
    below = base + 18
    if rates:
        for series in chart.series:
            below += 16
            body.append(_text(left - 8, below, "n", anchor="end", size=10, fill=MUTED) if len(chart.series) == 1 else "")
            for i in range(len(chart.labels)):
                body.append(_text(x_of(i), below, f"{series.numerators[i]}/{series.denominators[i]}", anchor="middle", size=10, fill=MUTED))
            if len(chart.series) > 1:
                body.append(_text(WIDTH - right + 8, below, series.label, size=10, fill=MUTED))
    body.append(_rule(left, base, WIDTH - right, base, MUTED))
    return _frame(chart, below + 30, body)


def _line(points, x_of, y_of, index: int) -> str:
    """A polyline with marks; neighbours are joined, a missing period leaves a gap."""
    ink, dash = INKS[index % len(INKS)], DASHES[index % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    path, last = [], None
    for i, value in points:
        path.append(f"{'L' if last is not None and i == last + 1 else 'M'}{x_of(i):.1f} {y_of(value):.1f}")
        last = i
    out = f'<path d="{"".join(path)}" fill="none" stroke="{ink}" stroke-width="2"{dashed}/>' if path else ""
    return out + "".join(_mark(x_of(i), y_of(value), index) for i, value in points)


def _mark(x: float, y: float, index: int) -> str:
    """A point: disc, square, triangle, ring, and so on, by series."""
    ink = INKS[index % len(INKS)]
    shape = index % 4
    if shape == 1:
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{ink}"/>'
    if shape == 2:
        return f'<path d="M{x:.1f} {y - 4.5:.1f}L{x + 4.5:.1f} {y + 3.5:.1f}H{x - 4.5:.1f}Z" fill="{ink}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{PAPER if shape == 3 else ink}" stroke="{ink}" stroke-width="2"/>'


def _apart(ends: list[tuple[float, int, str]], gap: float = 16) -> list[tuple[float, int, str]]:
    """Labels at the lines' ends pushed apart so that none covers another, kept in the order of the lines."""
    placed: list[tuple[float, int, str]] = []
    for y, index, words in sorted(ends):
        if placed and y < placed[-1][0] + gap:
            y = placed[-1][0] + gap
        placed.append((y, index, words))
    return placed
