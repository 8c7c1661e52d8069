"""The seven indicators against the workbook's key, and the cases behind each figure."""

import json
from pathlib import Path

import pytest

from accounts.models import Institution
from audit.gates import Verdict, judge
from referrals.gates import load_cases
from referrals.models import Referral
from reports import indicators, periods
from reports.indicators import Rate

KEY = json.loads((Path(__file__).parent / "data" / "hospital-ledger.key.json").read_text())
RULES = {"K03": "X02", "K04": "X01", "K05": "X03", "K07": "X08", "K09": "X11", "K13": "X09"}


@pytest.fixture
def counted(county):
    hospitals = Institution.objects.filter(kind="hospital")
    return indicators.monthly(
        Referral.objects.all(), [h.pk for h in hospitals], periods.parse("2024Q4"), periods.parse("2026Q3")
    )


def test_every_indicator_of_every_quarter_is_the_keys(counted):
    found: dict = {}
    for hospital in Institution.objects.filter(kind="hospital"):
        for quarter in KEY["indicators"][hospital.code]:
            rates = indicators.total(counted, hospital.pk, periods.parse(quarter).months())
            found.setdefault(hospital.code, {})[quarter] = {
                code: [rate.numerator, rate.denominator] for code, rate in rates.items() if rate.denominator
            }
    assert found == KEY["indicators"]


def test_zero_denominators_are_counted_and_print_a_dash(counted):
    hospital = Institution.objects.get(code="LXZ")
    rate = indicators.total(counted, hospital.pk, periods.parse("2026Q3").months())["K13"]
    assert rate == Rate(0, 0)
    assert str(rate) == "—"


def test_the_lists_behind_a_figure_are_the_cases_it_counted(county):
    hospital = Institution.objects.get(code="LXZ")
    quarter = periods.parse("2026Q3")
    mine = Referral.objects.filter(institution=hospital)
    for code, rate in indicators.rates(Referral.objects.all(), hospital.pk, quarter).items():
        one = indicators.registry()[code]
        assert one.cases(mine, quarter, "denominator").count() == rate.denominator
        assert one.cases(mine, quarter, "numerator").count() == rate.numerator
        assert one.cases(mine, quarter, "missing").count() == rate.missing
    missing = indicators.registry()["K04"].cases(mine, quarter, "missing")
    assert [case.number for case in missing] == ["LXZ20260812003"]


def test_a_numerator_says_what_the_gate_of_the_same_rule_says(county):
    """Counting in SQL and judging case by case are two ways to one answer, on two years of cases."""
    for code, gate in RULES.items():
        one = indicators.registry()[code]
        two_years = indicators_window()
        met = set(one.cases(Referral.objects.all(), two_years, "numerator").values_list("pk", flat=True))
        for case in load_cases(one.cases(Referral.objects.all(), two_years)):
            verdict = judge(gate, case, getattr(case.referral, one.stamp)).verdict
            assert (verdict != Verdict.REFUSES) == (case.referral.pk in met), (code, case.referral.number)


def indicators_window():
    from reports.drill import Window

    return Window(periods.parse("2024Q4").opens, periods.parse("2026Q3").closes)


def test_a_year_is_the_sum_of_its_quarters(counted):
    hospital = Institution.objects.get(code="LXZ").pk
    year = indicators.total(counted, hospital, periods.parse("2025").months())
    quarters = [indicators.total(counted, hospital, periods.parse(f"2025Q{n}").months()) for n in (1, 2, 3, 4)]
    assert year["K03"] == sum((quarter["K03"] for quarter in quarters), Rate())


def test_all_indicators_are_counted_in_three_queries(county, django_assert_num_queries):
    hospitals = list(Institution.objects.filter(kind="hospital").values_list("pk", flat=True))
    with django_assert_num_queries(3):
        indicators.monthly(Referral.objects.all(), hospitals, periods.parse("2024Q4"), periods.parse("2026Q3"))


@pytest.mark.parametrize(
    "code, label, first, last",
    [
        ("2026Q3", "2026年第三季度", "2026-07-01", "2026-09-30"),
        ("2026-02", "2026年2月", "2026-02-01", "2026-02-28"),
        ("2026H1", "2026年上半年", "2026-01-01", "2026-06-30"),
        ("2024", "2024年度", "2024-01-01", "2024-12-31"),
    ],
)
def test_periods_by_their_codes(code, label, first, last):
    period = periods.parse(code)
    assert (period.code, period.label, f"{period.start}", f"{period.end}") == (code, label, first, last)
    assert period.opens.isoformat() == f"{first}T00:00:00+08:00"
    assert period.before().before(-1) == period


@pytest.mark.parametrize("code", ["", "2026Q5", "2026-13", "Q3", "26Q3", "2026Q3 x", "1626"])
def test_what_is_no_period_is_refused_with_a_sentence(code):
    with pytest.raises(periods.NotAPeriod):
        periods.parse(code)
