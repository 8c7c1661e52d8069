"""Sources with their own levels, citations of rows, reviews when a newer edition comes, what counts as evidence.

Clauses B2 (the latest norm, guideline or consensus, with place and level), B3 (adjusted in time: X02), A22 (evidence
and departmental discussion where no guideline speaks), `clauses.md` §0.2 (the switch), `vocab.md` §12 (no conversion).
"""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.gates import Refused
from catalog import actions, checking, citing, due, evidence, readiness
from catalog.actions import evidence as acts
from catalog.models import (
    Citation,
    ConsensusSupport,
    EvidenceRule,
    EvidenceSource,
    Indication,
    RowChange,
    SourceReview,
)
from policy import calendar

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_machine")]


def today():
    return timezone.localdate()


def row(edition, code="LUNG-01"):
    return Indication.objects.select_related("edition", "test").get(edition=edition, code=code)


def source(title):
    return EvidenceSource.objects.get(title=title, institution=None)


@pytest.fixture
def keeper(makers, somebody):
    """Of medical affairs: registers sources, drafts editions."""
    allowed = ("catalog.view_catalog", "catalog.draft_edition", "catalog.register_source", "catalog.review_source")
    return somebody(*allowed, institution=makers.hospital)


@pytest.fixture
def leader(makers, somebody):
    return somebody("catalog.set_evidence_rule", "catalog.view_catalog", institution=makers.hospital)


def newer_of(former, by, title="原发性肺癌诊疗指南（2026年版）", **more):
    return acts.register_source(
        title=title, issuer="国家卫生健康委办公厅", kind="norm", system=former.system, year=2026, supersedes=former, by=by,
        **more,
    )  # fmt: skip


LUNG = "原发性肺癌诊疗指南（2022年版）"


# The library


def test_every_row_of_the_starter_cites_the_sources_it_names(makers):
    """B2: name, issuer, year; each level goes to the source in whose own system it is one."""
    bare = [one.code for one in Indication.objects.filter(edition__institution=None, citations__isnull=True)]
    first = row(Indication.objects.filter(code="LUNG-01").first().edition)

    assert bare == []
    assert citing.text(citing.of(first)).split("\n") == [
        f"《{LUNG}》｜｜1类",
        "《CSCO非小细胞肺癌诊疗指南2023》｜Ⅰ级推荐",
    ]


def test_what_the_starter_marks_is_no_level_of_any_citation(makers):
    """Nothing marked 待核 or 按当年版核对 stands as a fact: the citation bears the mark."""
    for line in Indication.objects.filter(edition__institution=None).prefetch_related(citing.prefetch()):
        said = f"{line.recommendation}{line.evidence_class}"
        for one in citing.of(line):
            assert bool(one.marks) or not any(word in said for word in ("待核", "当年版核对", "原文核对"))
            assert "核" not in one.recommendation + one.evidence_class


# Levels


@pytest.mark.parametrize(
    ("cited", "wrong"),
    [
        (f"《{LUNG}》｜Ⅰ级推荐", "不是《原发性肺癌诊疗指南（2022年版）》采用的级别"),
        ("《CSCO非小细胞肺癌诊疗指南2023》｜强推荐", "Ⅰ级推荐、Ⅱ级推荐、Ⅲ级推荐"),
        ("《CSCO非小细胞肺癌诊疗指南2023》｜Ⅰ级推荐｜1类", "1A"),
        ("《CSCO非小细胞肺癌指南2023》｜Ⅰ级推荐", "是否为《CSCO非小细胞肺癌诊疗指南2023》"),
        (f"《{LUNG}》\n《{LUNG}》", "重复引用"),
    ],
)
def test_a_citation_bears_a_level_of_its_sources_own_system(draft, makers, cited, wrong):
    with pytest.raises(Refused) as refused:
        actions.change_row(line=row(draft), values={"citations": cited}, reason="核对原文", by=makers.drafter)

    assert wrong in str(refused.value.refusals[0].message)
    assert not RowChange.objects.filter(edition=draft).exists()


