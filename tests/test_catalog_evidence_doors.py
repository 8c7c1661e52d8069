"""The acts on sources and reviews at the page and the API, refused in the same words; X02 where a doctor asks.

Clauses B2, B3, A22; `scenario.md` §5 for the words of a row whose basis has lapsed.
"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from catalog.actions import evidence as acts
from catalog.models import EvidenceRule, EvidenceSource, Grade, Indication, RequestAuthority, SourceReview
from catalog.queries import indication_in_force
from referrals import offering
from tests import factories as f

pytestmark = pytest.mark.django_db
LUNG = "原发性肺癌诊疗指南（2022年版）"
NEWER = "原发性肺癌诊疗指南（2026年版）"
CLOSED = f"本条目依据已有新版（《{NEWER}》），目录复核前暂缓使用，请联系医务科。"


@pytest.fixture
def office(hospital):
    return hospital.affairs


@pytest.fixture
def doctor(hospital):
    made = hospital.doctor
    for grade in Grade.values:
        RequestAuthority.objects.get_or_create(
            user=made, institution=hospital.institution, grade=grade,
            defaults={"starts_on": f.START.date(), "granted_by": User.objects.machine()},
        )  # fmt: skip
    return made


@pytest.fixture
def line(hospital) -> Indication:
    found = indication_in_force("LUNG-01", hospital.institution, timezone.now())
    assert found
    return found


@pytest.fixture
def review(hospital, office, line):
    """LUNG-01 left unreviewed past its last day."""
    former = EvidenceSource.objects.get(title=LUNG)
    newer = acts.register_source(
        title=NEWER, issuer="国家卫生健康委办公厅", kind="norm", system=former.system, year=2026, supersedes=former,
        by=office,
    )  # fmt: skip
    made = SourceReview.objects.get(newer=newer, indication=line)
    past = timezone.localdate() - timedelta(days=1)
    SourceReview.objects.filter(pk=made.pk).update(due_on=past, closes_on=past)
    made.refresh_from_db()
    return made


def both_ask(hospital, doctor, line, client, program):
    """A request for the row at the page and by a program: (page, answer)."""
    patient = f.PatientFactory(institution=hospital.institution)
    said = {"diagnosis_code": "C34.1", "necessity": "决定一线用药"}
    form = {
        "patient_query": patient.record_no, "indication": str(line.pk), "test_query": "EGFR", "nature": "clinical",
        "first_visit": "", "do": "submit", "window": "w1", **said,
    }  # fmt: skip
    client.force_login(doctor, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(reverse("referrals:new"), form)
    answer = program(doctor).post("referrals/", {"record_no": patient.record_no, "indication": line.code, **said})
    return page, answer


def test_x02_refuses_an_unreviewed_row_at_both_doors_until_it_is_confirmed(
    hospital, doctor, line, office, review, client, program
):
    page, answer = both_ask(hospital, doctor, line, client, program)

    assert CLOSED in page.content.decode()
    assert answer.status_code == 422
    (refusal,) = [one for one in answer.json()["refusals"] if one["code"] == "X02"]
    assert (refusal["message"], refusal["clauses"]) == (CLOSED, ["B2", "B3"])

    acts.conclude_review(review=review, outcome="confirmed", reason="新版同样推荐", place="第15页", by=office)
    page, answer = both_ask(hospital, doctor, line, client, program)
    assert page.status_code == 302
    # The program asks for the same patient: let in as well, and told that the page's request is under way.
    assert "正在办理中" in answer.json()["detail"]


def test_the_strict_switch_refuses_a_row_on_consensus_at_both_doors(hospital, doctor, client, program):
    """`clauses.md` §0.2."""
    line = indication_in_force("GAS-04", hospital.institution, timezone.now())
    EvidenceRule.objects.create(
        institution=hospital.institution, accepts="guidelines", grace_days=90, review_days=20, reason="从严",
        set_by=User.objects.machine(),
    )  # fmt: skip
    patient = f.PatientFactory(institution=hospital.institution)
    answer = program(doctor).post(
        "referrals/",
        {
            "record_no": patient.record_no,
            "indication": line.code,
            "diagnosis_code": "C16.9",
            "necessity": "决定用药",
            "evidence": [{"title": "一项前瞻性研究", "source": "中华病理学杂志", "year": 2025, "level": "未分级"}],
        },
    )

    assert answer.status_code == 422, answer.json()
    (refusal,) = [one for one in answer.json()["refusals"] if one["code"] == "X02"]
    assert "仅以专家共识为依据" in refusal["message"] and "从严" in refusal["message"]


def test_a_search_at_ordering_shows_the_row_as_closed(hospital, doctor, review, client, program):
    found = {one.line.code: one.closed for one in offering.offers(hospital.institution, "EGFR", "C34.1").lines}
    assert found["LUNG-01"] == CLOSED

    client.force_login(doctor, backend="django.contrib.auth.backends.ModelBackend")
    page = client.post(reverse("referrals:new_tests"), {"diagnosis_code": "C34.1", "test_query": "EGFR"})
    assert CLOSED in page.content.decode()


def test_a_newer_edition_is_registered_and_reviewed_on_the_pages(hospital, office, line, on_page):
    former = EvidenceSource.objects.get(title=LUNG)
    said = on_page(
        office, "catalog:new_source", title=NEWER, issuer="国家卫生健康委办公厅", kind="norm",
        system=former.system_id, year="2026", supersedes=str(former.pk),
    )  # fmt: skip
    assert "依据已登记" in said and "LUNG-01" in said

    review = SourceReview.objects.get(newer__title=NEWER, indication=line)
    refused = on_page(
        office, "catalog:source_review", review.pk, do="conclude", **{"c-outcome": "confirmed", "c-reason": "同"}
    )
    assert "请填写新版中的页码或章节" in refused
    done = on_page(
        office, "catalog:source_review", review.pk, do="conclude",
        **{"c-outcome": "confirmed", "c-reason": "新版同样推荐", "c-place": "第15页", "c-evidence_class": "1类"},
    )  # fmt: skip
    review.refresh_from_db()
    assert "已按新版确认" in done and review.outcome == "confirmed"
    kept = Event.objects.filter(step="catalog.source_review_confirmed").first()
    assert kept and kept.reason == "新版同样推荐"


def test_a_program_registers_supersedes_and_concludes(hospital, office, line, program):
    speak = program(office)
    first = speak.post(
        "catalog/sources/",
        {"title": NEWER, "issuer": "国家卫生健康委办公厅", "kind": "norm", "system": "numbered", "year": 2026},
    )
    former = EvidenceSource.objects.get(title=LUNG)
    put_up = speak.post(f"catalog/sources/{former.pk}/newer/", {"newer": first.json()["id"]})

    assert (first.status_code, put_up.status_code) == (201, 200)
    one = next(item for item in put_up.json() if item["code"] == "LUNG-01")
    wrong = speak.post(f"catalog/source-reviews/{one['id']}/steps/", {"do": "confirmed", "reason": "同"})
    assert wrong.status_code == 422 and "页码或章节" in wrong.json()["refusals"][0]["message"]
    done = speak.post(f"catalog/source-reviews/{one['id']}/steps/", {"do": "closed", "reason": "新版不再推荐"})
    assert done.json()["is_closed"] is True
    assert speak.get("catalog/source-reviews/", open="true").json()["results"]


def test_the_rule_is_set_by_the_leader_and_by_nobody_else(hospital, office, on_page, program):
    leader = f.staff("R23", hospital.institution)
    asked = {"accepts": "guidelines", "grace_days": "30", "review_days": "10", "reason": "本院从严执行"}

    assert program(office).post("catalog/evidence-rule/", asked).status_code == 403
    assert "循证依据口径已设定" in on_page(leader, "catalog:evidence_rule", **asked)
    assert program(office).get("catalog/evidence-rule/").json() == {
        "accepts": "guidelines", "grace_days": 30, "review_days": 10,
    }  # fmt: skip
    kept = Event.objects.filter(step="catalog.evidence_rule_set").first()
    assert kept and (kept.reason, kept.clause) == ("本院从严执行", "B2")


def test_sources_of_another_hospital_do_not_exist(hospital, elsewhere, program):
    theirs = EvidenceSource.objects.create(
        institution=elsewhere.institution, title="乙院内部共识", issuer="乙院", year=2025, kind="consensus",
        system_id="words", registered_by=User.objects.machine(),
    )  # fmt: skip

    speak = program(hospital.affairs)
    assert speak.get(f"catalog/sources/{theirs.pk}/").status_code == 404
    assert "乙院内部共识" not in speak.get("catalog/sources/", limit=200).content.decode()


def test_the_countys_library_is_nobodys_to_edit(hospital, program):
    shared = EvidenceSource.objects.get(title=LUNG)

    answer = program(hospital.affairs).post(f"catalog/sources/{shared.pk}/", {"reason": "改", "year": 2021})

    assert answer.status_code == 403
    shared.refresh_from_db()
    assert shared.year == 2022
