"""Price items old and new, their rules, and a change from draft to publication (clauses A13, B13, B14; `vocab.md` §9)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.gates import Refused
from audit.models import Event
from consent.tasks import lapse_stale
from referrals import queries
from referrals.actions import charging
from referrals.models import Referral
from tests import factories as f
from vendors import actions, price_effects, pricing
from vendors.models import Price, PriceChange, PriceItem, Publication


def today():
    return timezone.localdate()


def item(code="270700003", amount="300", **facts):
    given = {
        "code": code, "name": f"项目{code}", "unit": "次", "amount": Decimal(amount), "insurance_class": "乙类",
        "own_percent": Decimal(10), "most": 1, "not_with": [], "replaces": [],
    }  # fmt: skip
    return given | facts


@pytest.fixture
def officer(hospital):
    return hospital.prices


@pytest.fixture
def change(hospital, officer):
    def begin(on=None, title="病理类价格项目"):
        return actions.draft_change(
            institution=hospital.institution, title=title, basis="闽医保〔2026〕9号", effective_from=on or today(),
            by=officer,
        )  # fmt: skip

    return begin


def through(change, hospital):
    """Put up, checked by the second person, published."""
    actions.put_up(change=change, by=hospital.prices)
    actions.check_change(change=change, by=hospital.cashier)
    return actions.publish_change(change=change, by=hospital.prices)


@pytest.fixture
def test_of(hospital):
    """A test without a price."""
    return f.indication("LUNG-02").test


def prices_of(test):
    return list(Price.objects.filter(test=test).order_by("effective_from", "pk"))


def test_b13_a_test_is_charged_at_the_sum_of_its_items_and_quantities(hospital, change, test_of):
    draft = change()
    actions.put_item(change=draft, by=hospital.prices, **item("A1", "120", most=4))
    actions.put_item(change=draft, by=hospital.prices, **item("A2", "80.50", insurance_class="自费", own_percent=100))
    actions.put_charge(change=draft, test=test_of, parts=[("A1", 3), ("A2", 1)], by=hospital.prices)

    through(draft, hospital)

    (price,) = prices_of(test_of)
    assert (price.amount, price.self_paid) == (Decimal("440.50"), Decimal("116.50"))
    assert (price.insurance_class, price.item_code) == ("自费", "A1×3、A2")
    assert price.published_on == price.effective_from == today()
    assert [(part.item.code, part.quantity) for part in price.parts.all()] == [("A1", 3), ("A2", 1)]


@pytest.mark.parametrize(
    "parts, said",
    [
        ([("A1", 5)], "最多"),  # more of it than the rule allows
        ([("A1", 1), ("A1", 1)], "重复"),  # one item twice
        ([("A1", 1), ("A2", 1)], "不得同时收取"),  # two that exclude each other
        ([("ZZ", 1)], "没有价格项目"),  # none such
        ([], "没有写明"),
    ],
)
def test_b13_no_split_repeat_or_swap_is_even_drafted(hospital, change, test_of, parts, said):
    draft = change()
    actions.put_item(change=draft, by=hospital.prices, **item("A1", most=4))
    actions.put_item(change=draft, by=hospital.prices, **item("A2", not_with=["A1"]))

    with pytest.raises(ValidationError) as wrong:
        actions.put_charge(change=draft, test=test_of, parts=parts, by=hospital.prices)

    assert said in str(wrong.value)


def test_b13_a_test_is_charged_under_the_old_item_to_the_day_before_the_switch_and_under_the_new_from_it(
    hospital, change
):
    case = hospital.at("awaiting_charge")
    (before,) = prices_of(case.test)
    switch = today() + timedelta(days=10)
    draft = change(switch)
    actions.put_item(change=draft, by=hospital.prices, **item("NEW", "199", replaces=[before.item_code]))

    through(draft, hospital)

    old, new = prices_of(case.test)
    assert (old.effective_to, new.effective_from) == (switch - timedelta(days=1), switch)
    assert new.amount == Decimal("199.00") and new.published_on == today()
    at = timezone.now()
    assert charging.price_today(case, at).pk == old.pk
    assert charging.price_today(case, at + timedelta(days=10)).pk == new.pk


def test_b13_an_item_split_in_two_leaves_no_test_behind_unstated(hospital, change, test_of):
    first = change()
    actions.put_item(change=first, by=hospital.prices, **item("OLD", "300"))
    actions.put_charge(change=first, test=test_of, parts=[("OLD", 1)], by=hospital.prices)
    through(first, hospital)
    second = change(today() + timedelta(days=5))
    for code in ("N1", "N2"):
        actions.put_item(change=second, by=hospital.prices, **item(code, "100", replaces=["OLD"]))

    with pytest.raises(Refused) as refused:
        actions.put_up(change=second, by=hospital.prices)
    actions.put_charge(change=second, test=test_of, parts=[("N1", 1), ("N2", 1)], by=hospital.prices)
    through(second, hospital)

    assert "OLD" in refused.value.refusals[0].message and "B13" in refused.value.refusals[0].clauses
    assert [one.amount for one in prices_of(test_of)] == [Decimal("300.00"), Decimal("200.00")]
    assert PriceItem.objects.get(code="OLD").valid_to == today() + timedelta(days=4)


def test_b14_prices_that_stay_as_they_are_learn_their_items_and_disturb_nobody(hospital, change):
    case = hospital.at("awaiting_charge")
    (before,) = prices_of(case.test)
    Price.objects.filter(pk=before.pk).update(insurance_class="乙类")
    draft = change()
    facts = item(before.item_code, str(before.amount), name=before.item_name)
    actions.put_item(change=draft, by=hospital.prices, **facts)

    through(draft, hospital)
    lapsed = lapse_stale()

    (after,) = prices_of(case.test)
    assert (after.pk, after.effective_to) == (before.pk, None)
    assert [part.item.code for part in after.parts.all()] == [before.item_code]
    assert lapsed == 0


def test_b13_an_ended_price_is_charged_no_longer(hospital, change):
    case = hospital.at("awaiting_charge")
    draft = change(today() + timedelta(days=1))
    actions.put_charge(change=draft, test=case.test, ends=True, by=hospital.prices)

    through(draft, hospital)

    assert prices_of(case.test)[0].effective_to == today()
    assert charging.price_today(case, timezone.now() + timedelta(days=1)) is None


def test_x14_who_drafted_a_price_change_does_not_check_it(hospital, change, test_of):
    draft = change()
    actions.put_item(change=draft, by=hospital.prices, **item("A1"))
    actions.put_charge(change=draft, test=test_of, parts=[("A1", 1)], by=hospital.prices)
    actions.put_up(change=draft, by=hospital.prices)

    with pytest.raises(Refused) as refused:
        actions.check_change(change=draft, by=hospital.prices)
    with pytest.raises(Refused):
        actions.publish_change(change=draft, by=hospital.prices)

    assert refused.value.refusals[0].code == "X14"
    assert not prices_of(test_of)


def test_nobody_but_the_price_office_drafts_or_publishes(hospital, change):
    draft = change()

    with pytest.raises(PermissionDenied):
        actions.put_item(change=draft, by=hospital.doctor, **item("A1"))
    with pytest.raises(PermissionDenied):
        actions.publish_change(change=draft, by=hospital.cashier)


def test_what_is_put_up_is_changed_only_after_it_was_returned(hospital, change, test_of):
    draft = change()
    actions.put_item(change=draft, by=hospital.prices, **item("A1"))
    actions.put_up(change=draft, by=hospital.prices)

    with pytest.raises(Refused):
        actions.put_item(change=draft, by=hospital.prices, **item("A2"))
    actions.return_change(change=draft, reason="缺除外内容", by=hospital.cashier)
    actions.put_item(change=draft, by=hospital.prices, **item("A2"))

    draft.refresh_from_db()
    assert (draft.status, draft.note, draft.checked_by) == (PriceChange.Status.DRAFT, "缺除外内容", None)
    assert draft.draft_items.count() == 2


def test_a13_a_day_that_has_passed_is_not_published_any_more(hospital, change, test_of, time_machine):
    draft = change(today() + timedelta(days=1))
    actions.put_item(change=draft, by=hospital.prices, **item("A1"))
    actions.put_charge(change=draft, test=test_of, parts=[("A1", 1)], by=hospital.prices)
    actions.put_up(change=draft, by=hospital.prices)
    actions.check_change(change=draft, by=hospital.cashier)
    time_machine.move_to(timezone.now() + timedelta(days=3))

    with pytest.raises(Refused) as refused:
        actions.publish_change(change=draft, by=hospital.prices)

    assert "A13" in refused.value.refusals[0].clauses
    assert not prices_of(test_of)


def test_a_second_change_before_a_published_switch_is_refused(hospital, change, test_of):
    for days, amount in ((10, "100"), (5, "90")):
        draft = change(today() + timedelta(days=days))
        actions.put_item(change=draft, by=hospital.prices, **item("A1", amount))
        actions.put_charge(change=draft, test=test_of, parts=[("A1", 1)], by=hospital.prices)
        if days == 10:
            through(draft, hospital)

    with pytest.raises(Refused):
        actions.put_up(change=draft, by=hospital.prices)


@pytest.mark.parametrize("insurance_class, share", [("自费", 10), ("丙类", 0), ("甲类", 5)])
def test_b13_the_class_binds_the_share_paid_first(hospital, change, insurance_class, share):
    with pytest.raises(ValidationError) as wrong:
        actions.put_item(
            change=change(), by=hospital.prices, **item("A1", insurance_class=insurance_class, own_percent=share)
        )

    assert "own_percent" in wrong.value.message_dict


def test_b17_a_price_change_lapses_what_was_signed_and_not_used_on_the_day_of_the_switch(
    hospital, change, time_machine
):
    signed, used = hospital.at("awaiting_charge"), hospital.at("sampled")
    switch = today() + timedelta(days=3)
    draft = change(switch)
    for price in Price.objects.filter(test__in=[signed.test, used.test]):
        actions.put_item(change=draft, by=hospital.prices, **item(price.item_code, str(price.amount + 50)))
    foreseen = {one.code: one.count for one in price_effects.of(pricing.plan(draft), hospital.prices)}
    through(draft, hospital)

    before = lapse_stale()
    time_machine.move_to(timezone.now() + timedelta(days=3))
    after = lapse_stale()

    signed.refresh_from_db()
    assert before == 0 and after == foreseen["signed_price"] == 1
    assert signed.status == "awaiting_consent"
    mine = Referral.objects.visible_to(signed.requester)
    assert signed in queries.waiting(mine, "renewal") and used not in queries.waiting(mine, "renewal")
    assert signed.requester.notices.filter(text__contains=signed.number).exists()
    assert signed.consents.filter(lapsed_at__isnull=False).exists()


def test_b13_lines_of_a_charge_are_held_against_the_published_items(hospital, change, test_of):
    draft = change()
    actions.put_item(change=draft, by=hospital.prices, **item("A1", "120", most=4))
    actions.put_item(change=draft, by=hospital.prices, **item("A2", "80"))
    actions.put_charge(change=draft, test=test_of, parts=[("A1", 3), ("A2", 1)], by=hospital.prices)
    through(draft, hospital)
    (price,) = prices_of(test_of)
    right = [("A1", 3, Decimal(360)), ("A2", 1, Decimal(80))]

    assert pricing.charging_faults(price, right) == []
    assert len(pricing.charging_faults(price, [("A1", 2, Decimal(240)), ("A2", 1, None)])) == 1  # split
    assert len(pricing.charging_faults(price, [*right, ("A2", 1, Decimal(80))])) == 1  # repeated
    assert len(pricing.charging_faults(price, [("A1", 3, None), ("B9", 1, Decimal(80))])) == 2  # swapped
    assert len(pricing.charging_faults(price, [("A1", 3, Decimal(400)), ("A2", 1, None)])) == 1  # above the standard


def test_b13_several_targets_of_one_specimen_cost_no_more_than_the_cap(hospital, change, test_of):
    """vocab.md §9: 同一标本多靶点封顶; the share paid first and the lines of a charge follow the capped amount."""
    draft = change()
    with pytest.raises(ValidationError) as wrong:
        actions.put_item(change=draft, by=hospital.prices, **item("A1", "120", most=9, cap=Decimal("100")))
    actions.put_item(change=draft, by=hospital.prices, **item("A1", "120", most=9, cap=Decimal("300")))
    actions.put_item(change=draft, by=hospital.prices, **item("B2", "50"))
    actions.put_charge(change=draft, by=hospital.prices, test=test_of, parts=[("A1", 5), ("B2", 1)])
    through(draft, hospital)

    (price,) = prices_of(test_of)

    assert set(wrong.value.message_dict) == {"cap"}
    assert (price.amount, price.self_paid) == (Decimal("350.00"), Decimal("35.00"))
    assert pricing.charging_faults(price, [("A1", 5, Decimal(300)), ("B2", 1, Decimal(50))]) == []
    assert pricing.charging_faults(price, [("A1", 5, Decimal(600)), ("B2", 1, Decimal(50))])
    published = Publication.objects.filter(board="prices").latest("number").content["rows"]
    (row,) = [one for one in published if one["test"] == test_of.code]
    assert [part.get("cap") for part in row["items"]] == ["300.00", None]


def test_x07_a_charge_that_swaps_or_splits_items_is_refused_and_the_exact_items_pass(hospital, change, program):
    case = hospital.at("awaiting_charge")
    (price,) = prices_of(case.test)
    Price.objects.filter(pk=price.pk).update(insurance_class="乙类")
    draft = change()
    for code in ("H1", "H2"):
        actions.put_item(change=draft, by=hospital.prices, **item(code, str(price.amount / 2)))
    actions.put_charge(change=draft, test=f.indication("LUNG-02").test, parts=[("H1", 1)], by=hospital.prices)
    through(draft, hospital)
    desk = program(hospital.cashier)

    def charged(*lines):
        listed = [{"code": code, "quantity": n, "amount": str(amount)} for code, n, amount in lines]
        return desk.step(case, "charge.made", kind="receipt", receipt_no="HIS-1", lines=listed)

    split = charged(("H1", 1, price.amount / 2), ("H2", 1, price.amount / 2))
    right = charged((price.item_code, 1, price.amount))

    assert split.status_code == 422 and "H1" in split.content.decode() and "X07" in split.content.decode()
    assert right.status_code == 200, right.content.decode()


# Publications


def test_a13_publishing_a_change_makes_a_snapshot_that_nobody_changes(hospital, change, test_of):
    draft = change()
    actions.put_item(change=draft, by=hospital.prices, **item("A1", "120", content="含提取", excludes="不含切片"))
    actions.put_charge(change=draft, test=test_of, parts=[("A1", 1)], by=hospital.prices)

    through(draft, hospital)

    made = Publication.objects.get(institution=hospital.institution, board="prices")
    (row,) = [one for one in made.content["rows"] if one["test"] == test_of.code]
    assert (row["amount"], row["items"][0]["content"], row["items"][0]["excludes"]) == ("120.00", "含提取", "不含切片")
    assert (made.number, made.published_by, made.change, made.is_unchanged) == (1, hospital.prices, draft, True)
    event = Event.objects.filter(table_name="vendors_publication", op="I").latest("pk")
    assert made.content_sha256 in event.reason and event.step == "list.published"
    for attempt in (lambda: Publication.objects.update(number=9), lambda: Publication.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


def test_b14_the_same_list_is_not_published_twice_and_another_is_the_next_number(hospital, officer):
    hospital.at("awaiting_charge")
    first = actions.publish_list(institution=hospital.institution, board="prices", by=officer)

    with pytest.raises(Refused):
        actions.publish_list(institution=hospital.institution, board="prices", by=officer)
    f.PriceFactory(institution=hospital.institution, test=f.indication("LUNG-03").test)
    second = actions.publish_list(institution=hospital.institution, board="prices", by=officer)

    assert (first.number, second.number) == (1, 2)
    assert first.content_sha256 != second.content_sha256


def test_b14_two_publications_are_compared_row_by_row(hospital, officer, change, test_of):
    from vendors import publishing

    before = actions.publish_list(institution=hospital.institution, board="prices", by=officer)
    draft = change()
    actions.put_item(change=draft, by=officer, **item("A1", "120"))
    actions.put_charge(change=draft, test=test_of, parts=[("A1", 1)], by=officer)
    through(draft, hospital)
    after = Publication.objects.get(number=2)

    (found,) = publishing.difference(before.content, after.content)

    assert found.kind == "added" and test_of.code in found.key
    assert publishing.difference(after.content, after.content) == []