def test_the_database_holds_that_a_level_is_of_that_system(draft):
    with pytest.raises(IntegrityError, match="level not of that system"), transaction.atomic():
        Citation.objects.create(
            indication=row(draft, "LUNG-02"), source=source("胃癌诊疗指南（2022年版）"), recommendation="Ⅰ级推荐"
        )


def test_a_level_of_one_system_beside_a_source_of_another_is_a_fault_of_the_row(makers):
    said = checking.problems(
        {"recommendation": "强烈推荐", "evidence_class": "—", "guideline": "CSCO胃癌诊疗指南2023", "issuer": "CSCO",
         "second_source": ""}
    )  # fmt: skip

    assert [one.field for one in said if one.is_fault] == ["recommendation"]


def test_a_sheet_names_the_row_whose_level_is_not_of_that_system(draft, makers):
    """Bad input: level not of that system, per row, and nothing is changed."""
    from catalog.actions.sheets import confirm_sheet, give_sheet

    said = {
        "id": "LUNG-01", "tumor_zh": "非小细胞肺癌", "icd10": "C34", "icd10_match": "C34", "setting_zh": "一线治疗前",
        "genes_hgnc": "EGFR", "alteration_zh": "19del", "method_primary": "PCR/ARMS", "specimen": "FFPE组织",
        "purpose": "靶向用药", "guideline": LUNG, "issuer": "国家卫生健康委办公厅", "year": "2022", "rec_level": "强推荐",
        "evidence_class": "1A", "grade": "常规", "mdt_on_first_visit": "是", "route_hint": "可院内", "tat_days": "5",
    }  # fmt: skip
    head, line = ",".join(said), ",".join(said.values())
    sheet = give_sheet(edition=draft, content=f"{head}\n{line}\n".encode(), name="目录.csv", by=makers.drafter)

    assert any("强推荐" in one["message"] for one in sheet.problems if one["is_fault"])
    with pytest.raises(Refused):
        confirm_sheet(sheet=sheet, reason="更新", by=makers.drafter)


# Citations belong to the row


def test_a_change_of_citations_keeps_its_reason_and_asks_for_confirmation_anew(draft, makers):
    said = f"《{LUNG}》｜｜1类｜第12页"
    line = actions.change_row(line=row(draft), values={"citations": said}, reason="补页码", by=makers.drafter)

    kept = RowChange.objects.get(edition=draft)
    assert citing.text(citing.of(line)) == said
    assert (kept.reason, kept.after["citations"]) == ("补页码", said)
    assert "CSCO" in kept.before["citations"] and line.reviewed_on is None


def test_words_changed_draw_the_citations_anew_and_keep_known_places(draft, makers):
    actions.change_row(
        line=row(draft), values={"citations": f"《{LUNG}》｜｜1类｜第12页"}, reason="a", by=makers.drafter
    )
    line = actions.change_row(
        line=row(draft), values={"second_source": "", "recommendation": "推荐"}, reason="b", by=makers.drafter
    )

    assert citing.text(citing.of(line)) == f"《{LUNG}》｜推荐｜1类｜第12页"


def test_an_edition_begun_from_another_has_its_citations(at_station, makers):
    former = at_station("in_force")
    following = actions.start_draft(by=makers.drafter)

    assert citing.text(citing.of(row(following))) == citing.text(citing.of(row(former)))


def test_citations_of_a_closed_list_are_not_edited(at_station):
    edition = at_station("in_force")

    with pytest.raises(IntegrityError, match="is closed"), transaction.atomic():
        Citation.objects.filter(indication__edition=edition).update(place="第1页")


def test_citations_travel_out_and_in_by_the_detailed_sheet(draft, makers):
    from catalog import papers, sheets

    actions.change_row(
        line=row(draft), values={"citations": f"《{LUNG}》｜｜1类｜第12页"}, reason="a", by=makers.drafter
    )
    found = sheets.read(papers.as_workbook(draft), draft)
    changes, same = sheets.changes(found.lines, draft)

    assert not found.faults and (changes, same) == ([], 4)


