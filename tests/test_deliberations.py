"""MDT and departmental discussion: blind first opinions, quorum, X14, the conclusion, minutes, teams (B5, A7, A22)."""

import threading
from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse

from accounts.models import User
from audit import declaring
from audit.gates import Refused
from referrals import deliberating
from referrals.actions import deliberations, requests, teams
from referrals.models import (
    Deliberation,
    DepartmentalDiscussion,
    Evidence,
    MDTReview,
    MDTTeam,
    Opinion,
    Referral,
)
from tests.factories import (
    START,
    ContractFactory,
    DepartmentFactory,
    InstitutionFactory,
    PostFactory,
    ReferralFactory,
    UserFactory,
    graded,
    indication,
    staff,
)

DISCIPLINES = ["肿瘤内科", "胸外科", "放疗", "医学影像", "病理", "药学"]
FACTORS = {"risk": "进展快", "cost": "480元，自付可承受", "evidence": "1A类"}


class Board:
    """A hospital with a team of six disciplines, a secretary, a head of department and a waiting case."""

    def __init__(self):
        self.hospital = InstitutionFactory(code="LXT")
        self.department = DepartmentFactory(institution=self.hospital, name="肿瘤科")
        self.doctor = staff("R01", self.hospital, self.department)
        self.secretary = staff("R03", self.hospital)
        self.head = staff("R02", self.hospital, self.department)
        self.machine = User.objects.machine()
        self.team = teams.save_team(institution=self.hospital, name="肺癌", by=self.machine, diagnosis_prefixes=["C34"])
        self.experts = {}
        for one in DISCIPLINES:
            self.experts[one] = staff("R04", self.hospital)
            teams.give_seat(team=self.team, expert=self.experts[one], discipline=one, by=self.machine)
        line = indication()
        ContractFactory(institution=self.hospital, tests=[line.test], valid_to=date(2030, 1, 1))
        self.referral = self.case()

    def case(self, **fields):
        values = {
            "institution": self.hospital, "department": self.department, "requester": self.doctor,
            "first_visit": True, "status": "awaiting_mdt", "diagnosis_code": "C34.1",
        }  # fmt: skip
        return ReferralFactory(**{**values, **fields})

    def call(self, referral=None):
        return deliberations.call_mdt(referral=referral or self.referral, team=self.team, by=self.secretary)

    def speak(self, held, *disciplines, stance="agree"):
        for one in disciplines:
            deliberations.give_opinion(deliberation=held, by=self.experts[one], stance=stance, note="理由", **FACTORS)

    def conclude(self, held, by=None, conclusion="agree", reason_code="A1", advice="先PCR，阴性再议NGS", **more):
        return deliberations.conclude_mdt(
            deliberation=held, by=by or self.experts["胸外科"], conclusion=conclusion, reason_code=reason_code,
            advice=advice, **more,
        )  # fmt: skip


@pytest.fixture
def board(as_machine):
    return Board()


def said(refused):
    return [str(one.message) for one in refused.value.refusals]


def codes(refused):
    return [one.code for one in refused.value.refusals]


# Calling


def test_the_team_of_the_disease_is_suggested_and_its_quorum_frozen(board):
    teams.save_team(institution=board.hospital, name="其他", by=board.machine)
    assert deliberating.suggested_team(board.referral) == board.team
    held = board.call()
    teams.save_team(institution=board.hospital, team=board.team, name="肺癌", quorum=3, by=board.machine)
    held.refresh_from_db()
    assert (held.quorum, held.needs_pathology, held.status) == (5, True, "opinions")
    assert held.number.startswith("MDT-")


def test_a_case_is_called_once(board):
    first = board.call()
    with pytest.raises(Refused) as refused:
        board.call()
    assert first.number in said(refused)[0]


def test_only_a_case_that_waits_is_called_and_only_by_those_who_may(board):
    with pytest.raises(Refused):
        board.call(board.case(status="awaiting_consent"))
    with pytest.raises(PermissionDenied):
        deliberations.call_mdt(referral=board.referral, team=board.team, by=board.doctor)


def test_a_team_of_another_hospital_is_refused(board):
    other = MDTTeam.objects.create(institution=InstitutionFactory(), name="肺癌")
    with pytest.raises(ValidationError):
        deliberations.call_mdt(referral=board.referral, team=other, by=board.secretary)


