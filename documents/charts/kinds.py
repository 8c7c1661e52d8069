"""The kinds of chart: bars by label, columns by period, lines of rates."""

from collections.abc import Sequence

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from documents.charts.chart import Chart, Series, plain
from documents.charts.pieces import (
    INKS,
    MUTED,
    WIDTH,
    apart,
    bar,
    frame,
    grid,
    legend,
    line,
    rule,
    text,
    thinned,
    ticks_to,
    width_of,
)
from documents.templatetags.formats import NONE


def bars(chart: Chart) -> SafeString:
    """Horizontal bars, one a label, for one series: cases by department, findings by clause."""
    series = chart.series[0]
    known = [series.value(i) or 0 for i in range(len(chart.labels))]
    left = min(240, max([width_of(label) for label in chart.labels] or [60]) + 12)
    right = max([width_of(series.cell(i)) for i in range(len(chart.labels))] or [40]) + 14
    top, row = 38, 28
    room = WIDTH - left - right
    most = max(known, default=0) or 1
    body = []
    for i, label in enumerate(chart.labels):
        y = top + i * row
        long = room * known[i] / most
        body.append(text(left - 8, y + 15, label, anchor="end"))
        body.append(bar(left, y + 2, long, row - 10, 0))
        body.append(text(left + long + 6, y + 15, series.cell(i)))
    bottom = top + len(chart.labels) * row
    if chart.labels:
        body.append(rule(left, top - 2, left, bottom, MUTED))
    else:
        body.append(text(0, top + 16, _("Nothing in this period"), fill=MUTED))
        bottom += row
    return frame(chart, bottom + 30, body)


def columns(chart: Chart) -> SafeString:
    """Upright columns by period, side by side or stacked (kind "stacked"): tests in house and sent out."""
    stacked = chart.kind == "stacked"
    values = [[s.value(i) or 0 for s in chart.series] for i in range(len(chart.labels))]
    most = max([sum(v) if stacked else max(v, default=0) for v in values] or [0])
    ticks = ticks_to(most)
    left, top, tall = max(40, width_of(plain(ticks[-1]), 12) + 12), 66 if len(chart.series) > 1 else 46, 190
    base = top + tall
    slot = (WIDTH - left) / max(len(chart.labels), 1)
    every = thinned(chart.labels, slot)
    body = [legend(chart, 44)]
    body += grid(ticks, lambda v: base - tall * v / ticks[-1], left, WIDTH, plain)
    for i, label in enumerate(chart.labels):
        middle = left + slot * (i + 0.5)
        if i % every == 0:
            body.append(text(middle, base + 18, label, anchor="middle", size=12))
        column = _stack if stacked else _group
        body.append(column(chart, i, values[i], middle, slot, base, tall / ticks[-1]))
    body.append(rule(left, base, WIDTH, base, MUTED))
    return frame(chart, base + 48, body)


def _stack(chart: Chart, i: int, values: Sequence[float], middle: float, slot: float, base: float, scale: float) -> str:
    """One column of parts, with the total above it and, where there is room, the parts it is made of."""
    wide, reach, parts = min(64, slot * 0.6), 0.0, []
    for j, value in enumerate(values):
        reach += value
        parts.append(bar(middle - wide / 2, base - reach * scale, wide, value * scale, j))
    total = plain(sum(values))
    made_of = f"{total}（{'+'.join(series.text(i) for series in chart.series)}）"
    words = made_of if len(values) > 1 and width_of(made_of) <= slot else total
    parts.append(text(middle, base - reach * scale - 5, words, anchor="middle", size=12))
    return "".join(parts)


def _group(chart: Chart, i: int, values: Sequence[float], middle: float, slot: float, base: float, scale: float) -> str:
    """Columns side by side, each with its number above it."""
    wide, parts = min(40, slot * 0.8 / max(len(values), 1)), []
    for j, value in enumerate(values):
        x = middle - wide * len(values) / 2 + j * wide
        parts.append(bar(x + 1, base - value * scale, wide - 2, value * scale, j))
        words = chart.series[j].text(i)
        # A number wider than its column would run into its neighbour's; the table behind has it.
        if width_of(words, 12) <= wide + 8:
            parts.append(text(x + wide / 2, base - value * scale - 5, words, anchor="middle", size=12))
    return "".join(parts)


def lines(chart: Chart) -> SafeString:
    """Rates by period, up to 100 %, each line named at its end; a period with denominator 0 is a gap, never a zero.

    Under the axis stand numerators and denominators, so that 100 % of two cases is seen for what it is. The axis begins
    at 50 % only when every rate is at least 60 %, and says so by its own ticks.
    """
    rates = all(s.is_rate for s in chart.series)
    n = max(len(chart.labels), 1)
    known = [v for s in chart.series for i in range(len(chart.labels)) if (v := s.value(i)) is not None]
    floor = 50.0 if rates and known and min(known) >= 60 else 0.0
    ticks = [floor + (100 - floor) * k / 5 for k in range(6)] if rates else ticks_to(max(known, default=0))
    ends = [
        f"{s.label} {s.text(last) if (last := _last(s, len(chart.labels))) is not None else NONE}" for s in chart.series
    ]
    left, right, top, tall = 48, max([width_of(words) for words in ends] or [0]) + 40, 46, 190
    base, edge = top + tall, WIDTH - right

    def x_of(i: float) -> float:
        return left + 28 + (edge - left - 56) * (i / (n - 1) if n > 1 else 0.5)

    def y_of(value: float) -> float:
        return base - tall * (value - floor) / (ticks[-1] - floor)

    body = grid(ticks, y_of, left, edge, (lambda v: f"{v:.0f}%") if rates else plain)
    places = []
    for j, series in enumerate(chart.series):
        points = [(i, v) for i in range(len(chart.labels)) if (v := series.value(i)) is not None]
        body.append(line([(i, x_of(i), y_of(v)) for i, v in points], j))
        places.append((y_of(points[-1][1]) if points else base, j))
    for y, j in apart(places):
        body.append(line([(0, edge + 6, y), (1, edge + 26, y)], j))
        body.append(text(edge + 34, y + 4, ends[j], fill=INKS[j % len(INKS)]))
    under = [_parts(series, len(chart.labels)) for series in chart.series] if rates else []
    every = thinned([*chart.labels, *(words for row in under for words in row)], (edge - left - 56) / max(n - 1, 1))
    below = base + 18
    for i in range(0, len(chart.labels), every):
        body.append(text(x_of(i), below, chart.labels[i], anchor="middle", size=12))
    for series, row in zip(chart.series, under, strict=False):
        below += 16
        body.append(text(edge + 6, below, series.label if len(chart.series) > 1 else "", size=11, fill=MUTED))
        for i in range(0, len(row), every):
            body.append(text(x_of(i), below, row[i], anchor="middle", size=11, fill=MUTED))
    body.append(rule(left, base, edge, base, MUTED))
    return frame(chart, below + 30, body)


def _parts(series: Series, periods: int) -> list[str]:
    """Numerator and denominator of each period as 34/35."""
    return [
        NONE if series.denominators[i] is None else f"{series.numerators[i] or 0}/{series.denominators[i]}"
        for i in range(periods)
    ]


def _last(series: Series, periods: int) -> int | None:
    """The last period in which a series has a value."""
    return next((i for i in range(periods - 1, -1, -1) if series.value(i) is not None), None)