# Newer editions


def test_a_newer_edition_puts_up_every_row_in_force_that_cites_the_former(at_station, keeper, makers):
    """B3: an owner, a due day in working days, the last day before the row closes."""
    edition = at_station("in_force")
    newer = newer_of(source(LUNG), keeper)

    reviews = SourceReview.objects.filter(newer=newer)
    citing_it = Citation.objects.filter(indication__edition=edition, source=source(LUNG)).count()
    assert citing_it == reviews.count() > 0
    one = reviews.first()
    assert one.owner == keeper and one.institution == makers.hospital
    assert one.due_on == calendar.load().after(today(), 20)
    assert one.closes_on == today() + timedelta(days=90)


def test_the_starter_in_use_is_reviewed_by_the_hospital_that_uses_it(makers, keeper):
    newer = newer_of(source(LUNG), keeper)

    assert SourceReview.objects.filter(newer=newer, indication__code="LUNG-01").count() == 1


def test_a_source_has_one_newer_edition_and_no_ring(makers, keeper):
    newer = newer_of(source(LUNG), keeper)

    with pytest.raises(Refused):
        newer_of(source(LUNG), keeper, title="原发性肺癌诊疗指南（2027年版）")
    with pytest.raises(PermissionDenied):
        acts.supersede(source=newer, newer=source(LUNG), by=keeper)
    third = newer_of(newer, keeper, title="原发性肺癌诊疗指南（2028年版）")
    first = acts.register_source(
        title="甲指南", issuer="某学会", kind="guideline", system=newer.system, year=2020, by=keeper
    )
    acts.supersede(source=third, newer=first, by=keeper)
    with pytest.raises(IntegrityError), transaction.atomic():
        EvidenceSource.objects.filter(pk=newer.pk).update(supersedes=first)


def test_unreviewed_past_its_last_day_a_row_is_closed_until_confirmed(makers, keeper):
    """X02 by B3, as of each day."""
    newer = newer_of(source(LUNG), keeper)
    review = SourceReview.objects.get(newer=newer, indication__code="LUNG-01")
    last = review.closes_on
    line = review.indication

    assert evidence.closed([line], makers.hospital, last) == {}
    said = evidence.closed([line], makers.hospital, last + timedelta(days=1))[line.pk]
    assert said == f"本条目依据已有新版（{newer}），目录复核前暂缓使用，请联系医务科。"

    acts.conclude_review(
        review=review, outcome="confirmed", reason="新版同样推荐", place="第15页", evidence_class="1类", by=keeper
    )
    assert evidence.closed([line], makers.hospital, last + timedelta(days=1)) == {}


def test_to_be_changed_waits_out_the_grace_period_and_closed_closes_now(makers, keeper):
    newer = newer_of(source(LUNG), keeper)
    one, other = SourceReview.objects.filter(newer=newer).select_related("indication").order_by("pk")[:2]
    acts.conclude_review(review=one, outcome="change", reason="新版改了外显子", by=keeper)
    acts.conclude_review(review=other, outcome="closed", reason="新版不再推荐", by=keeper)
    lines = [one.indication, other.indication]

    assert set(evidence.closed(lines, makers.hospital, today())) == {other.indication_id}
    after = one.closes_on + timedelta(days=1)
    assert set(evidence.closed(lines, makers.hospital, after)) == {one.indication_id, other.indication_id}


@pytest.mark.parametrize(
    "given",
    [
        {"outcome": "confirmed", "reason": "同"},
        {"outcome": "confirmed", "reason": "", "place": "第1页"},
        {"outcome": "confirmed", "reason": "同", "place": "第1页", "recommendation": "Ⅰ级推荐"},
        {"outcome": "别的", "reason": "同"},
    ],
)
def test_a_conclusion_says_where_why_and_in_the_newer_editions_levels(makers, keeper, given):
    newer = newer_of(source(LUNG), keeper)
    review = SourceReview.objects.filter(newer=newer).first()

    with pytest.raises(Refused):
        acts.conclude_review(review=review, by=keeper, **given)
    review.refresh_from_db()
    assert review.outcome == ""


