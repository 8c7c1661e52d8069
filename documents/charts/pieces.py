"""The pieces every chart is made of: text, rules, hatched bars, dashed lines, grids, legends, the frame."""

from collections.abc import Callable, Sequence
from math import ceil

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from documents.charts.chart import Chart
from documents.templatetags.formats import day

WIDTH = 640
FONT = "Noto Sans SC, PingFang SC, Microsoft YaHei, Source Han Sans SC, sans-serif"
INK, MUTED, RULE, PAPER = "#182427", "#55646a", "#d5dddf", "#ffffff"
# Dark to light, so that the order survives a grey print; patterns and dashes tell them apart besides.
FILLS = ("#155666", "#9dc1c9", "#805000", "#dcb66a")
INKS = ("#155666", "#805000", "#3d4b4f", "#a3211b", "#17653c", "#6a4c93")
DASHES = ("", "7 4", "2 3", "9 3 2 3", "12 4", "4 4")


def width_of(words: str, size: float = 13) -> float:
    """About how wide a text is: a Chinese character is one em, a Latin one a little over half."""
    return sum(1.0 if ord(c) > 0x2E7F else 0.58 for c in words) * size


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    size: int = 13,
    fill: str = INK,
    bold: bool = False,
) -> str:
    weight = ' font-weight="600"' if bold else ""
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}"{weight}'
    return f"<text {place}>{escape(words)}</text>"


def thinned(words: Sequence[str], slot: float) -> int:
    """Every how many-th label can be drawn in slots this wide without one covering the next."""
    widest = max([width_of(one, 12) for one in words] or [0])
    return max(1, ceil(widest / max(slot, 1)))


def rule(x1: float, y1: float, x2: float, y2: float, stroke: str = RULE) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="1"/>'


def bar(x: float, y: float, w: float, h: float, index: int) -> str:
    """A bar of the series at `index`, solid or hatched; by drawn lines, as PDF viewers render patterns unevenly."""
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
    return (
        f'<path d="{"".join(segments)}" fill="none" stroke="{stroke}" stroke-width="1" stroke-opacity="0.55"/>'
        if segments
        else ""
    )


def ticks_to(top: float, most: int = 5) -> list[float]:
    """Round whole steps (1, 2, 5, 10, 20, 50, …) from 0 to at least `top`, as few as reach it within `most`."""
    step, factors = 1.0, (2, 2.5, 2)
    turn = 0
    while top / step > most:
        step *= factors[turn % 3]
        turn += 1
    ticks = [0.0, step]
    while ticks[-1] < top:
        ticks.append(ticks[-1] + step)
    return ticks


def frame(chart: Chart, height: float, body: list[str]) -> SafeString:
    """The `<svg>` with its title, its alternative text, its unit and cut-off line below."""
    finding = chart.finding or finding_of(chart)
    head = [text(0, 18, chart.title, size=15, bold=True)]
    under = []
    if chart.unit:
        under.append(_("Unit: {unit}").format(unit=chart.unit))
    if chart.cut_off:
        under.append(_("Cut-off: {date}").format(date=day(chart.cut_off)))
    if chart.note:
        under.append(chart.note)
    foot = text(0, height - 6, "　".join(under), size=12, fill=MUTED) if under else ""
    return mark_safe(  # noqa: S308 — every text passes `escape`
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}" '
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
    return pgettext("between sentences", "; ").join(said)


def legend(chart: Chart, y: float) -> str:
    """The legend, in the order of the marks; none for a single series, whose name is the title's."""
    if len(chart.series) < 2:
        return ""
    parts, x = [], 0.0
    for index, series in enumerate(chart.series):
        parts.append(bar(x, y - 10, 20, 12, index))
        parts.append(text(x + 26, y, series.label, fill=MUTED))
        x += 26 + width_of(series.label) + 22
    return "".join(parts)


def grid(
    ticks: Sequence[float], y_of: Callable[[float], float], left: float, right: float, words: Callable
) -> list[str]:
    """Faint rules across, with their values at the left."""
    parts = []
    for tick in ticks:
        parts.append(rule(left, y_of(tick), right, y_of(tick)))
        parts.append(text(left - 8, y_of(tick) + 4, words(tick), anchor="end", size=12, fill=MUTED))
    return parts


def line(points: Sequence[tuple[int, float, float]], index: int) -> str:
    """A line through (period, x, y) with marks; neighbouring periods are joined, a missing one leaves a gap."""
    ink, dash = INKS[index % len(INKS)], DASHES[index % len(DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    path, last = "", None
    for i, x, y in points:
        path += f"{'L' if last is not None and i == last + 1 else 'M'}{x:.1f} {y:.1f}"
        last = i
    marks = "".join(mark(x, y, index) for _i, x, y in points)
    return (f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="2"{dashed}/>' if path else "") + marks


def mark(x: float, y: float, index: int) -> str:
    """A point: disc, square, triangle or ring, by series."""
    ink = INKS[index % len(INKS)]
    shape = index % 4
    if shape == 1:
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{ink}"/>'
    if shape == 2:
        return f'<path d="M{x:.1f} {y - 4.5:.1f}L{x + 4.5:.1f} {y + 3.5:.1f}H{x - 4.5:.1f}Z" fill="{ink}"/>'
    inside = PAPER if shape == 3 else ink
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{inside}" stroke="{ink}" stroke-width="2"/>'


def apart(places: list[tuple[float, int]], gap: float = 17) -> list[tuple[float, int]]:
    """Labels at the lines' ends pushed apart so that none covers another, in the order of the lines."""
    placed: list[tuple[float, int]] = []
    for y, index in sorted(places):
        placed.append((max(y, placed[-1][0] + gap) if placed else y, index))
    return placed