# Opinions


def test_nobody_sees_an_opinion_before_giving_one(board, client):
    """practice.md 12: first opinions blind."""
    held = board.call()
    board.speak(held, "胸外科", stance="disagree")
    url = reverse("referrals:deliberation", args=[held.pk])

    def sees(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        answer = client.get(url)
        assert answer.status_code == 200
        return "进展快" in answer.content.decode()

    assert not sees(board.experts["病理"])
    assert not sees(board.secretary)
    assert not sees(board.doctor)
    board.speak(held, "病理")
    assert sees(board.experts["病理"])
    assert sees(board.experts["胸外科"])


def test_a_first_opinion_says_its_three_factors_and_why_when_it_does_not_agree(board):
    """B5: risk, cost, evidence."""
    held = board.call()
    expert = board.experts["放疗"]
    with pytest.raises(ValidationError) as wrong:
        deliberations.give_opinion(deliberation=held, by=expert, stance="disagree", risk="高")
    assert set(wrong.value.message_dict) == {"cost", "evidence", "note"}


def test_a_first_opinion_is_given_once_and_the_next_adds_to_the_discussion(board):
    held = board.call()
    board.speak(held, "放疗", "放疗")
    first, second = held.opinions.all()
    assert (first.is_first, second.is_first) == (True, False)


def test_only_members_of_the_team_speak(board):
    outsider = staff("R04", board.hospital)
    with pytest.raises(Refused) as refused:
        deliberations.give_opinion(deliberation=board.call(), by=outsider, stance="agree", **FACTORS)
    assert codes(refused) == ["member"]


def test_x14_the_requester_gives_no_opinion_even_with_a_seat(board):
    """X14, in its words."""
    PostFactory(user=board.doctor, institution=board.hospital, role="R04")
    teams.give_seat(team=board.team, expert=board.doctor, discipline="呼吸内科", by=board.machine)
    as_expert = User.objects.get(pk=board.doctor.pk)
    as_expert.act_as(as_expert.posts.get(role="R04"))
    held = board.call()
    with pytest.raises(Refused) as refused:
        deliberations.give_opinion(deliberation=held, by=as_expert, stance="agree", **FACTORS)
    assert codes(refused) == ["X14"]
    assert said(refused) == ["申请人、被投诉人不得参与本事项的审批、讨论表决或核查。"]
    board.speak(held, *DISCIPLINES)
    with pytest.raises(Refused) as refused:
        board.conclude(held, by=as_expert)
    assert codes(refused) == ["X14"]
    assert held.opinions.count() == 6


# Quorum


def test_five_disciplines_with_pathology_open_the_discussion(board):
    held = board.call()
    board.speak(held, "肿瘤内科", "胸外科", "放疗")
    with pytest.raises(Refused) as refused:
        board.conclude(held)
    assert said(refused) == ["尚缺病理、医学影像、药学中任意1个学科专家意见，未达法定人数，不能形成结论。"]
    board.speak(held, "医学影像", "药学")
    with pytest.raises(Refused) as refused:
        board.conclude(held)
    assert said(refused) == ["尚缺病理专家意见，未达法定人数，不能形成结论。"]
    board.speak(held, "病理")
    held.refresh_from_db()
    assert held.status == "discussion"


def test_a_remote_seat_counts(board):
    board.team.seats.filter(discipline="病理").update(is_remote=True)
    held = board.call()
    board.speak(held, "肿瘤内科", "胸外科", "放疗", "医学影像", "病理")
    held.refresh_from_db()
    assert held.status == "discussion"
    assert held.opinions.get(discipline="病理").is_remote


def test_two_of_one_discipline_count_once(board):
    another = staff("R04", board.hospital)
    teams.give_seat(team=board.team, expert=another, discipline="胸外科", by=board.machine)
    held = board.call()
    board.speak(held, "肿瘤内科", "胸外科", "放疗", "病理")
    deliberations.give_opinion(deliberation=held, by=another, stance="agree", **FACTORS)
    assert deliberating.quorum(held).short


def test_nobody_concludes_alone_whatever_the_quorum(board):
    MDTTeam.objects.update(quorum=1)
    board.team.refresh_from_db()
    held = board.call()
    board.speak(held, "病理")
    with pytest.raises(Refused) as refused:
        board.conclude(held, by=board.experts["病理"])
    assert codes(refused) == ["quorum"]


def test_the_quorum_of_a_page_costs_as_much_as_of_one(board, django_assert_num_queries):
    held = [board.call(board.case()) for _n in range(4)]
    board.speak(held[0], *DISCIPLINES)
    with django_assert_num_queries(2):
        found = deliberating.quorums(held)
    assert [found[one.pk].short for one in held] == [False, True, True, True]
    assert all(found[one.pk] == deliberating.quorum(one) for one in held)


# The conclusion


@pytest.fixture
def ready(board):
    held = board.call()
    board.speak(held, *DISCIPLINES)
    held.refresh_from_db()
    return held


def test_agreed_the_case_goes_on_to_consent(board, ready):
    """B5: review, stamp and step in one."""
    review = board.conclude(ready, by=board.experts["胸外科"])
    referral = Referral.objects.get(pk=board.referral.pk)
    assert referral.status == "awaiting_consent"
    assert referral.mdt_concluded_at == review.concluded_at
    assert (review.chair, review.deliberation, review.reason_code) == (board.experts["胸外科"], ready, "A1")
    ready.refresh_from_db()
    assert (ready.status, ready.concluded_by) == ("concluded", board.experts["胸外科"])
    assert "先PCR，阴性再议NGS" in ready.minutes
    assert "病理" in ready.minutes


@pytest.mark.parametrize(
    ("conclusion", "code", "status"),
    [
        ("disagree", "D1", "mdt_disagreed"),
        ("more_information", "M1", "more_information"),
        ("change_test", "C1", "change_test"),
    ],
)
def test_the_other_conclusions(board, ready, conclusion, code, status):
    board.conclude(ready, conclusion=conclusion, reason_code=code, advice="暂不检测")
    assert Referral.objects.get(pk=board.referral.pk).status == status


def test_a_refused_test_says_why_it_ended(board, ready):
    """scenario.md, case 3."""
    board.conclude(ready, conclusion="disagree", reason_code="D1", advice="尽快化疗", note="结果不改变一线")
    assert "结果不改变" in Referral.objects.get(pk=board.referral.pk).end_reason


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"reason_code": "D1"}, "reason_code"),
        ({"reason_code": ""}, "reason_code"),
        ({"advice": " "}, "advice"),
        ({"conclusion": "perhaps"}, "conclusion"),
    ],
)
def test_a_conclusion_has_a_reason_that_fits_and_advice(board, ready, changed, field):
    with pytest.raises(ValidationError) as wrong:
        board.conclude(ready, **changed)
    assert field in wrong.value.message_dict
    assert not MDTReview.objects.exists()


