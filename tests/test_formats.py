"""How figures, dates and names are written."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from audit.gates import Judgement, Verdict
from documents.templatetags import formats


@pytest.mark.parametrize(
    "value, written", [(Decimal("3600"), "3,600.00"), (0, "0.00"), (None, "—"), ("", "—"), ("待定", "待定")]
)
def test_money(value, written):
    assert formats.money(value) == written


@pytest.mark.parametrize(
    "numerator, denominator, written",
    [
        (36, 37, "97.3%（36/37）"),
        (0, 0, "—"),
        (None, 5, "—"),
        (0, 5, "0%（0/5）"),
        (5, 5, "100%（5/5）"),
        (9999, 10000, "99.9%（9,999/10,000）"),
        (1, 10000, "0.1%（1/10,000）"),
    ],
)
def test_a_rate_shows_its_denominator_and_never_rounds_to_all_or_none(numerator, denominator, written):
    assert formats.rate(numerator, denominator) == written


def test_times_are_the_hospitals_own():
    night = datetime(2026, 9, 14, 16, 30, tzinfo=UTC)

    assert formats.moment(night) == "2026-09-15 00:30"
    assert formats.day(night) == "2026年9月15日"
    assert formats.day(date(2026, 9, 5)) == "2026年9月5日"
    assert formats.isoday(date(2026, 9, 5)) == "2026-09-05"
    assert formats.moment(None) == formats.day(None) == "—"


@pytest.mark.parametrize(
    "name, written",
    [
        ("张三", "张＊"),
        ("张秀英", "张＊＊"),
        ("买买提江·阿卜杜热合曼", "买＊＊"),
        ("䶮", "䶮＊"),
        ("", "—"),
        (None, "—"),
    ],
)
def test_a_masked_name_keeps_its_first_character_and_hides_its_length(name, written):
    assert formats.masked(name) == written


def test_each_verdict_has_its_chip():
    kinds = {verdict: formats.verdict_kind(Judgement(verdict)) for verdict in Verdict}

    assert kinds == {
        Verdict.PASSES: "passed",
        Verdict.REFUSES: "blocked",
        Verdict.NOT_APPLICABLE: "na",
        Verdict.UNKNOWN: "unknown",
    }
    assert formats.verdict_kind("ahead") == "ahead"


def test_an_address_keeps_its_filters():
    request = RequestFactory().get("/list/", {"q": "张", "page": "3"})
    template = Template("{% load formats %}{% address_with page=None tab='late' %}")

    assert template.render(Context({"request": request})) == "?q=%E5%BC%A0&amp;tab=late"


def test_the_strip_shows_what_blocks_first_and_folds_what_does_not_apply():
    given = [
        Judgement(verdict, code=verdict.name)
        for verdict in (Verdict.PASSES, Verdict.NOT_APPLICABLE, Verdict.REFUSES, Verdict.UNKNOWN)
    ]

    assert [one.code for one in formats.gates_at_hand(given)] == ["REFUSES", "UNKNOWN", "PASSES"]
    assert [one.code for one in formats.gates_aside(given)] == ["NOT_APPLICABLE"]


@pytest.mark.parametrize(
    "given, clauses", [("B5", ["B5"]), ("A13,B13, B14", ["A13", "B13", "B14"]), (["B5"], ["B5"]), ("", [])]
)
def test_clauses_come_as_a_word_or_a_list(given, clauses):
    assert formats.as_list(given) == clauses
