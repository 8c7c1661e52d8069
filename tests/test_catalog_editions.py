"""How an edition of the catalog is made: each step at each status, who may, and what stands in the way.

Clauses A40 (the catalog is kept in editions, adjusted with a trace), B2 and B3 (source, level, own list), X14.
"""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Notice, User
from audit.declaring import acting
from audit.gates import Refused
from catalog import actions, queries, tasks
from catalog.models import Edition, EditionSignOff, GeneTest, Indication, RowChange, RowComment

pytestmark = pytest.mark.django_db
STATUSES = [str(one) for one in Edition.Status]


@pytest.fixture(autouse=True)
def declared(db):
    with acting(User.objects.machine(), step="test"):
        yield


def today():
    return timezone.localdate()


def row(edition, code="LUNG-01"):
    return Indication.objects.select_related("test", "edition").get(edition=edition, code=code)


def change(edition, by, code="LUNG-01", reason="按2026年版指南调整", **values):
    return actions.change_row(line=row(edition, code), values=values, reason=reason, by=by)


def said(refused):
    return " ".join(str(one) for one in refused.value.refusals)


# The chart

STEPS = {
    "open_review": ("draft", "expert_review", lambda one, by: actions.open_review(edition=one, by=by.drafter)),
    "close_review": ("expert_review", "medical_check", lambda one, by: actions.close_review(edition=one, by=by.drafter)),
    "check": ("medical_check", "approval", lambda one, by: actions.check(edition=one, by=by.checker)),
    "put_in_force": (
        "approval", "in_force", lambda one, by: actions.put_in_force(edition=one, starts_on=today(), by=by.decider),
    ),
    "retire": ("in_force", "superseded", lambda one, by: actions.retire(edition=one, ends_on=today(), by=by.decider)),
    "discard": ("draft", "discarded", lambda one, by: actions.discard(edition=one, reason="不再需要", by=by.drafter)),
}  # fmt: skip
RETURNS = {"expert_review": "drafter", "medical_check": "checker", "approval": "decider"}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("name", STEPS)
def test_each_step_leads_on_from_its_own_status_and_refuses_at_every_other(name, status, at_station, makers):
    source, target, take = STEPS[name]
    edition = at_station(status)
    if status == source == "expert_review":
        for expert in makers.experts:
            actions.sign_off(edition=edition, agreed=True, by=expert)

    if status == source:
        assert take(edition, makers).status == target
    else:
        with pytest.raises(Refused):
            take(edition, makers)
        edition.refresh_from_db()
        assert edition.status == status


@pytest.mark.parametrize("status", STATUSES)
def test_each_station_returns_to_the_draft_with_a_reason_and_no_other_does(status, at_station, makers):
    edition = at_station(status)
    if status not in RETURNS:
        with pytest.raises(Refused):
            actions.return_to_draft(edition=edition, reason="须补充", by=makers.drafter)
        return
    with pytest.raises(Refused):
        actions.return_to_draft(edition=edition, reason="  ", by=getattr(makers, RETURNS[status]))

    back = actions.return_to_draft(edition=edition, reason="LUNG-04证据不足", by=getattr(makers, RETURNS[status]))

    assert (back.status, back.back_reason, back.checked_by) == ("draft", "LUNG-04证据不足", None)
    assert not EditionSignOff.objects.filter(edition=edition, lapsed_at__isnull=True).exists()
    assert Notice.objects.filter(user__in=[makers.drafter, makers.checker], text__contains="LUNG-04证据不足").exists()


@pytest.mark.parametrize("name", STEPS)
def test_each_step_asks_its_own_permission(name, at_station, makers):
    source, _target, take = STEPS[name]
    edition = at_station(source)
    everyone = {"drafter": makers.doctor, "checker": makers.doctor, "decider": makers.doctor}

    with pytest.raises(PermissionDenied):
        take(edition, type(makers)(**(vars(makers) | everyone)))


