"""The demo's workbook as it stands after `load_demo`: the key, and what history looks like once recorded."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from referrals.models import Referral, StatementDifference, Status
from supervision.models import Finding
from tests.ledgers import KEY, WORKBOOK, Book, naive_gates, naive_statement
from vendors.models import Origin


@pytest.fixture(scope="module")
def key():
    return json.loads(KEY.read_text())


def by_gate():
    found = {}
    for gate, number in Finding.objects.values_list("gate", "referral__number"):
        found.setdefault(gate, []).append(number)
    return {gate: sorted(numbers) for gate, numbers in found.items()}


def test_the_given_workbook_is_found_to_break_what_its_key_says(county, key):
    assert by_gate() == key["gates"]


def test_its_statements_differ_as_the_key_says(county, key):
    found = {kind: [] for kind in key["statement"]}
    for kind, sample in StatementDifference.objects.order_by("sample_no").values_list("kind", "sample_no"):
        found[kind].append(sample)

    assert found == key["statement"]


def test_the_command_prints_the_key_and_nothing_else(county, key):
    out, err = StringIO(), StringIO()
    call_command("import_ledger", str(WORKBOOK), "--json", stdout=out, stderr=err)

    printed = json.loads(out.getvalue())
    assert list(printed) == ["rows", "statement_lines", "gates", "statement"]
    assert printed == {name: key[name] for name in printed}
    assert out.getvalue().count("\n") == 1
    assert "X13" in err.getvalue()


def test_every_finding_shows_its_clause_step_and_facts(county):
    for finding in Finding.objects.all():
        assert finding.message
        assert finding.facts
        assert finding.clauses or finding.gate == "X14"
        assert finding.judged_as_of < finding.found_at


def test_history_is_marked_as_history_and_unknown_actors_stay_unknown(county):
    assert not Referral.objects.exclude(origin=Origin.LEDGER).exists()
    case = Referral.objects.filter(charged_at__isnull=False, shipped_at__isnull=False).first()
    assert case.charges.get().charged_by is None
    assert case.specimens.get().collected_by is None
    assert case.shipments.get().contract is None


def test_cases_under_way_stand_at_their_furthest_step(county):
    under_way = Referral.objects.under_way()

    assert under_way.count() == 14
    for case in under_way:
        furthest = [
            (case.reported_at, Status.REPORTED),
            (case.received_at, Status.RECEIVED),
            (case.shipped_at, Status.SHIPPED),
            (case.collected_at, Status.SAMPLED),
            (case.charged_at, Status.CHARGED),
            (case.approved_at, Status.APPROVED),
            (case.consented_at, Status.CONSENTED),
        ]
        expected = next((status for at, status in furthest if at), None)
        assert expected is None or case.status == expected


def test_the_naive_judge_agrees_with_the_key(key):
    book = Book()

    assert naive_gates(book) == key["gates"]
    assert naive_statement(book) == key["statement"]
