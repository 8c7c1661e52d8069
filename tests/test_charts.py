"""Charts say their numbers in text, survive a grey print, and carry nothing a strict content policy refuses."""

import re
from datetime import date
from xml.etree import ElementTree

import pytest
from django.template import Context, Template

from documents.charts import Chart, Series, draw
from documents.charts.pieces import ticks_to, width_of

QUARTERS = ["2026Q1", "2026Q2", "2026Q3"]
COUNTS = [Series("外送", [98, 104, 4]), Series("院内", [23, 0, 1])]
RATES = [
    Series("初诊MDT率", numerators=[31, 0, 2], denominators=[40, 0, 2]),
    Series("归档率", numerators=[8, 9, 10], denominators=[10, 10, 10]),
]
CHARTS = [
    Chart("bars", "各科室", ["肿瘤科", "妇科", "放疗科"], COUNTS[:1], unit="例", cut_off=date(2026, 9, 30)),
    Chart("columns", "例数", QUARTERS, COUNTS, unit="例", cut_off=date(2026, 9, 30)),
    Chart("stacked", "例数", QUARTERS, COUNTS, unit="例", cut_off=date(2026, 9, 30)),
    Chart("lines", "各率", QUARTERS, RATES, unit="%", cut_off=date(2026, 9, 30)),
]


def words(svg: str) -> list[str]:
    """The texts drawn, in order; the alternative text apart."""
    return [el.text or "" for el in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def alternative(svg: str) -> str:
    return ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}desc").text


@pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c.kind)
def test_a_chart_names_its_title_unit_and_cut_off_and_brings_no_style_or_script(chart):
    svg = draw(chart)

    drawn = words(svg)
    assert chart.title in drawn
    assert "2026年9月30日" in drawn[-1]
    assert chart.unit in drawn[-1]
    assert not re.search(r"<(style|script|image|foreignObject)|\s(style|class|on\w+)=", svg)
    assert "pattern" not in svg
    assert "url(" not in svg


@pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c.kind)
def test_nothing_is_drawn_outside_the_picture(chart):
    root = ElementTree.fromstring(draw(chart))
    _x, _y, width, height = map(float, root.get("viewBox").split())

    for el in root.iter("{http://www.w3.org/2000/svg}text"):
        size, x = float(el.get("font-size")), float(el.get("x"))
        long = width_of(el.text or "", size)
        left = {"start": x, "middle": x - long / 2, "end": x - long}[el.get("text-anchor")]
        assert left >= -1, el.text
        assert left + long <= width + 1, el.text
        assert float(el.get("y")) <= height
    for el in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(el.get("x")) + float(el.get("width")) <= width


def test_a_small_number_is_printed_as_it_is():
    assert "4" in words(draw(CHARTS[1]))
    assert "1" in words(draw(CHARTS[1]))


def test_a_period_without_cases_is_a_gap_with_its_denominator_and_no_rate():
    svg = draw(CHARTS[3])

    assert "0/0" in words(svg)
    first_line = re.search(r'<path d="([^"]+)" fill="none" stroke="#155666"', svg).group(1)
    assert first_line.count("M") == 2
    assert "L" not in first_line
    assert dict(CHARTS[3].rows)["2026Q2"][0] == "—"


def test_lines_end_in_their_own_name_and_value_and_no_label_covers_another():
    svg = draw(CHARTS[3])
    root = ElementTree.fromstring(svg)
    ends = [el for el in root.iter("{http://www.w3.org/2000/svg}text") if el.text in ("初诊MDT率 100%", "归档率 100%")]

    assert len(ends) == 2
    assert abs(float(ends[0].get("y")) - float(ends[1].get("y"))) >= 14


def test_series_differ_without_colour():
    dashes = set(re.findall(r'stroke="(#\w+)" stroke-width="2"( stroke-dasharray="[^"]+")?', draw(CHARTS[3])))
    assert any(dash for _ink, dash in dashes)
    assert any(not dash for _ink, dash in dashes)
    assert 'stroke-opacity="0.55"' in draw(CHARTS[2])  # the second series is hatched


def test_the_alternative_text_states_the_finding_or_the_extremes():
    said = Chart("columns", "例数", QUARTERS, COUNTS, finding="外送例数三季度骤降。")

    assert alternative(draw(said)) == "外送例数三季度骤降。"
    assert all(part in alternative(draw(CHARTS[1])) for part in ("外送", "104", "2026Q2", "4", "2026Q3"))


def test_the_table_behind_a_chart_has_every_numerator_and_denominator():
    assert CHARTS[3].rows == [
        ("2026Q1", ["77.5%（31/40）", "80%（8/10）".replace("80%", "80.0%")]),
        ("2026Q2", ["—", "90.0%（9/10）"]),
        ("2026Q3", ["100%（2/2）", "100%（10/10）"]),
    ]


def test_what_a_ledger_calls_things_cannot_become_markup():
    svg = draw(Chart("bars", "<b>&", ["<script>alert(1)</script>"], [Series('"x"', [3])]))

    assert "<script" not in svg
    assert "<b>" not in svg
    ElementTree.fromstring(svg)


@pytest.mark.parametrize("kind", ["bars", "columns", "stacked", "lines"])
@pytest.mark.parametrize("values", [[], [0, 0], [None, None], [1], [0.5, 2]])
def test_empty_and_odd_series_are_drawn_too(kind, values):
    ElementTree.fromstring(draw(Chart(kind, "空", [str(i) for i in range(len(values))], [Series("甲", values)])))


@pytest.mark.parametrize(
    "top, expected",
    [(0, [0, 1]), (1, [0, 1]), (5, [0, 1, 2, 3, 4, 5]), (151, [0, 50, 100, 150, 200]), (9, [0, 2, 4, 6, 8, 10])],
)
def test_axes_take_round_whole_steps(top, expected):
    assert ticks_to(top) == expected


def test_the_tag_draws_inside_a_page():
    page = Template("{% load charts %}{% draw chart %}").render(Context({"chart": CHARTS[0]}))

    assert page.startswith("<svg ")
    assert page == draw(CHARTS[0])


@pytest.mark.parametrize("kind", ["lines", "columns", "stacked"])
def test_twenty_four_months_do_not_write_over_each_other(kind):
    months = [f"2025年{m}月" for m in range(1, 13)] + [f"2026年{m}月" for m in range(1, 13)]
    series = [Series("归档率", numerators=[99] * 24, denominators=[101] * 24)]
    counts = [Series("外送", [100 + m for m in range(24)])]
    root = ElementTree.fromstring(draw(Chart(kind, "逐月", months, series if kind == "lines" else counts)))
    rows: dict[str, list[tuple[float, float]]] = {}
    for el in root.iter("{http://www.w3.org/2000/svg}text"):
        if el.get("text-anchor") == "middle":
            half = width_of(el.text, float(el.get("font-size"))) / 2
            rows.setdefault(el.get("y"), []).append((float(el.get("x")) - half, float(el.get("x")) + half))

    for spans in rows.values():
        for (_start, end), (start, _end) in zip(sorted(spans), sorted(spans)[1:], strict=False):
            assert end <= start + 1