def test_another_hospitals_medical_affairs_does_nothing_to_it(draft, somebody):
    stranger = somebody("catalog.draft_edition")
    with pytest.raises(PermissionDenied):
        actions.open_review(edition=draft, by=stranger)
    assert draft not in Edition.objects.visible_to(stranger)


# Beginning


def test_a_draft_takes_the_ticked_tumours_with_their_marks_and_what_it_began_from(makers):
    edition = actions.start_draft(by=makers.drafter, source="starter", tumours=["鼻咽癌", "结直肠癌"])
    tumours = set(edition.indications.values_list("tumour", flat=True))
    assert tumours == {"鼻咽癌", "结直肠癌"}
    assert all("待复核" in line.marks for line in edition.indications.all())
    assert (edition.based_on.institution, edition.drafted_by) == (None, makers.drafter)
    assert edition.number == f"{today().year}-1"


def test_a_draft_may_begin_empty_and_only_one_is_made_at_a_time(makers):
    first = actions.start_draft(by=makers.drafter, source="empty")
    assert not first.indications.exists()
    with pytest.raises(Refused):
        actions.start_draft(by=makers.checker, source="empty")
    actions.discard(edition=first, reason="重新起草", by=makers.checker)
    second = actions.start_draft(by=makers.checker, source="empty")
    assert second.number != first.number


def test_a_confirmed_row_stays_confirmed_in_the_next_edition_until_it_is_changed(at_station, makers):
    edition = at_station("expert_review")
    change(edition, makers.drafter, recommendation="Ⅰ级推荐", evidence_class="1A")
    expert = makers.experts[0]
    actions.confirm_rows(edition=edition, codes=["LUNG-01"], by=expert)
    for one in makers.experts:
        actions.sign_off(edition=edition, agreed=True, by=one)
    actions.check(edition=actions.close_review(edition=edition, by=makers.drafter), by=makers.checker)
    actions.put_in_force(edition=edition, starts_on=today(), by=makers.decider)

    following = actions.start_draft(by=makers.drafter)
    assert row(following).reviewed_by == expert
    assert row(following).marks == []
    changed = change(following, makers.drafter, setting="非鳞癌，Ⅳ期")
    assert (changed.reviewed_on, changed.marks) == (None, ["待复核"])


# The group


def test_a_review_opens_with_three_experts_of_the_hospital_and_complete_rows(makers):
    edition = actions.start_draft(by=makers.drafter, source="starter", codes=["LUNG-01"])
    for expert in makers.experts[:2]:
        actions.name_expert(edition=edition, user=expert, by=makers.drafter)
    with pytest.raises(Refused) as refused:
        actions.open_review(edition=edition, by=makers.drafter)
    assert "2" in said(refused) and "3" in said(refused)
    actions.name_expert(edition=edition, user=makers.experts[2], by=makers.drafter)
    Indication.objects.filter(edition=edition).update(guideline="")
    with pytest.raises(Refused) as refused:
        actions.open_review(edition=edition, by=makers.drafter)
    assert "LUNG-01" in said(refused)


def test_an_empty_list_is_not_put_before_the_experts(makers):
    edition = actions.start_draft(by=makers.drafter, source="empty")
    with pytest.raises(Refused):
        actions.open_review(edition=edition, by=makers.drafter)


def test_who_writes_the_edition_is_no_expert_of_it_and_an_expert_does_not_write(draft, makers, somebody):
    both = somebody("catalog.draft_edition", "catalog.review_edition", institution=makers.hospital)
    change(draft, both, setting="非鳞癌，Ⅳ期")
    with pytest.raises(Refused):
        actions.name_expert(edition=draft, user=both, by=makers.drafter)
    other = somebody("catalog.draft_edition", "catalog.review_edition", institution=makers.hospital)
    actions.name_expert(edition=draft, user=other, by=makers.drafter)
    with pytest.raises(Refused):
        change(draft, other, setting="别的")


