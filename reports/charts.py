"""The report's charts, the same on the page and on the paper: each with its unit, denominators and cut-off."""

from __future__ import annotations

from documents.charts import Chart, Series
from reports import indicators
from reports.figures import Figures
from reports.indicators import Rate
from reports.periods import Period

# Those of §9 that every hospital has cases for; K13 is rare and stands in the table.
DRAWN = {
    "K03": "目录内检测",
    "K04": "初诊MDT",
    "K05": "双要件",
    "K06": "知情同意",
    "K07": "院内收费",
    "K09": "归档",
}


def volume(figures: Figures) -> Chart:
    last = figures.trend[-1]
    return Chart(
        kind="stacked",
        title="检测量（院内、外送）",
        labels=[one.label for one in figures.trend],
        series=[
            Series("院内检测", [one.in_house for one in figures.trend]),
            Series("外送检测", [one.outsourced for one in figures.trend]),
        ],
        unit="例",
        cut_off=figures.span.end,
        finding=f"{figures.span.label}院内检测{last.in_house}例，外送检测{last.outsourced}例。",
        label_title="统计时段",
        note="柱顶为合计（院内+外送）",
    )


def whole_rates(figures: Figures) -> list[Chart]:
    """The indicators that should be 100 %, three to a chart so that each line keeps its denominators."""
    lines = {one.code: one.trend for one in figures.indicators}
    return rates_over_time([one.label for one in figures.trend], lines, figures.span)


def rates_over_time(labels: list[str], lines: dict[str, list[Rate]], last: Period) -> list[Chart]:
    """`lines` holds each indicator's rates, one a label; the last label is the period `last`."""
    names = indicators.registry()
    charts, codes = [], list(DRAWN)
    for three in (codes[:3], codes[3:]):
        said = "；".join(f"{names[code].name}{lines[code][-1]}" for code in three)
        charts.append(
            Chart(
                kind="lines",
                title="、".join(names[code].name for code in three),
                labels=labels,
                series=[
                    Series(
                        DRAWN[code],
                        numerators=[rate.numerator for rate in lines[code]],
                        denominators=[rate.denominator for rate in lines[code]],
                    )
                    for code in three
                ],
                unit="%",
                cut_off=last.end,
                finding=f"{last.label}：{said}。",
                label_title="统计时段",
                note="轴下为分子/分母",
            )
        )
    return charts


def departments(figures: Figures) -> Chart:
    return Chart(
        kind="bars",
        title="各科申请例数",
        labels=[
            f"{one.name}（目录外{one.outside_catalog}）" if one.outside_catalog else one.name
            for one in figures.departments
        ],
        series=[Series("申请例数", [one.requests for one in figures.departments])],
        unit="例",
        cut_off=figures.span.end,
        finding="；".join(f"{one.name}{one.requests}例" for one in figures.departments) or "本期无申请。",
        label_title="科室",
        note="目录外例数注在科室名后",
    )


def laboratories(figures: Figures) -> Chart:
    return Chart(
        kind="bars",
        title="各第三方机构外送例数",
        labels=[one.name for one in figures.laboratories],
        series=[Series("外送例数", [one.shipments for one in figures.laboratories])],
        unit="例",
        cut_off=figures.span.end,
        finding="；".join(f"{one.name}{one.shipments}例" for one in figures.laboratories) or "本期无外送。",
        label_title="第三方机构",
    )


def of(figures: Figures) -> list[Chart]:
    """All, in the order of the report."""
    return [
        volume(figures),
        *whole_rates(figures),
        departments(figures),
        laboratories(figures),
    ]