def test_only_the_owner_or_who_keeps_the_catalog_concludes(makers, keeper, somebody):
    expert = somebody("catalog.review_source", institution=makers.hospital)
    other = somebody("catalog.review_source", institution=makers.hospital)
    newer = newer_of(source(LUNG), keeper, owner=expert)
    review = SourceReview.objects.filter(newer=newer).first()

    with pytest.raises(PermissionDenied):
        acts.conclude_review(review=review, outcome="closed", reason="x", by=other)
    acts.hand_over(review=review, owner=other, by=keeper)
    assert acts.conclude_review(review=review, outcome="closed", reason="新版不再推荐", by=other).concluded_by == other
    with pytest.raises(Refused):
        acts.hand_over(review=review, owner=makers.doctor, by=keeper)


def test_a_confirmed_row_is_cited_by_the_newer_edition_in_the_next_draft(at_station, makers, keeper):
    at_station("in_force")
    newer = newer_of(source(LUNG), keeper)
    for review in SourceReview.objects.filter(newer=newer):
        acts.conclude_review(review=review, outcome="confirmed", reason="同", place="第15页", by=keeper)

    following = actions.start_draft(by=makers.drafter)

    assert f"{newer}｜｜｜第15页" in citing.text(citing.of(row(following)))
    assert evidence.outdated(following) == {}


def test_an_edition_that_cites_a_superseded_source_is_not_checked(draft, makers, keeper):
    newer_of(source(LUNG), keeper)

    missing = [one for one in readiness.before_check(draft) if one.code == "evidence"]

    assert any("LUNG-01" in str(one.message) and one.clauses == ("B3",) for one in missing)


# Consensus alone


ALONE = "《胃癌Claudin18.2表达检测专家共识（2025版）》"


def test_a_row_on_consensus_alone_needs_both_elements_of_a22(draft, makers):
    actions.change_row(
        line=row(draft, "CRC-01"), values={"citations": ALONE, "grade": "discussion"}, reason="x", by=makers.drafter
    )

    said = [one for one in readiness.of_evidence(draft) if one.clauses == ("A22",)]
    assert len(said) == 1 and "CRC-01" in str(said[0].message)

    told = {"evidence_text": "两篇回顾性研究，2B", "department": "肿瘤科", "discussed_on": today(), "present": "林、王、陈",
            "conclusion": "同意列入"}  # fmt: skip
    with pytest.raises(Refused):
        acts.record_support(edition=draft, codes=["CRC-01"], by=makers.drafter, **{**told, "conclusion": " "})
    assert acts.record_support(edition=draft, codes=["CRC-01"], by=makers.drafter, **told) == 1

    assert readiness.of_evidence(draft) == []
    assert RowChange.objects.filter(edition=draft, code="CRC-01").first().after["support"]


def test_the_two_elements_go_with_the_row_into_the_next_edition(draft, makers):
    from catalog import rows

    ConsensusSupport.objects.create(
        indication=row(draft), evidence="e", department="d", discussed_on=today(), present="p", conclusion="c",
        recorded_by=makers.drafter,
    )  # fmt: skip
    actions.discard(edition=draft, reason="重来", by=makers.drafter)
    following = actions.start_draft(by=makers.drafter, source="empty", number="2027-9")
    rows.copy(Indication.objects.filter(edition=draft), following)

    assert row(following).support.conclusion == "c"


def test_a_row_on_consensus_alone_is_not_graded_routine(draft, makers):
    actions.change_row(line=row(draft, "CRC-01"), values={"citations": ALONE}, reason="x", by=makers.drafter)

    said = [str(one.message) for one in readiness.of_evidence(draft) if one.clauses == ("A22",)]
    assert any("CRC-01" in one and "需科室讨论" in one for one in said)


# What counts


def set_rule(institution, by, accepts="guidelines", **more):
    given = {"grace_days": 60, "review_days": 15, "reason": "县卫健局要求", **more}
    return acts.set_rule(institution=institution, accepts=accepts, by=by, **given)