def test_only_people_of_the_hospital_whose_post_reviews_are_named(draft, makers, somebody):
    for nobody in (makers.doctor, somebody("catalog.review_edition")):
        with pytest.raises(Refused):
            actions.name_expert(edition=draft, user=nobody, by=makers.drafter)


def test_an_expert_who_has_spoken_stays_in_the_group(at_station, makers):
    edition = at_station("expert_review")
    quiet, spoke = edition.experts.get(user=makers.experts[0]), edition.experts.get(user=makers.experts[1])
    actions.comment(edition=edition, code="LUNG-01", kind="remark", text="建议补充血浆", by=spoke.user)
    actions.release_expert(expert=quiet, by=makers.drafter)
    with pytest.raises(Refused):
        actions.release_expert(expert=spoke, by=makers.drafter)


def test_the_experts_hear_that_it_is_their_turn(at_station, makers):
    at_station("expert_review")
    assert Notice.objects.filter(user__in=makers.experts).count() == 3


# Rows


def test_every_change_of_a_row_asks_a_reason_and_keeps_who_when_and_both_values(draft, makers):
    with pytest.raises(Refused):
        change(draft, makers.drafter, reason=" ", setting="别的")
    with pytest.raises(Refused):
        actions.remove_row(line=row(draft, "CRC-01"), reason="", by=makers.drafter)
    before = row(draft).setting
    change(draft, makers.drafter, setting="非鳞癌，Ⅳ期", reason="与2026版指南一致")
    actions.remove_row(line=row(draft, "CRC-01"), reason="本院不收治", by=makers.drafter)

    removed, changed = RowChange.objects.filter(edition=draft)
    assert (changed.before, changed.after) == ({"setting": before}, {"setting": "非鳞癌，Ⅳ期"})
    assert (changed.reason, changed.made_by) == ("与2026版指南一致", makers.drafter)
    assert (removed.kind, removed.code, removed.before["tumour"]) == ("removed", "CRC-01", "结直肠癌")
    with pytest.raises(IntegrityError), transaction.atomic():
        RowChange.objects.filter(pk=changed.pk).update(reason="别的")


def test_a_change_that_changes_nothing_and_one_over_somebody_elses_are_refused(draft, makers):
    with pytest.raises(Refused):
        change(draft, makers.drafter, setting=row(draft).setting)
    line = row(draft)
    change(draft, makers.drafter, setting="甲")
    with pytest.raises(Refused):
        actions.change_row(line=line, values={"setting": "乙"}, reason="改", seen=0, by=makers.checker)


def test_a_new_row_gets_a_test_of_its_own_genes_and_never_one_of_others(draft, makers):
    from catalog.rows import values_of

    values = values_of(row(draft)) | {"genes": "KRAS", "alteration": "G12C", "recommendation": "推荐"}
    values.pop("test")
    made = actions.add_row(edition=draft, code="lung-90", values=values, reason="新增靶点", by=makers.drafter)
    assert (made.code, made.test.genes) == ("LUNG-90", "KRAS")
    with pytest.raises(Refused):
        change(draft, makers.drafter, "LUNG-90", test=GeneTest.objects.get(code="GT-LUNG-02"))
    with pytest.raises(Refused):
        actions.add_row(edition=draft, code="LUNG-90", values=values, reason="再来", by=makers.drafter)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"icd10_match": "C59"}, "C59"),
        ({"icd10_match": "34"}, "34"),
        ({"genes": "EGFRR"}, "EGFR"),
        ({"year": 2999}, "2999"),
        ({"year": 1990}, "1990"),
        ({"recommendation": "强烈推荐", "evidence_class": "1A"}, "强烈推荐"),
        ({"guideline": "某共识", "second_source": "", "issuer": "某学会", "recommendation": "Ⅰ级推荐"}, "CSCO"),
        ({"guideline": ""}, "依据"),
    ],
)
def test_a_row_that_is_wrong_by_itself_is_not_written(draft, makers, values, words):
    with pytest.raises(Refused) as refused:
        change(draft, makers.drafter, **values)
    assert refused.value.refusals