def test_the_chair_has_spoken_before(board):
    held = board.call()
    board.speak(held, "肿瘤内科", "放疗", "医学影像", "病理", "药学")
    with pytest.raises(Refused):
        board.conclude(held, by=board.experts["胸外科"])


def test_the_secretary_does_not_conclude(board, ready):
    with pytest.raises(PermissionDenied):
        board.conclude(ready, by=board.secretary)


def test_an_opinion_that_came_in_since_is_read_first(board, ready):
    seen = ready.opinions.count()
    board.speak(ready, "放疗", stance="disagree")
    with pytest.raises(Refused) as refused:
        board.conclude(ready, seen=seen)
    assert codes(refused) == ["stale"]


def test_the_second_chair_is_refused(board, ready):
    board.conclude(ready)
    with pytest.raises(Refused) as refused:
        board.conclude(ready, by=board.experts["放疗"])
    assert codes(refused) == ["stale"]
    assert MDTReview.objects.count() == 1


def test_no_opinion_after_the_conclusion(board, ready):
    board.conclude(ready)
    with pytest.raises(Refused):
        board.speak(ready, "放疗")


def test_a_cancelled_case_is_deliberated_no_further(board, ready):
    requests.cancel(referral=board.referral, by=board.doctor, reason="患者转院")
    ready.refresh_from_db()
    assert ready.status == "cancelled"
    with pytest.raises(Refused):
        board.conclude(ready)


def test_called_off_the_case_waits_and_is_called_again(board, ready):
    with pytest.raises(PermissionDenied):
        deliberations.call_off(deliberation=ready, by=board.doctor, reason="x")
    deliberations.call_off(deliberation=ready, by=board.secretary, reason="专家改期")
    assert board.call().number != ready.number


