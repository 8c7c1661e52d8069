"""Statements matched against referrals, one rule at a time."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from audit.models import Event
from referrals.matching import rematch
from referrals.models import StatementDifference
from tests.factories import ReferralFactory
from vendors.models import ContractItem, Statement, StatementLine

pytestmark = pytest.mark.usefixtures("as_machine")


@pytest.fixture
def case():
    """A case with its result, its contract's settlement price 700 yuan."""
    referral = ReferralFactory(received=True, reported=True)
    ContractItem.objects.filter(test=referral.test).update(settlement_price=Decimal(700))
    return referral


@pytest.fixture
def bill(case):
    """`bill(number, amount)` adds a line to the laboratory's statement of the month."""
    shipment = case.shipments.get()
    statement = Statement.objects.create(laboratory=shipment.laboratory, institution=case.institution, month="2026-03")

    def add(number, amount=700):
        return StatementLine.objects.create(
            statement=statement,
            institution=case.institution,
            line_no=statement.lines.count() + 1,
            sample_no=number,
            test_code=case.test.code,
            received_on=date(2026, 3, 20),
            amount=Decimal(amount),
        )

    return add


def found(case):
    rematch([case.institution_id])
    return sorted(StatementDifference.objects.values_list("kind", "sample_no"))


def test_a_line_at_the_contracts_price_is_no_difference(case, bill):
    bill(case.number)

    assert found(case) == []


def test_a_line_without_a_referral(case, bill):
    bill(case.number)
    bill("X-1")

    assert found(case) == [("no_referral", "X-1")]


def test_a_sample_on_two_lines_points_at_the_earlier_one(case, bill):
    first, second = bill(case.number), bill(case.number)

    assert found(case) == [("billed_twice", case.number)]
    difference = StatementDifference.objects.get()
    assert (difference.line, difference.earlier_line) == (second, first)


def test_another_amount_than_the_contract_gives(case, bill):
    bill(case.number, 750)

    assert found(case) == [("amount_differs", case.number)]
    difference = StatementDifference.objects.get()
    assert (difference.expected_amount, difference.billed_amount) == (Decimal(700), Decimal(750))


@pytest.mark.parametrize(("last_day", "counted"), [(0, True), (-1, False)])
def test_the_price_is_that_of_the_shipping_day_and_the_last_day_is_in_force(case, bill, last_day, counted):
    shipped = case.shipments.get().shipped_at.date()
    ContractItem.objects.filter(test=case.test).update(valid_to=shipped + timedelta(days=last_day))
    bill(case.number, 750)

    assert (("amount_differs", case.number) in found(case)) == counted


def test_received_and_on_no_statement(case):
    assert found(case) == [("not_billed", case.number)]
    assert StatementDifference.objects.get().expected_amount == Decimal(700)


def test_not_received_yet_is_not_missed(as_machine):
    case = ReferralFactory(shipped=True)

    assert found(case) == []


def test_matching_again_changes_nothing(case, bill):
    bill("X-1")
    found(case)
    before = Event.objects.count()

    assert rematch([case.institution_id]) == (0, 0)
    assert Event.objects.count() == before


def test_what_is_put_right_goes_away(case, bill):
    found(case)
    bill(case.number)

    assert found(case) == []


def test_other_institutions_are_left_alone(case, bill):
    bill("X-1")
    found(case)

    rematch([case.institution_id + 1])

    assert StatementDifference.objects.count() == 2