def test_the_strict_switch_closes_rows_on_consensus_at_once(makers, leader):
    """`clauses.md` §0.2, X02."""
    consensus = Indication.objects.filter(edition__institution=None, citations__source__kind="consensus")
    lines = [one for one in consensus.distinct() if evidence.kinds_of([one])[one.pk] == {"consensus"}]
    assert lines and evidence.closed(lines, makers.hospital) == {}

    set_rule(makers.hospital, leader)

    assert set(evidence.closed(lines, makers.hospital)) == {one.pk for one in lines}
    first = row(lines[0].edition)
    assert evidence.closed([first], makers.hospital) == {}


def test_the_narrower_of_bureau_and_hospital_holds(makers, leader, somebody):
    from accounts.models import Institution

    bureau = Institution.objects.create(code="WJJ", name="某县卫健局", kind="bureau")
    officer = somebody("catalog.set_evidence_rule", institution=bureau)
    makers.hospital.supervised_by = bureau
    makers.hospital.save()

    set_rule(bureau, officer, "a22")
    assert evidence.rule_for(makers.hospital).accepts == EvidenceRule.Accepts.B2
    set_rule(bureau, officer, "guidelines")
    set_rule(makers.hospital, leader, "b2")
    now = evidence.rule_for(makers.hospital)
    assert (now.accepts, now.grace_days, now.review_days) == (EvidenceRule.Accepts.GUIDELINES, 60, 15)


def test_a_hospital_opens_the_route_of_a22_only_with_its_measure_in_force(makers, leader):
    with pytest.raises(Refused) as refused:
        set_rule(makers.hospital, leader, "a22")
    assert refused.value.refusals[0].clauses == ("A22",)


@pytest.mark.parametrize("more", [{"reason": " "}, {"grace_days": 900}, {"review_days": 0}])
def test_a_rule_says_why_and_keeps_its_bounds(makers, leader, more):
    with pytest.raises(Refused):
        set_rule(makers.hospital, leader, **more)


def test_a_rule_is_followed_and_never_rewritten(makers, leader):
    made = set_rule(makers.hospital, leader)

    with pytest.raises(IntegrityError), transaction.atomic():
        EvidenceRule.objects.filter(pk=made.pk).update(accepts="b2")
    with pytest.raises(PermissionDenied):
        set_rule(makers.hospital, makers.drafter)


def test_the_rules_days_are_those_of_the_next_review(makers, keeper, leader):
    set_rule(makers.hospital, leader, "b2", grace_days=10, review_days=3)
    newer = newer_of(source(LUNG), keeper)

    one = SourceReview.objects.filter(newer=newer).first()
    assert one.due_on == calendar.load().after(today(), 3)
    assert one.closes_on == max(one.due_on, today() + timedelta(days=10))


# Falling due


def test_the_owner_is_reminded_of_a_review_and_no_more_once_it_is_concluded(makers, keeper):
    newer = newer_of(source(LUNG), keeper)
    review = SourceReview.objects.filter(newer=newer, indication__code="LUNG-01").get()
    until = review.due_on

    found = {one.subject: one for one in due.reviews(until)}[f"review:{review.pk}"]
    assert (found.on, found.people) == (until, [keeper])

    acts.conclude_review(review=review, outcome="closed", reason="新版不再推荐", by=keeper)
    assert f"review:{review.pk}" not in {one.subject for one in due.reviews(until)}


def test_reviews_stand_on_the_worklist_of_owner_and_office(makers, keeper, somebody):
    expert = somebody("catalog.review_source", "catalog.view_catalog", institution=makers.hospital)
    elsewhere = somebody("catalog.review_source", "catalog.draft_edition")
    newer = newer_of(source(LUNG), keeper, owner=expert)
    count = SourceReview.objects.filter(newer=newer).count()

    assert evidence.reviews_waiting(expert).count() == evidence.reviews_waiting(keeper).count() == count
    assert evidence.reviews_waiting(elsewhere).count() == 0