def test_after_more_information_the_team_is_called_anew(board, ready):
    board.conclude(ready, conclusion="more_information", reason_code="M1", advice="补做免疫组化")
    referral = Referral.objects.get(pk=board.referral.pk)
    requests.supplement(referral=referral, by=board.doctor, note="免疫组化已补")
    assert board.call(Referral.objects.get(pk=referral.pk)).status == "opinions"


# The department


@pytest.fixture
def rare(board):
    """A case of a test without guideline support, with evidence, waiting for the department."""
    line = graded("discussion")
    referral = board.case(indication=line, first_visit=False, status="awaiting_discussion", diagnosis_code="")
    Evidence.objects.create(referral=referral, title="一篇文献", recorded_at=START)
    return referral


@pytest.fixture
def colleagues(board):
    return [staff("R01", board.hospital, board.department) for _n in range(3)]


def test_the_department_agrees_and_the_case_goes_on(board, rare, colleagues):
    """A22: evidence and discussion."""
    ContractFactory(institution=board.hospital, tests=[rare.test], valid_to=date(2030, 1, 1))
    held = deliberations.call_discussion(referral=rare, by=board.head)
    for one in [board.head, *colleagues[:2]]:
        deliberations.give_opinion(deliberation=held, by=one, stance="agree", **FACTORS)
    discussion = deliberations.conclude_discussion(deliberation=held, by=board.head, agreed=True, note="同意，证据有限")
    referral = Referral.objects.get(pk=rare.pk)
    assert referral.status == "awaiting_consent"
    assert referral.discussed_at == discussion.held_at
    assert (discussion.agreed, discussion.chair) == (True, board.head)


def test_the_department_has_a_quorum_of_its_own(board, rare, colleagues):
    """A7: not an MDT."""
    held = deliberations.call_discussion(referral=rare, by=board.head)
    for one in [board.head, colleagues[0]]:
        deliberations.give_opinion(deliberation=held, by=one, stance="agree", **FACTORS)
    with pytest.raises(Refused) as refused:
        deliberations.conclude_discussion(deliberation=held, by=board.head, agreed=True, note="同意")
    assert said(refused) == ["尚缺1名医师意见，未达法定人数，不能形成结论。"]
    with pytest.raises(ValidationError):
        deliberations.call_discussion(referral=board.case(status="awaiting_discussion"), by=board.head, quorum=1)


def test_x14_the_requester_takes_no_part_in_the_departments_discussion(board, rare):
    held = deliberations.call_discussion(referral=rare, by=board.head)
    with pytest.raises(Refused) as refused:
        deliberations.give_opinion(deliberation=held, by=board.doctor, stance="agree", **FACTORS)
    assert codes(refused) == ["X14"]


def test_x03_the_department_does_not_agree_without_evidence(board, rare, colleagues):
    """A22, in the words of the rule."""
    Evidence.objects.all().delete()
    held = deliberations.call_discussion(referral=rare, by=board.head)
    for one in colleagues:
        deliberations.give_opinion(deliberation=held, by=one, stance="agree", **FACTORS)
    with pytest.raises(Refused) as refused:
        deliberations.conclude_discussion(deliberation=held, by=colleagues[0], agreed=True, note="同意")
    assert said(refused) == ["本项目缺乏诊疗指南（规范）支持，须同时具备循证医学证据和科室讨论记录。"]
    deliberations.conclude_discussion(deliberation=held, by=colleagues[0], agreed=False, note="证据不足，不同意")
    referral = Referral.objects.get(pk=rare.pk)
    assert (referral.status, referral.end_reason) == ("discussion_disagreed", "证据不足，不同意")
    assert DepartmentalDiscussion.objects.get().agreed is False


def test_another_departments_doctors_neither_see_nor_speak(board, rare, client):
    held = deliberations.call_discussion(referral=rare, by=board.head)
    stranger = staff("R01", board.hospital, DepartmentFactory(institution=board.hospital))
    assert not Deliberation.objects.visible_to(stranger).exists()
    with pytest.raises(Refused):
        deliberations.give_opinion(deliberation=held, by=stranger, stance="agree", **FACTORS)


# Pages


