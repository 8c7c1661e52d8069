"""Procurement, and the contract from draft to its end: clauses, separation of duties, what refuses (A26, B9, B10)."""

import html
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice
from audit.gates import Refused, Verdict, judge
from tests import factories as f
from tests.fixtures.laboratories import later, paper
from vendors import contract_pathway as pathway
from vendors import contracting, lapsing
from vendors.actions import procurements as actions
from vendors.actions import standing
from vendors.models import Admission, Contract, ContractDraft, ContractItem, Procurement

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_machine")]
S = ContractDraft.Status


def codes(refused):
    return {one.code for one in refused.value.refusals}


def buy(office, **changes):
    given = {
        "laboratory": office.laboratory, "number": f"CG-{Procurement.objects.count()}", "subject": "肿瘤基因检测外送服务",
        "method": "consultation", "notice": "县公共资源交易网 2026-031", "noticed_on": later(-40), "award_no": "ZB-31",
        "awarded_on": later(-10), "budget": Decimal(900000), "amount": Decimal(600000), "file": paper(),
        "bids": ["明测 600000", "乙 650000", "丙 700000"],
    }  # fmt: skip
    return actions.record_procurement(by=office.buyer, **{**given, **changes})


def draft(office, items=None, **changes):
    name = office.laboratory.name
    given = {
        "laboratory": office.laboratory, "number": f"HT-{ContractDraft.objects.count()}", "party": name,
        "invoice_issuer": name, "payee": name, "valid_from": later(0), "valid_to": later(700), "file": paper(),
    }  # fmt: skip
    if "procurement" not in changes and "supplements" not in changes:
        changes["procurement"] = buy(office)
    one = actions.draft_contract(by=office.buyer, **{**given, **changes})
    for test in office.tests if items is None else items:
        actions.put_item(draft=one, test=test, settlement_price=Decimal(1200), turnaround_days=7, by=office.buyer)
    return one


def tick_all(office, one, but=()):
    for place, code in enumerate(contracting.clauses(), 1):
        if code not in but:
            actions.tick(draft=one, clause=code, page=place, quote=f"第{place}条", by=office.lawyer)


def checked(office, **changes):
    one = actions.submit(draft=draft(office, **changes), by=office.buyer)
    if not one.supplements_id:
        tick_all(office, one)
    return actions.pass_check(draft=one, by=office.lawyer)


def signed(office, **changes):
    return actions.sign(draft=checked(office, **changes), by=office.leader)


def test_a_contract_goes_from_procurement_to_the_first_case(office):
    """A26, B9, B10: X06 takes it from the day it is signed."""
    office.admitted()
    case = f.ReferralFactory(institution=office.institution, laboratory=office.laboratory)
    assert judge("X06", case, timezone.now()).verdict == Verdict.REFUSES
    one = signed(office)
    assert one.status == S.IN_FORCE and one.contract.procurement_no == one.procurement.number
    item = ContractItem.objects.get(contract=one.contract, test=case.test)
    assert (item.settlement_price, item.turnaround_days) == (Decimal(1200), 7)
    case = type(case).objects.get(pk=case.pk)
    assert judge("X06", case, timezone.now()).verdict == Verdict.PASSES


@pytest.mark.parametrize("clause", list(contracting.clauses()))
def test_a_contract_that_lacks_a_required_clause_is_not_passed(office, clause):
    """A26, B10; vocab §6."""
    one = actions.submit(draft=draft(office), by=office.buyer)
    tick_all(office, one, but=[clause])
    with pytest.raises(Refused) as refused:
        actions.pass_check(draft=one, by=office.lawyer)
    assert codes(refused) == {"clauses"} and clause in str(refused.value.refusals[0].message)


def test_a_clause_is_found_on_a_page_in_words(office):
    """A26."""
    one = actions.submit(draft=draft(office), by=office.buyer)
    for wrong in ({"page": 0}, {"quote": " "}, {"clause": "C99"}):
        with pytest.raises(ValidationError):
            actions.tick(draft=one, by=office.lawyer, **{"clause": "C01", "page": 1, "quote": "第一条", **wrong})


