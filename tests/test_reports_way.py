"""The way of a report: who may take which step from where, and what each leaves behind."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.gates import Refused
from audit.models import Event
from audit.steps import move
from reports import actions, pathway
from reports.models import Report, Status

NUMBER = "岚总医〔2026〕58号"
STEPS = [
    pathway.BUILT,
    pathway.FAILED,
    pathway.RETRIED,
    pathway.EDITED,
    pathway.REVIEWED,
    pathway.SIGNED_OFF,
    pathway.SUBMITTED,
    pathway.RECEIVED,
    pathway.RETURNED,
]


def reviewed(report, people):
    return actions.review(report=report, by=people["reviewer"])


def signed(report, people):
    return actions.sign_off(report=reviewed(report, people), document_number=NUMBER, by=people["leader"])


def submitted(report, people):
    return actions.submit(report=signed(report, people), by=people["reviewer"])


def test_every_step_moves_from_its_sources_and_from_nowhere_else(built, people):
    now, machine = timezone.now(), User.objects.machine()
    stamps = {f"{step}_at": now for step in ("reviewed", "signed_off", "submitted", "received", "returned")}
    stamps |= {
        "reviewed_by": people["reviewer"],
        "signed_off_by": people["leader"],
        "submitted_by": people["reviewer"],
        "received_by": people["bureau"],
        "returned_by": people["bureau"],
        "document_number": NUMBER,
        "return_comment": "请补充",
    }
    for step in STEPS:
        for status in Status:
            with transaction.atomic():
                Report.objects.filter(pk=built.pk).update(status=status, **stamps)
                report = Report.objects.get(pk=built.pk)
                if status in step.sources:
                    assert move(report, step, by=machine).status == step.target
                else:
                    with pytest.raises(Refused):
                        move(report, step, by=machine)
                    assert Report.objects.get(pk=built.pk).status == status
                transaction.set_rollback(True)


def test_the_whole_way_leaves_who_and_when_and_the_trail(built, people):
    report = submitted(built, people)
    report = actions.receive(report=report, by=people["bureau"])

    assert report.status == Status.RECEIVED
    assert [report.reviewed_by, report.signed_off_by, report.submitted_by, report.received_by] == [
        people["reviewer"], people["leader"], people["reviewer"], people["bureau"],
    ]  # fmt: skip
    steps = set(Event.objects.filter(table_name="reports_report", row_id=str(report.pk)).values_list("step", flat=True))
    assert {"report.built", "report.reviewed", "report.signed_off", "report.submitted", "report.received"} <= steps


def test_nobody_signs_off_what_they_reviewed(built, people):
    role = people["leader"].post.role
    role.permissions = [*role.permissions, "reports.review_report"]
    role.save()
    leader = User.objects.get(pk=people["leader"].pk)
    report = actions.review(report=built, by=leader)
    with pytest.raises(Refused) as refused:
        actions.sign_off(report=report, document_number=NUMBER, by=leader)
    assert refused.value.refusals[0].code == "X14"


@pytest.mark.parametrize("number", ["", "58号", "岚总医[2026]58号", "岚总医〔2026〕058号", "岚总医〔2026〕第58号"])
def test_a_document_number_has_its_form(built, people, number):
    report = reviewed(built, people)
    with pytest.raises(Refused):
        actions.sign_off(report=report, document_number=number, by=people["leader"])
    report.refresh_from_db()
    assert report.status == Status.REVIEWED


def test_a_double_click_signs_off_once(built, people, quick_paper):
    report = reviewed(built, people)
    again = Report.objects.get(pk=report.pk)
    actions.sign_off(report=report, document_number=NUMBER, by=people["leader"])
    papers = len(quick_paper)
    with pytest.raises(Refused):
        actions.sign_off(report=again, document_number=NUMBER, by=people["leader"])
    assert len(quick_paper) == papers


def test_signing_off_sets_the_paper_anew_and_freezes_the_text(built, people, quick_paper):
    draft = built.sha256
    report = signed(built, people)
    assert report.sha256 != draft
    assert quick_paper[-1][1].signer == people["leader"].name
    with pytest.raises(Refused):
        actions.edit_narrative(
            report=report, version=report.narrative_version, texts={"next": "改"}, contact={}, by=people["writer"]
        )


def test_editing_a_reviewed_text_sends_it_back_to_review(built, people):
    report = reviewed(built, people)
    report = actions.edit_narrative(
        report=report, version=0, texts={"next": "下步继续自查。"}, contact={}, by=people["writer"]
    )
    assert (report.status, report.reviewed_by, report.narrative["next"]) == (Status.BUILT, None, "下步继续自查。")


def test_of_two_who_edit_the_second_is_told_and_the_first_words_stay(built, people):
    actions.edit_narrative(report=built, version=0, texts={"next": "甲"}, contact={}, by=people["writer"])
    with pytest.raises(Refused):
        actions.edit_narrative(report=built, version=0, texts={"next": "乙"}, contact={}, by=people["reviewer"])
    built.refresh_from_db()
    assert built.narrative["next"] == "甲"


def test_a_text_read_before_it_changed_is_not_reviewed(built, people):
    actions.edit_narrative(report=built, version=0, texts={"next": "甲"}, contact={}, by=people["writer"])
    built.refresh_from_db()
    with pytest.raises(Refused):
        actions.review(report=built, version=0, by=people["reviewer"])


def test_an_edited_draft_gets_its_paper_when_someone_asks_for_it(built, people, quick_paper):
    before = len(quick_paper)
    report = actions.edit_narrative(report=built, version=0, texts={"next": "甲"}, contact={}, by=people["writer"])
    report = actions.current_paper(report=report, by=people["writer"])
    actions.current_paper(report=report, by=people["writer"])
    assert len(quick_paper) == before + 1


def test_a_returned_report_is_answered_by_a_new_revision_with_its_words(built, people):
    report = actions.edit_narrative(report=built, version=0, texts={"next": "甲"}, contact={}, by=people["writer"])
    report = submitted(report, people)
    with pytest.raises(Refused):
        actions.return_with_comment(report=report, comment=" ", by=people["bureau"])
    actions.return_with_comment(report=report, comment="请补充第三方情况", by=people["bureau"])

    second, new = actions.ask(institution=report.institution, period=report.span, by=people["writer"])
    assert (new, second.revision, second.narrative["next"]) == (True, 2, "甲")


def test_a_received_report_is_locked(built, people):
    report = actions.receive(report=submitted(built, people), by=people["bureau"])
    for act in (
        lambda: actions.return_with_comment(report=report, comment="晚了", by=people["bureau"]),
        lambda: actions.review(report=report, by=people["reviewer"]),
        lambda: actions.submit(report=report, by=people["reviewer"]),
    ):
        with pytest.raises(Refused):
            act()
    again, new = actions.ask(institution=report.institution, period=report.span, by=people["writer"])
    assert (again.pk, new) == (report.pk, False)


def test_each_step_asks_its_post_and_its_hospital(built, people):
    for name in ("leader", "bureau", "other"):
        with pytest.raises(PermissionDenied):
            actions.review(report=built, by=people[name])
    report = reviewed(built, people)
    with pytest.raises(PermissionDenied):
        actions.sign_off(report=report, document_number=NUMBER, by=people["reviewer"])
    with pytest.raises(PermissionDenied):
        actions.review(report=report, by=User.objects.machine())


def test_the_next_number_follows_the_last_of_the_year(built, people):
    assert actions.suggested_number(built, 2026) == "岚总医〔2026〕1号"
    signed(built, people)
    assert actions.suggested_number(built, 2026) == "岚总医〔2026〕59号"
