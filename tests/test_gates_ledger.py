"""The demo county's two years of ledger, judged: the workbook's key, and a cost that does not grow with the rows."""

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.gates import Verdict
from referrals import history
from referrals.models import Referral

KEY = json.loads((Path(__file__).parent / "data" / "hospital-ledger.key.json").read_text())


@pytest.fixture
def verdicts(county):
    return list(history.judge_many(Referral.objects.all()))


def test_history_breaks_exactly_the_rules_of_the_key(verdicts):
    numbers = dict(Referral.objects.values_list("pk", "number"))
    refused: dict[str, list[str]] = {code: [] for code in KEY["gates"]}
    for one in verdicts:
        if one.judgement.verdict == Verdict.REFUSES:
            refused[one.code].append(numbers[one.referral_id])
    assert {code: sorted(found) for code, found in refused.items()} == KEY["gates"]


def test_each_case_and_rule_is_named_once_with_the_step_and_a_sentence(verdicts):
    assert len({(one.referral_id, one.code) for one in verdicts}) == len(verdicts)
    assert all(one.judgement.message and one.code in one.step.gates for one in verdicts)


def test_what_the_ledger_does_not_record_is_not_judged(verdicts):
    """Authorities, studies, foreign control and who chose the laboratory have no column."""
    unknown = {one.code for one in verdicts if one.judgement.verdict == Verdict.UNKNOWN}
    assert {"X04", "X10", "X16"} <= unknown <= {"X04", "X10", "X13", "X14", "X16"}


def test_judging_everything_asks_as_many_queries_as_judging_one(county):
    full = Referral.objects.exclude(shipped_at=None).latest("filed_at")
    with CaptureQueriesContext(connection) as one:
        list(history.judge_many([full.pk]))
    with CaptureQueriesContext(connection) as many:
        list(history.judge_many(Referral.objects.all()))
    assert len(many) <= len(one) + 6