def test_an_unadmitted_laboratory_has_no_contract(office):
    """B8: and a suspended one none either."""
    one = checked(office)
    with pytest.raises(Refused) as refused:
        actions.sign(draft=one, by=office.leader)
    assert codes(refused) == {"B8"}
    admission = office.admitted()
    standing.suspend(admission=admission, reason="投诉", by=office.affairs)
    with pytest.raises(Refused) as refused:
        actions.sign(draft=one, by=office.leader)
    assert codes(refused) == {"B8"}


def test_no_contract_without_its_own_procurement(office):
    """B9."""
    office.admitted()
    with pytest.raises(Refused) as refused:
        signed(office, procurement=None)
    assert codes(refused) == {"B9"}
    other = buy(office, laboratory=f.LaboratoryFactory())
    with pytest.raises(Refused) as refused:
        signed(office, procurement=other)
    assert codes(refused) == {"B9"}


@pytest.mark.parametrize("name", ["party", "invoice_issuer", "payee"])
def test_party_invoice_and_payee_are_the_licence_holder(office, name):
    """Q01, A28."""
    office.admitted()
    with pytest.raises(Refused) as refused:
        signed(office, **{name: "某健康管理有限公司"})
    assert codes(refused) == {"Q01"}


def test_purchases_that_together_pass_the_threshold_are_answered_by_somebody_else(office, settings):
    """B9: 拆分."""
    office.admitted()
    settings.PROCUREMENT_THRESHOLD = 1_000_000
    first = buy(office)
    assert not contracting.looks_split(first)
    second = buy(office, awarded_on=later(-5))
    assert contracting.looks_split(second) and contracting.together_with(second) == 1_200_000
    assert not contracting.looks_split(buy(office, method="open", awarded_on=later(-4)))
    one = checked(office, procurement=second)
    with pytest.raises(Refused) as refused:
        actions.sign(draft=one, by=office.leader)
    assert codes(refused) == {"split"}
    with pytest.raises(PermissionDenied):
        actions.answer_splitting(procurement=second, answer="不同标的", by=office.buyer)
    actions.answer_splitting(procurement=second, answer="两次采购的检测项目与预算年度不同", by=office.leader)
    one.refresh_from_db()
    assert actions.sign(draft=one, by=office.leader).status == S.IN_FORCE


@pytest.mark.parametrize(
    "wrong", [{"bids": []}, {"bids": ["甲 1"]}, {"amount": Decimal(950000)}, {"awarded_on": later(1)}, {"notice": ""},
              {"noticed_on": later(-5), "awarded_on": later(-9)}],
)  # fmt: skip
def test_a_procurement_is_whole(office, wrong):
    """B9."""
    with pytest.raises(ValidationError):
        buy(office, **wrong)


def test_who_drafted_does_not_check_and_who_checked_does_not_sign(office):
    """X14, with one person in three posts."""
    office.admitted()
    f.PostFactory(user=office.buyer, institution=office.institution, role_id="R14")
    f.PostFactory(user=office.lawyer, institution=office.institution, role_id="R23")
    one = actions.submit(draft=draft(office), by=office.buyer)
    both = type(office.buyer).objects.get(pk=office.buyer.pk)
    both = both.act_as(both.posts.get(role_id="R14"))
    with pytest.raises(Refused) as refused:
        actions.tick(draft=one, clause="C01", page=1, quote="第一条", by=both)
    assert codes(refused) == {"X14"}
    tick_all(office, one)
    one = actions.pass_check(draft=one, by=office.lawyer)
    both = type(office.lawyer).objects.get(pk=office.lawyer.pk)
    with pytest.raises(Refused) as refused:
        actions.sign(draft=one, by=both.act_as(both.posts.get(role_id="R23")))
    assert codes(refused) == {"X14"}


