"""Differences settled by two persons, the month closed by two offices, and closed months that nobody writes again
(A28, X14)."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from audit.gates import Refused
from documents import files
from referrals.actions import month_closing, settling
from referrals.billing import figures, sheet
from referrals.matching import rematch
from referrals.models import Charge, Reconciliation, StatementDifference
from tests import factories as f
from vendors.models import Statement, StatementLine

Kind = StatementDifference.Kind


def of(kind):
    return list(StatementDifference.objects.filter(kind=kind))


@pytest.fixture
def month(billing):
    """Two lines that fit, one too dear, one off-book."""
    dear = billing.case()
    month = billing.record(
        billing.row(billing.case()), billing.row(billing.case()), billing.row(dear, 650), billing.row("X-1", 600)
    )
    return month


def settle_all(billing, month):
    how = {Kind.AMOUNT_DIFFERS: "contract_price", Kind.NO_REFERRAL: "refused"}
    for kind, resolution in how.items():
        found = of(kind)
        settling.settle(differences=found, resolution=resolution, reason="与机构核实", by=billing.finance)
        settling.confirm(differences=found, by=billing.colleague)


@pytest.fixture
def closed(billing, month):
    settle_all(billing, month)
    month_closing.sign(month=month, by=billing.finance)
    return month_closing.close(month=month, by=billing.affairs)


def codes(refused):
    return [one.code for one in refused.value.refusals]


def test_settled_by_one_and_confirmed_by_another(billing, month):
    found = of(Kind.AMOUNT_DIFFERS)
    settling.settle(differences=found, resolution="contract_price", reason="按合同价", by=billing.finance)
    settling.confirm(differences=found, by=billing.affairs)

    (one,) = of(Kind.AMOUNT_DIFFERS)
    assert (one.stands, one.settled_by, one.confirmed_by) == ("settled", billing.finance, billing.affairs)


def test_who_settled_does_not_confirm(billing, month):
    """X14"""
    found = of(Kind.AMOUNT_DIFFERS)
    settling.settle(differences=found, resolution="contract_price", reason="按合同价", by=billing.finance)

    with pytest.raises(Refused) as refused:
        settling.confirm(differences=found, by=billing.finance)

    assert codes(refused) == ["X14"]
    with pytest.raises(IntegrityError), transaction.atomic():
        StatementDifference.objects.filter(pk=found[0].pk).update(
            confirmed_by=billing.finance, confirmed_at=found[0].reconciliation.signed_at or f.START
        )


def test_who_requested_the_test_does_not_confirm(billing, month):
    """X14"""
    found = of(Kind.AMOUNT_DIFFERS)
    settling.settle(differences=found, resolution="contract_price", reason="按合同价", by=billing.finance)
    doctor = found[0].referral.requester
    f.PostFactory(user=doctor, role="R10", institution=billing.hospital)

    with pytest.raises(Refused) as refused:
        settling.confirm(differences=found, by=type(doctor).objects.get(pk=doctor.pk))

    assert codes(refused) == ["X14"]


def test_an_off_book_line_is_never_accepted(billing, month):
    """A28: the hospital itself charges for every test it sends out."""
    with pytest.raises(ValidationError) as wrong:
        settling.settle(differences=of(Kind.NO_REFERRAL), resolution="accepted", reason="先付", by=billing.finance)

    assert "resolution" in wrong.value.message_dict


def test_paying_more_than_the_contract_asks_for_a_paper(billing, month):
    found = of(Kind.AMOUNT_DIFFERS)
    with pytest.raises(ValidationError) as wrong:
        settling.settle(differences=found, resolution="accepted", reason="补充协议调价", by=billing.finance)
    assert "evidence" in wrong.value.message_dict

    paper = files.check(b"%PDF-1.7 evidence", kinds=(files.PDF,), name="补充协议.pdf")
    settling.settle(differences=found, resolution="accepted", reason="补充协议调价", evidence=paper, by=billing.finance)
    assert of(Kind.AMOUNT_DIFFERS)[0].evidence.name == "补充协议.pdf"


def test_many_at_once_only_of_one_kind_and_only_where_nothing_more_is_paid(billing, month):
    with pytest.raises(ValidationError):
        settling.settle(
            differences=StatementDifference.objects.all(), resolution="disputed", reason="核对", by=billing.finance
        )
    first, second = billing.case(), billing.case()
    billing.record(billing.row(first, 650), billing.row(second, 650), month="2026-04")
    found = [one for one in of(Kind.AMOUNT_DIFFERS) if one.reconciliation.month == "2026-04"]
    with pytest.raises(ValidationError) as wrong:
        settling.settle(differences=found, resolution="credited", reason="次月冲减", by=billing.finance)
    assert "resolution" in wrong.value.message_dict

    assert settling.settle(differences=found, resolution="contract_price", reason="按合同价", by=billing.finance) == 2


def test_sent_back_it_is_open_again_and_says_why(billing, month):
    found = of(Kind.NO_REFERRAL)
    settling.settle(differences=found, resolution="refused", reason="查无此例", by=billing.finance)
    settling.send_back(differences=found, note="请附核实记录", by=billing.affairs)

    (one,) = of(Kind.NO_REFERRAL)
    assert (one.stands, one.returned_note, one.reason) == ("open", "请附核实记录", "")


def test_settled_meanwhile_by_somebody_else_is_stale(billing, month):
    found = of(Kind.NO_REFERRAL)
    settling.settle(differences=found, resolution="refused", reason="查无此例", by=billing.colleague)

    with pytest.raises(Refused) as refused:
        settling.settle(differences=found, resolution="disputed", reason="核对", by=billing.finance)

    assert codes(refused) == ["stale"]


def test_medical_affairs_settles_nothing_and_finance_countersigns_nothing(billing, month):
    with pytest.raises(PermissionDenied):
        settling.settle(differences=of(Kind.NO_REFERRAL), resolution="refused", reason="核", by=billing.affairs)
    with pytest.raises(PermissionDenied):
        month_closing.close(month=month, by=billing.finance)


def test_a_month_with_unsettled_differences_is_not_signed_and_says_which(billing, month):
    settling.settle(differences=of(Kind.NO_REFERRAL), resolution="refused", reason="查无此例", by=billing.finance)

    with pytest.raises(Refused) as refused:
        month_closing.sign(month=month, by=billing.finance)

    assert codes(refused) == ["unsettled", "unsettled"]
    assert [one.mend.rpartition("=")[2] for one in refused.value.refusals] == ["no_referral", "amount_differs"]


def test_what_a_month_comes_to(billing, month):
    """B31: the margin between what patients paid and what is settled with the laboratory stays on record."""
    before = figures.of(month)
    assert (before.lines, before.agreeing, before.billed, before.undecided) == (
        4,
        2,
        Decimal("2450.00"),
        Decimal("1250.00"),
    )
    settle_all(billing, month)

    after = figures.of(month)

    assert (after.owed, after.undecided, after.charged) == (Decimal("1800.00"), Decimal("0.00"), Decimal("3000.00"))
    assert after.margin == Decimal("1200.00")


def test_a_month_is_closed_by_two_offices_with_a_sheet(billing, closed):
    assert (closed.signed_by, closed.closed_by) == (billing.finance, billing.affairs)
    assert closed.figures["owed"] == "1800.00"
    assert files.read(closed.sheet).startswith(b"%PDF-")


def test_figures_that_moved_after_the_signature_are_signed_again(billing, month):
    settle_all(billing, month)
    month_closing.sign(month=month, by=billing.finance)
    case = StatementDifference.objects.filter(kind=Kind.AMOUNT_DIFFERS).get().referral
    Charge.objects.filter(referral=case).update(amount=900)

    with pytest.raises(Refused) as refused:
        month_closing.close(month=month, by=billing.affairs)

    assert codes(refused) == ["changed"]


def test_one_person_in_both_posts_does_not_close_alone(billing, month):
    """X14"""
    settle_all(billing, month)
    month_closing.sign(month=month, by=billing.finance)
    f.PostFactory(user=billing.finance, role="R10", institution=billing.hospital)
    both = type(billing.finance).objects.get(pk=billing.finance.pk)
    both.act_as(next(post for post in both.posts_now if post.role_id == "R10"))

    with pytest.raises(Refused) as refused:
        month_closing.close(month=month, by=both)

    assert codes(refused) == ["X14"]


def test_a_month_that_still_runs_is_not_signed(billing):
    month = billing.record(billing.row(billing.case()))
    Reconciliation.objects.filter(pk=month.pk).update(month="2999-01")

    with pytest.raises(Refused) as refused:
        month_closing.sign(month=month, by=billing.finance)

    assert "month_running" in codes(refused)


def test_a_closed_month_is_walled_in_by_the_database(closed):
    difference, line = StatementDifference.objects.first(), StatementLine.objects.first()
    writes = [
        lambda: Reconciliation.objects.filter(pk=closed.pk).update(figures={}),
        lambda: Reconciliation.objects.filter(pk=closed.pk).delete(),
        lambda: StatementDifference.objects.filter(pk=difference.pk).update(reason="改"),
        lambda: StatementDifference.objects.filter(pk=difference.pk).delete(),
        lambda: StatementLine.objects.filter(pk=line.pk).update(amount=1),
        lambda: StatementLine.objects.filter(pk=line.pk).delete(),
        lambda: Statement.objects.filter(pk=line.statement_id).update(month="2026-01"),
        lambda: StatementLine.objects.create(
            statement=line.statement, institution_id=line.institution_id, line_no=99, sample_no="X", amount=1
        ),
    ]
    for write in writes:
        with pytest.raises(IntegrityError), transaction.atomic():
            write()


def test_a_closed_month_takes_no_new_statement_and_no_settlement(billing, closed):
    with pytest.raises(Refused) as refused:
        billing.give_in(billing.row("X-2"), reason="补开")
    assert codes(refused) == ["closed_month"]

    with pytest.raises(Refused) as refused:
        settling.settle(differences=of(Kind.NO_REFERRAL), resolution="disputed", reason="再议", by=billing.finance)
    assert codes(refused) == ["closed_month"]


def test_what_comes_up_after_closing_goes_into_the_next_month(billing, closed):
    late = billing.case()

    rematch([billing.hospital.pk])

    assert billing.kinds("2026-04") == [("not_billed", late.number)]
    assert ("not_billed", late.number) not in billing.kinds()


def test_a_closed_month_is_put_right_by_a_supplement_in_the_next_confirmed_by_another(billing, closed):
    case = billing.case(requested_at=f.moment(2026, 4, 2, 9))
    month = billing.record(billing.row(case, 收样日期="2026-04-08"), month="2026-04")
    made = settling.supplement(
        month=month, of=closed, sample_no="X-1", amount=Decimal("-80"), reason="上月多付冲减", by=billing.finance
    )
    assert figures.of(month).owed == Decimal("600.00")
    settling.confirm(differences=[made], by=billing.affairs)
    rematch([billing.hospital.pk])

    assert figures.of(month).owed == Decimal("520.00")
    with pytest.raises(ValidationError):
        settling.supplement(month=month, of=month, sample_no="X", amount=Decimal(1), reason="同月", by=billing.finance)


def test_the_workbook_lists_every_line_with_its_standing(billing, closed):
    import io

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(sheet.book(closed)))
    lines, differences = book.worksheets
    assert lines.max_row >= 5
    assert [row[9].value for row in lines.iter_rows(min_row=2, max_row=5)][:2] == ["相符", "相符"]
    kinds = {str(Kind.NO_REFERRAL.label), str(Kind.AMOUNT_DIFFERS.label)}
    assert {row[0].value for row in differences.iter_rows(min_row=2, max_row=3)} == kinds


def test_margin_is_told_per_month_laboratory_and_test(billing, closed):
    rows = figures.margins([billing.hospital.pk], first="2026-01", last="2026-12")

    assert [(one.month, bool(one.test), one.lines, one.payable, one.charged) for one in rows] == [
        ("2026-03", True, 3, Decimal("1800.00"), Decimal("3000.00")),
        ("2026-03", False, 1, Decimal("0.00"), Decimal("0.00")),
    ]