def signed_in(client, user):
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_story_of_an_mdt_in_the_browser(board, client):
    """Called by the secretary, spoken by the members, concluded by a chair, read as minutes."""
    signed_in(client, board.secretary)
    assert board.referral.number in client.get(reverse("referrals:mdt_waiting")).content.decode()
    answer = client.post(reverse("referrals:mdt", args=[board.referral.pk]), {"team": board.team.pk})
    held = Deliberation.objects.get()
    assert answer.url == reverse("referrals:deliberation", args=[held.pk])
    for discipline in DISCIPLINES:
        signed_in(client, board.experts[discipline])
        assert held.number in client.get(reverse("referrals:deliberations_mine")).content.decode()
        client.post(reverse("referrals:opinion", args=[held.pk]), {**FACTORS, "stance": "agree"})
    values = {"seen": 6, "conclusion": "agree", "reason_code": "A2", "advice": "先PCR", "note": ""}
    assert client.post(reverse("referrals:mdt_conclude", args=[held.pk]), values).status_code == 302
    page = client.get(reverse("referrals:minutes", args=[held.pk])).content.decode()
    assert "先PCR" in page
    paper = client.get(reverse("referrals:minutes_pdf", args=[held.pk]))
    assert paper.content.startswith(b"%PDF")
    assert Referral.objects.get(pk=board.referral.pk).mdt_concluded_at


def test_a_refused_conclusion_keeps_what_was_typed(board, client):
    held = board.call()
    board.speak(held, "胸外科", "放疗")
    signed_in(client, board.experts["胸外科"])
    values = {"seen": 2, "conclusion": "agree", "reason_code": "A2", "advice": "先做PCR再议"}
    answer = client.post(reverse("referrals:mdt_conclude", args=[held.pk]), values)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "未达法定人数" in html
    assert "先做PCR再议" in html
    assert not MDTReview.objects.exists()


def test_a_refused_opinion_keeps_what_was_typed(board, client):
    held = board.call()
    signed_in(client, board.experts["放疗"])
    answer = client.post(reverse("referrals:opinion", args=[held.pk]), {"risk": "进展较快", "stance": "agree"})
    assert answer.status_code == 422
    assert "进展较快" in answer.content.decode()
    assert not Opinion.objects.exists()


def test_there_are_no_minutes_before_the_conclusion(board, ready, client):
    signed_in(client, board.secretary)
    assert client.get(reverse("referrals:minutes", args=[ready.pk])).status_code == 404


def test_medical_affairs_keeps_the_teams(board, client):
    signed_in(client, staff("R10", board.hospital))
    made = {"name": "消化道", "diagnosis_prefixes": "C15 c16,C18", "quorum": "4", "needs_pathology": "on"}
    assert client.post(reverse("referrals:teams"), made).status_code == 302
    team = MDTTeam.objects.get(name="消化道")
    assert team.diagnosis_prefixes == ["C15", "C16", "C18"]
    expert = board.experts["病理"]
    url = reverse("referrals:team", args=[team.pk])
    client.post(url, {"do": "seat", "expert": expert.pk, "discipline": "病理"})
    seat = team.seats.get()
    client.post(url, {"do": "end_seat", "seat": seat.pk})
    assert not deliberating.seats(team).exists()
    assert client.post(reverse("referrals:teams"), {**made, "quorum": "1"}).status_code == 422
    signed_in(client, board.doctor)
    assert client.get(reverse("referrals:teams")).status_code == 403


def test_a_person_without_a_post_as_expert_gets_no_seat(board):
    with pytest.raises(ValidationError):
        teams.give_seat(team=board.team, expert=UserFactory(), discipline="病理", by=board.machine)


@pytest.mark.django_db(transaction=True)
def test_of_two_chairs_at_once_one_concludes():
    with declaring.acting(User.objects.machine(), step="test"):
        board = Board()
        held = board.call()
        board.speak(held, *DISCIPLINES)
    outcomes = []

    def one(discipline):
        try:
            with declaring.acting(board.machine, step="test"):
                board.conclude(held, by=User.objects.get(pk=board.experts[discipline].pk))
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.refusals[0].code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[discipline]) for discipline in DISCIPLINES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", *["stale"] * 5]
    with declaring.acting(board.machine, step="test"):
        assert MDTReview.objects.count() == 1