ACTS = {
    pathway.SUBMIT: lambda o, d: actions.submit(draft=d, by=o.buyer),
    pathway.RETURN: lambda o, d: actions.give_back(draft=d, reason="缺附件", by=o.lawyer),
    pathway.PASS: lambda o, d: actions.pass_check(draft=d, by=o.lawyer),
    pathway.REFUSE: lambda o, d: actions.give_back(draft=d, reason="价格待议", by=o.leader),
    pathway.ACTIVATE: lambda o, d: actions.sign(draft=d, by=o.leader),
    pathway.DISCARD: lambda o, d: actions.discard(draft=d, reason="不签", by=o.buyer),
}


@pytest.mark.parametrize("status", S.values)
def test_every_step_of_a_contract_from_every_status(office, status):
    """A26: the legal pairs move, the others refuse and leave it."""
    office.admitted()
    one = draft(office)
    if status != S.DRAFT:
        one = actions.discard(draft=one, reason="x", by=office.buyer) if status == S.DISCARDED else (
            actions.submit(draft=one, by=office.buyer)
        )  # fmt: skip
    if status in (S.REVIEW, S.CHECKED, S.IN_FORCE):
        tick_all(office, one)
    if status in (S.CHECKED, S.IN_FORCE):
        one = actions.pass_check(draft=one, by=office.lawyer)
    if status == S.IN_FORCE:
        one = actions.sign(draft=one, by=office.leader)
    for step, act in ACTS.items():
        mark = transaction.savepoint()
        if status in step.sources:
            assert act(office, one).status == step.target
        else:
            # From another status the same words of the act belong to another post, or the step is out of turn.
            with pytest.raises((Refused, PermissionDenied)):
                act(office, one)
            assert ContractDraft.objects.get(pk=one.pk).status == status
        transaction.savepoint_rollback(mark)


def test_what_is_checked_or_in_force_is_not_edited(office):
    """A26."""
    office.admitted()
    one = signed(office)
    with pytest.raises(Refused):
        actions.put_item(draft=one, test=office.tests[0], settlement_price=1, turnaround_days=1, by=office.buyer)


def test_a_contract_in_force_changes_by_a_numbered_supplement_from_a_day(office):
    """A26, B10: the former price holds until the day before; a test off the agreement is admitted first."""
    office.admitted()
    contract = signed(office).contract
    first = office.tests[0]
    supplement = draft(
        office, items=[], supplements=contract, number="HT-0-补1", valid_from=later(10), valid_to=later(600)
    )
    actions.put_item(draft=supplement, test=first, settlement_price=Decimal(1000), turnaround_days=5, by=office.buyer)
    new = f.indication("CRC-01").test
    actions.put_item(draft=supplement, test=new, settlement_price=Decimal(900), turnaround_days=5, by=office.buyer)
    supplement = actions.submit(draft=supplement, by=office.buyer)
    supplement = actions.pass_check(draft=supplement, by=office.lawyer)
    with pytest.raises(Refused) as refused:
        actions.sign(draft=supplement, by=office.leader)
    assert codes(refused) == {"B8"} and new.name in str(refused.value.refusals[0].message)
    standing.extend(admission=Admission.objects.get(), tests=[new], reason="合同外新增项目", by=office.leader)
    actions.sign(draft=supplement, by=office.leader)
    prices = contract.items.filter(test=first).order_by("valid_from").values_list("settlement_price", "valid_to")
    assert list(prices) == [(Decimal(1200), later(9)), (Decimal(1000), later(600))]
    assert contract.items.filter(test=new, valid_from=later(10)).exists()


def test_two_contracts_do_not_list_one_test_in_the_same_days(office):
    """B10: refused in words, and by the database (`one_settlement_price_a_day`)."""
    office.admitted()
    signed(office)
    with pytest.raises(Refused) as refused:
        signed(office, procurement=buy(office, method="open"), valid_from=later(5), valid_to=later(900))
    assert codes(refused) == {"overlap"}


