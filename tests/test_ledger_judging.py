"""Workbooks spoiled at random, judged by the gates and by a naive judge that knows nothing of them."""

import pytest

from supervision.models import Finding
from tests.ledgers import Book, naive_gates, naive_statement, spoil


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_a_workbook_spoiled_at_random_is_judged_as_a_naive_judge_would(take_in, seed):
    book = spoil(Book().cut(160, seed=seed), seed)
    outcome = take_in(book, dry_run=True)

    expected = naive_gates(book)
    assert len(expected) == 10
    assert outcome.gates == expected
    assert outcome.statement == naive_statement(book)
    assert outcome.rows == 160


def test_a_blank_the_rule_needs_is_not_judged_and_listed_apart(take_in, book):
    book.cut(40)
    row = book.case(归档时间=True, 同意书已归档="是", 检查单已归档="是", 结果已归档="是")
    row["检查单已归档"] = None

    outcome = take_in(book)

    assert row["申请单号"] not in outcome.gates.get("X11", [])
    [unjudged] = [one for one in outcome.not_judged if one["gate"] == "X11"]
    assert unjudged["numbers"] == [row["申请单号"]]


def test_two_workbooks_one_after_the_other_find_what_the_whole_at_once_does(take_in):
    """What the first lacked (papers, contracts, prices) had made findings; the second lifts them."""
    first, second = Book().cut(60, seed=31), Book().cut(60, seed=31)
    first.rows["资质证照"] = first["资质证照"][:4]
    first.rows["合同"] = [row for row in first["合同"] if row["合同编号"] != "LXZ-HT-L01-2"]
    first.rows["合同项目"] = [row for row in first["合同项目"] if row["合同编号"] != "LXZ-HT-L01-2"][::2]
    first.rows["价格"] = first["价格"][::2]

    assert take_in(first).gates == naive_gates(first) != naive_gates(second)
    outcome = take_in(second)

    assert outcome.gates == naive_gates(second)
    assert outcome.statement == naive_statement(second)
    assert Finding.objects.filter(status=Finding.Status.LIFTED).exists()
