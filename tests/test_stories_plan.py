"""A sequential request in a real browser: PCR first, the panel only because it is negative; signed once for both.

practice.md (the oncologist: one request, one consent that prices both); clauses A11, A21, A28, B5.
"""

import re
from decimal import Decimal

import pytest

from consent.models import Consent
from referrals.models import Referral, Status
from tests import stories

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PATIENT = {
    "record_no": "Z20260909", "name": "己文海", "sex": "male", "born": "1961", "diagnosis": "C34.1",
    "pathology": "肺腺癌", "stage": "cT2N2M1b",
}  # fmt: skip
EXPERTS = ("LXZ001", "LXZ007", "LXZ010", "LXZ028", "LXZ913")


def test_the_panel_follows_a_negative_pcr_under_the_consent_already_signed(desks):
    # Whose authority does not reach the panel is told so while typing, and again when asking.
    junior = desks("LXZ003")
    plan(junior)
    junior.shows("您的检测申请权限为需科室讨论，本项目为需MDT")
    junior.shows_not("可以提交")
    junior.press("提交申请")
    junior.refused("您的检测申请权限为需科室讨论，本项目为需MDT", "A42", "查看授权记录")
    doctor = desks("LXZ002", "经治医师")

    # The request names PCR, and behind it the panel, with what it depends on; the page adds up the most it can cost.
    plan(doctor)
    doctor.shows("全部做完最多4,370.00元")
    doctor.look("plan-01-request")
    case = stories.submitted(doctor)
    doctor.shows("第2步", "待MDT讨论")
    doctor.look("plan-02-case")

    # The MDT agrees to the whole plan.
    place = stories.call_mdt(desks, case)
    for expert in EXPERTS:
        stories.opine(desks(expert, "MDT专家"), place, "agree", "")
    chair = desks(EXPERTS[0], "MDT专家")
    chair.visit(place)
    chair.main.locator("form[action*=conclude] [name=covers_plan]").check()
    form = chair.main.locator("form[action*=conclude]")
    form.locator("[name=conclusion][value=agree]").check()
    form.locator("select[name=reason_code]").select_option(index=1)
    form.locator("[name=advice]").fill("检出敏感突变者首选EGFR-TKI")
    form.locator("[name=note]").fill("先PCR，阴性再做NGS")
    form.locator("button[type=submit]").click()
    chair.shows("结论已记录")

    # Told and signed once, with both prices.
    doctor.visit(f"/consent/{case}/")
    prices = [Decimal(found) for found in re.findall(r"([\d,]+\.\d\d) ?元", doctor.main.inner_text().replace(",", ""))]
    first, further = prices_of(case)
    assert {first, further, first + further} <= set(prices), prices
    stories.sign_consent(desks, doctor, case, look="plan-03")

    stories.charge(desks("LXZ905"), case, "JS2026112201")
    barcode = stories.collect(desks("LXZ902"), case)
    pathologist = desks("LXZ028", "病理医师")
    stories.assess(pathologist, case, "35")
    stories.take_in(
        pathologist, case, barcode, outcome="negative", report_no="BL2026-2201", signed_out_by="郑生佳",
        findings="EGFR 18—21外显子未检出突变",
    )  # fmt: skip
    assert stories.case_of(case).status == Status.REPORTED

    # Before somebody has reviewed the report nothing follows from it.
    doctor.visit(f"/cases/{case}/plan/")
    assert not doctor.main.get_by_role("button", name="申请本步检测").count()
    doctor.look("plan-04-not-reviewed")
    doctor.visit(f"/cases/{case}/review/")
    if doctor.main.locator("textarea[name=note]").count():
        doctor.fill(note="结果与临床相符")
    doctor.main.locator("form button[type=submit]").last.click()
    doctor.shows("报告已审核")

    # Now it is on the worklist, and the condition is met.
    doctor.visit(f"/cases/{case}/plan/")
    doctor.shows("符合条件")
    doctor.look("plan-05-due")
    doctor.press("申请本步检测")
    doctor.page.wait_for_url(lambda url: re.search(r"/cases/\d+/", url) and f"/cases/{case}/" not in url)
    second = re.search(r"/cases/(\d+)/", doctor.page.url).group(1)
    doctor.shows("第1步")
    doctor.look("plan-06-second-case")

    # A request of its own: agreed to, and signed for, already; not yet paid.
    follower = stories.case_of(second)
    assert follower.test != stories.case_of(case).test
    assert (follower.status, follower.charged_at) == (Status.AWAITING_APPROVAL, None)
    assert stories.rows(lambda: follower.mdt_reviews.get().carried_from.referral_id) == int(case)
    carried = stories.rows(lambda: Consent.objects.get(referral=follower).carried_from)
    assert carried.referral_id == int(case)
    assert stories.rows(lambda: Referral.objects.get(pk=case).charges.count()) == 1


def plan(doctor):
    """PCR now, the panel when it is negative, as far as the button."""
    stories.write_request(doctor, **PATIENT, words="LUNG-01", line="LUNG-01", why="结果决定一线是否选用EGFR-TKI")
    doctor.main.locator("#plan > summary").click()
    doctor.fill(**{"plan-0-code": "LUNG-14", "plan-0-necessity": "EGFR阴性时一次查清其他靶点"})
    doctor.main.locator("[name=plan-0-after]").select_option("negative")


def prices_of(case):
    """The published prices of the request's test and of its planned step."""
    from referrals.actions.charging import price_today

    def found():
        first = Referral.objects.get(pk=case)
        step = first.planned_steps.get()
        further = Referral(institution=first.institution, test=step.indication.test)
        return price_today(first).amount, price_today(further).amount

    return stories.rows(found)