def test_a_contract_ends_early_with_a_reason_and_nothing_leaves_after_its_last_day(office):
    """A26."""
    office.admitted()
    contract = signed(office).contract
    with pytest.raises(Refused):
        actions.terminate(contract=contract, last_day=later(3), reason="", by=office.leader)
    with pytest.raises(ValidationError):
        actions.terminate(contract=contract, last_day=later(-3), reason="违约", by=office.leader)
    with pytest.raises(PermissionDenied):
        actions.terminate(contract=contract, last_day=later(3), reason="违约", by=office.buyer)
    actions.terminate(contract=contract, last_day=later(3), reason="违约", by=office.leader)
    case = f.ReferralFactory(institution=office.institution, laboratory=office.laboratory)
    assert judge("X06", case, timezone.now()).verdict == Verdict.PASSES
    assert judge("X06", case, timezone.now() + timedelta(days=4)).verdict == Verdict.REFUSES


def test_what_lapses_is_listed_and_told_90_30_and_7_days_before(office):
    """A25, B8, B9: by whom it is renewed."""
    office.admitted()
    Contract.objects.all().delete()
    signed(office, valid_to=later(80))
    found = {one.subject.split(":")[0]: one for one in lapsing.lapses(office.institution.pk, later(90))}
    assert set(found) == {"contract"} and found["contract"].permission == "vendors.manage_contracts"
    assert {one.subject.split(":")[0] for one in lapsing.lapses(office.institution.pk, later(1000))} == {
        "contract", "admission", "paper", "credential",
    }  # fmt: skip
    told = [one for one in lapsing.due(later(90)) if one.subject.startswith(f"{office.institution.pk}:contract")]
    assert [list(one.people) for one in told] == [[office.buyer]]
    client = Client()
    client.force_login(office.buyer, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("vendors:renewals")).content.decode()
    assert "采购办" in page and "剩余80天" in page
    assert not Notice.objects.filter(user=office.president).exists()


def browser(person):
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_way_of_a_contract_in_the_browser_and_the_same_words_by_api(office, program):
    """A26, B9, B10."""
    office.admitted()
    file = lambda: SimpleUploadedFile("件.pdf", paper().content, "application/pdf")  # noqa: E731
    bought = {
        "laboratory": office.laboratory.pk, "number": "CG-9", "subject": "基因检测", "method": "open", "notice": "县网",
        "noticed_on": later(-9), "bids": "甲 1\n乙 2", "award_no": "ZB", "awarded_on": later(-2), "budget": "10",
        "amount": "9", "file": file(),
    }  # fmt: skip
    assert browser(office.buyer).post(reverse("vendors:procurements"), bought).status_code == 302
    name = office.laboratory.name
    typed = {
        "laboratory": office.laboratory.pk, "procurement": Procurement.objects.get().pk, "number": "HT-9", "party": name,
        "invoice_issuer": name, "payee": name, "valid_from": later(0), "valid_to": later(300), "file": file(),
    }  # fmt: skip
    assert browser(office.buyer).post(reverse("vendors:contract_drafts"), typed).status_code == 302
    one = ContractDraft.objects.get()
    page, door = one.get_absolute_url(), f"contract-drafts/{one.pk}/steps/"

    def act(person, do, **values):
        sent = {"do": do, **{f"{do}-{key}": value for key, value in values.items()}}
        return browser(person).post(page, sent)

    said = html.unescape(act(office.buyer, "submit").content.decode())
    assert "合同尚未列入检测项目。" in said
    assert "合同尚未列入检测项目。" in program(office.buyer).post(door, {"do": "submit"}).content.decode()
    assert (
        act(office.buyer, "item", test=office.tests[0].pk, settlement_price="12", turnaround_days=7).status_code == 302
    )
    item = {"do": "item", "test": office.tests[1].code, "settlement_price": "13.00", "turnaround_days": 7}
    assert program(office.buyer).post(door, item).status_code == 200
    assert act(office.buyer, "out", test=office.tests[1].pk).status_code == 302
    assert program(office.buyer).post(door, {"do": "out", "test": office.tests[1].code}).status_code == 409
    assert act(office.lawyer, "submit").status_code == 403
    assert act(office.buyer, "submit").status_code == 302
    for code in contracting.clauses():
        assert act(office.lawyer, "tick", clause=code, page=1, quote="见正文").status_code == 302
    assert program(office.lawyer).post(door, {"do": "pass"}).json()["status"] == "checked"
    assert act(office.leader, "sign").status_code == 302
    contract = Contract.objects.get(number="HT-9")
    assert "12.00" in browser(office.affairs).get(reverse("vendors:contract", args=[contract.pk])).content.decode()
    ended = program(office.leader).post(
        f"contracts/{contract.pk}/terminate/", {"last_day": str(later(1)), "reason": "违约"}
    )
    assert ended.json()["valid_to"] == str(later(1))
    stranger = f.staff("R13", f.InstitutionFactory())
    assert browser(stranger).get(page).status_code == 404
    assert program(stranger).post(door, {"do": "submit"}).status_code == 404