def test_every_row_of_the_starter_library_passes_its_own_rules(makers):
    from catalog import checking, rows

    symbols = queries.gene_symbols()
    lines = Indication.objects.filter(edition__number="2023-1").select_related("test")
    wrong = {
        line.code: [p.message for p in checking.problems(rows.values_of(line), symbols) if p.is_fault] for line in lines
    }
    assert {code: found for code, found in wrong.items() if found} == {}


@pytest.mark.parametrize("status", ["medical_check", "approval", "in_force", "superseded", "discarded"])
def test_once_the_review_is_closed_no_row_is_written_by_anybody_nor_by_the_database(status, at_station, makers):
    edition = at_station(status)
    with pytest.raises(Refused):
        change(edition, makers.drafter, setting="别的")
    for write in (
        lambda: Indication.objects.filter(edition=edition).update(setting="别的"),
        lambda: row(edition).delete(),
        lambda: Edition.objects.filter(pk=edition.pk).update(title="别的"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()


def test_rows_of_the_library_are_added_with_a_reason_each_kept(draft, makers):
    starter = Edition.objects.get(number="2023-1")
    lines = Indication.objects.filter(edition=starter, code__in=["LUNG-01", "GAST-01", "CRC-02"])
    taken = actions.take_from(edition=draft, lines=lines, reason="本院新收治瘤种", by=makers.drafter)
    assert taken == lines.exclude(code="LUNG-01").count()
    assert RowChange.objects.filter(edition=draft, kind="added", reason="本院新收治瘤种").count() == taken


# Confirming


def test_only_a_named_expert_confirms_and_never_what_itself_says_it_is_unsettled(at_station, makers):
    edition = at_station("expert_review")
    for by in (makers.bystander, makers.drafter):
        with pytest.raises(PermissionDenied):
            actions.confirm_rows(edition=edition, codes=["LUNG-01"], by=by)
    with pytest.raises(Refused) as refused:
        actions.confirm_rows(edition=edition, codes=["LUNG-01", "LUNG-04"], by=makers.experts[0])
    assert "LUNG-04" in said(refused) and not row(edition).is_reviewed
    assert actions.confirm_rows(edition=edition, codes=["LUNG-01"], by=makers.experts[0]) == 1
    assert (row(edition).reviewed_on, row(edition).reviewed_by) == (today(), makers.experts[0])
    actions.take_back_confirmation(line=row(edition), by=makers.experts[1])
    assert row(edition).marks == ["待复核"]


def test_a_mark_goes_only_with_what_the_source_says(at_station, makers):
    edition = at_station("expert_review")
    assert row(edition, "LUNG-04").marks == ["待复核", "待核"]
    change(edition, makers.drafter, "LUNG-04", evidence_class="2A", recommendation="Ⅰ级推荐", reason="已核2023版原文")
    actions.confirm_rows(edition=edition, codes=["LUNG-04"], by=makers.experts[0])
    assert row(edition, "LUNG-04").marks == []


# Objections


def objection(edition, by, code="LUNG-02", text="该项证据不足"):
    return actions.comment(edition=edition, code=code, kind="objection", text=text, by=by)


def test_an_open_objection_keeps_the_review_open(at_station, makers):
    edition = at_station("expert_review")
    raised = objection(edition, makers.experts[0])
    for expert in makers.experts[1:]:
        actions.sign_off(edition=edition, agreed=True, by=expert)
    with pytest.raises(Refused):
        actions.sign_off(edition=edition, agreed=True, by=makers.experts[0])
    with pytest.raises(Refused) as refused:
        actions.close_review(edition=edition, by=makers.drafter)
    assert "LUNG-02" in said(refused)
    actions.withdraw_objection(comment=raised, reason="已核对原文", by=makers.experts[0])
    actions.sign_off(edition=edition, agreed=True, by=makers.experts[0])
    assert actions.close_review(edition=edition, by=makers.drafter).status == "medical_check"


def test_an_objection_is_accepted_only_with_a_change_made_for_it(at_station, makers):
    edition = at_station("expert_review")
    raised = objection(edition, makers.experts[0])
    with pytest.raises(Refused):
        actions.accept_objection(comment=raised, note="采纳", by=makers.drafter)
    change(edition, makers.drafter, "LUNG-01", setting="别的一行")
    with pytest.raises(Refused):
        actions.accept_objection(comment=raised, note="采纳", by=makers.drafter)
    actions.change_row(
        line=row(edition, "LUNG-02"), values={"setting": "ⅠB—ⅢA期术后"}, reason="采纳专家意见", resolves=raised,
        by=makers.drafter,
    )  # fmt: skip
    raised.refresh_from_db()
    assert (raised.status, raised.change.code, raised.resolved_by) == ("accepted", "LUNG-02", makers.drafter)


def test_taking_the_row_out_also_answers_an_objection(at_station, makers):
    edition = at_station("expert_review")
    raised = objection(edition, makers.experts[0])
    actions.remove_row(line=row(edition, "LUNG-02"), reason="采纳专家意见", by=makers.drafter)
    assert actions.accept_objection(comment=raised, note="已删除", by=makers.drafter).status == "accepted"


def test_an_objection_is_rejected_with_a_reason_by_somebody_else(at_station, makers, somebody):
    edition = at_station("expert_review")
    both = somebody("catalog.draft_edition", "catalog.review_edition", institution=makers.hospital)
    actions.name_expert(edition=edition, user=both, by=makers.drafter)
    raised = objection(edition, both)
    with pytest.raises(Refused):
        actions.reject_objection(comment=raised, reason="不采纳", by=both)
    with pytest.raises(Refused):
        actions.reject_objection(comment=raised, reason=" ", by=makers.drafter)
    with pytest.raises(Refused):
        actions.withdraw_objection(comment=raised, reason="撤回", by=makers.experts[0])
    assert (
        actions.reject_objection(comment=raised, reason="指南为Ⅰ级推荐", by=makers.drafter).resolution
        == "指南为Ⅰ级推荐"
    )
    assert Notice.objects.filter(user=both, text__contains="LUNG-02").exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        RowComment.objects.filter(pk=raised.pk).update(resolved_by=both)


@pytest.mark.parametrize("status", ["accepted", "rejected", "withdrawn"])
@pytest.mark.parametrize("name", ["accept", "reject", "withdraw"])
def test_a_resolved_objection_is_resolved_no_second_time(name, status, at_station, makers):
    edition = at_station("expert_review")
    raised = objection(edition, makers.experts[0])
    change(edition, makers.drafter, "LUNG-02", setting="别的")
    acts = {
        "accept": lambda: actions.accept_objection(comment=raised, note="采纳", by=makers.drafter),
        "reject": lambda: actions.reject_objection(comment=raised, reason="不采纳", by=makers.drafter),
        "withdraw": lambda: actions.withdraw_objection(comment=raised, reason="撤回", by=makers.experts[0]),
    }
    acts[{"accepted": "accept", "rejected": "reject", "withdrawn": "withdraw"}[status]]()
    with pytest.raises(Refused):
        acts[name]()


def test_a_remark_is_answered_and_never_resolved_and_outsiders_do_not_comment(at_station, makers):
    edition = at_station("expert_review")
    remark = actions.comment(edition=edition, code="", kind="remark", text="总体可行", by=makers.experts[0])
    actions.answer(comment=remark, text="谢谢", by=makers.drafter)
    with pytest.raises(Refused):
        actions.reject_objection(comment=remark, reason="不采纳", by=makers.drafter)
    with pytest.raises(PermissionDenied):
        actions.comment(edition=edition, code="LUNG-01", kind="remark", text="我也说", by=makers.bystander)
    with pytest.raises(Refused):
        actions.comment(edition=edition, code="LUNG-77", kind="remark", text="没有这行", by=makers.experts[0])


# Signing the whole


def test_a_signature_lapses_when_a_row_is_changed_after_it(at_station, makers):
    edition = at_station("expert_review")
    for expert in makers.experts:
        actions.sign_off(edition=edition, agreed=True, by=expert)
    change(edition, makers.drafter, setting="非鳞癌，Ⅳ期")
    with pytest.raises(Refused):
        actions.close_review(edition=edition, by=makers.drafter)
    for expert in makers.experts:
        actions.sign_off(edition=edition, agreed=True, by=expert)
    assert actions.close_review(edition=edition, by=makers.drafter).status == "medical_check"


def test_the_quorum_signs_and_two_thirds_of_it_agree(at_station, makers, settings):
    edition = at_station("expert_review")
    one, two, three = makers.experts
    actions.sign_off(edition=edition, agreed=True, by=one)
    actions.sign_off(edition=edition, agreed=True, by=two)
    with pytest.raises(Refused):
        actions.close_review(edition=edition, by=makers.drafter)
    with pytest.raises(Refused):
        actions.sign_off(edition=edition, agreed=False, by=three)
    actions.sign_off(edition=edition, agreed=False, note="化疗毒性项目宜另列", by=three)
    actions.sign_off(edition=edition, agreed=False, note="同意三号专家", by=two)
    with pytest.raises(Refused):
        actions.close_review(edition=edition, by=makers.drafter)
    actions.sign_off(edition=edition, agreed=True, by=two)
    assert actions.close_review(edition=edition, by=makers.drafter).status == "medical_check"


# Check and approval


def test_nobody_checks_or_approves_what_they_wrote_nor_approves_what_they_checked(at_station, makers, somebody):
    edition = at_station("medical_check")
    with pytest.raises(Refused) as refused:
        actions.check(edition=edition, by=makers.drafter)
    assert refused.value.refusals[0].code == "X14"
    every = somebody("catalog.check_edition", "catalog.decide_edition", institution=makers.hospital)
    actions.check(edition=edition, by=every)
    with pytest.raises(Refused) as refused:
        actions.put_in_force(edition=edition, starts_on=today(), by=every)
    assert refused.value.refusals[0].code == "X14"
    with pytest.raises(IntegrityError), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(approved_by=makers.drafter, approved_at=timezone.now())


def test_an_edition_begins_today_or_later_and_the_former_ends_the_day_before(at_station, makers):
    edition = at_station("approval")
    with pytest.raises(Refused):
        actions.put_in_force(edition=edition, starts_on=today() - timedelta(days=1), by=makers.decider)
    day = today() + timedelta(days=10)
    actions.put_in_force(edition=edition, starts_on=day, by=makers.decider)
    assert queries.edition_in_force(makers.hospital, today()).number == "2023-1"
    assert queries.edition_in_force(makers.hospital, day) == edition


def test_the_doctors_hear_of_it_when_it_is_approved_and_once_on_its_first_day(at_station, makers):
    edition = at_station("approval")
    tomorrow = today() + timedelta(days=1)
    actions.put_in_force(edition=edition, starts_on=tomorrow, by=makers.decider)
    mine = Notice.objects.filter(user=makers.doctor)
    assert mine.count() == 1
    assert tasks.announce_editions() == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "localdate", lambda *_a: tomorrow)
        assert tasks.announce_editions() == 1
        assert tasks.announce_editions() == 0
    assert mine.count() == 2


def test_a_person_never_puts_a_draft_in_force_past_its_way(draft, makers):
    with pytest.raises(Refused):
        actions.put_in_force(edition=draft, starts_on=today(), by=makers.decider)