def test_a_renewal_takes_tests_and_prices_over_and_skips_no_check(office):
    """A25, A26, B9, B10."""
    office.admitted()
    former = signed(office, valid_to=later(30)).contract
    given = {"items": [], "renews": former, "number": "HT-续", "procurement": buy(office, method="open")}
    for wrong in ({"valid_from": later(30)}, {"valid_from": later(31), "laboratory": f.LaboratoryFactory()}):
        with pytest.raises(ValidationError):
            draft(office, **{**given, **wrong})
    with pytest.raises(ValidationError):
        draft(office, **given, supplements=former, valid_from=later(5), valid_to=later(20))

    one = draft(office, **given, valid_from=later(31))

    taken = set(one.items.values_list("test", "settlement_price", "turnaround_days"))
    assert taken == {(test.pk, Decimal(1200), 7) for test in office.tests}
    actions.put_item(
        draft=one, test=office.tests[0], settlement_price=Decimal(1100), turnaround_days=6, by=office.buyer
    )
    one = actions.submit(draft=one, by=office.buyer)
    with pytest.raises(Refused) as refused:
        actions.pass_check(draft=one, by=office.lawyer)
    assert codes(refused) == {"clauses"}
    tick_all(office, one)
    one = actions.pass_check(draft=one, by=office.lawyer)
    contract = actions.sign(draft=one, by=office.leader).contract
    assert contract.valid_from == later(31) and contract.items.count() == len(office.tests)


def test_the_page_of_a_contract_leads_to_its_renewal_filled_in_and_a_program_renews_too(office, client, program):
    office.admitted()
    former = signed(office, valid_to=later(30)).contract
    bought = buy(office, method="open")
    client.force_login(office.buyer, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("vendors:contract", args=[former.pk])).content.decode()
    assert f"?renews={former.pk}" in page
    form = client.get(reverse("vendors:contract_drafts"), {"renews": former.pk}).context["form"]
    assert form.initial["valid_from"] == later(31) and form.initial["renews"] == former.pk
    name = office.laboratory.name
    sent = {
        "laboratory": office.laboratory.pk, "renews": former.pk, "procurement": bought.pk, "number": "HT-续1",
        "party": name, "invoice_issuer": name, "payee": name, "valid_from": later(31), "valid_to": later(400),
        "file": SimpleUploadedFile("合同.pdf", b"%PDF-1.4\n1\n%%EOF", "application/pdf"),
    }  # fmt: skip
    assert client.post(reverse("vendors:contract_drafts"), sent).status_code == 302
    made = ContractDraft.objects.get(number="HT-续1")
    assert made.items.count() == len(office.tests) and made.status == S.DRAFT
    assert not client.get(reverse("vendors:contract_drafts"), {"renews": "x"}).context["form"].initial
