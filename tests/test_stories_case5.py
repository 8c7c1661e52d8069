"""Case 5 in a real browser: a test of a clinical trial is never charged, and is no ground for a drug.

Clauses A47, A48, A49, A31; scenario.md case 5.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from referrals.models import Status
from tests import stories

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PATIENT = {
    "record_no": "Z20260505", "name": "戊晓月", "sex": "female", "born": "1970", "diagnosis": "C34.1",
    "pathology": "肺腺癌", "stage": "IV",
}  # fmt: skip
NO_FEE = "本检测登记为临床试验/临床研究检测，严禁向患者收取任何费用。"
NO_ETHICS = "研究项目伦理批件已过期或不覆盖本中心，不能入组检测。"
EXPERTS = ("LXZ001", "LXZ010", "LXZ013", "LXZ913", "LXZ028")


def test_a_trials_test_is_free_and_no_ground_for_a_drug(desks):
    # The research office registers the study; without an ethics approval nobody is tested under it.
    office = desks("LXZ915", "科研科")
    today = timezone.localdate()
    office.visit("/cases/studies/")
    office.look("case5-01-studies")
    number = f"EC-{timezone.now():%H%M%S}"
    office.fill(number=number, title="晚期肺癌Ⅲ期试验", hospital_approved_on=f"{today}")
    office.main.locator("form:has([name=title]) button[type=submit]").click()
    office.shows(number)
    doctor = desks("LXZ003")
    stories.write_request(doctor, **PATIENT, words="EGFR", line="LUNG-01", why="方案v2.1要求入组前检测EGFR")
    doctor.choose("nature", "research")
    doctor.shows(NO_FEE)
    study = doctor.main.locator("select[name=study]")
    study.select_option(label=study.locator("option", has_text=number).inner_text())
    doctor.press("提交申请")
    doctor.refused(NO_ETHICS, "A48", "查看研究项目")
    doctor.look("case5-02-x10")

    # The ethics committee's secretary records the approval; the same request goes through.
    ethics = desks("LXZ916")
    ethics.visit("/cases/studies/")
    ethics.main.get_by_role("link", name=number).click()
    ethics.fill(
        number=f"{number}-伦审", protocol_version="v2.1", valid_from=f"{today}",
        valid_to=f"{today + timedelta(days=200)}",
    )  # fmt: skip
    ethics.press("登记批件")
    ethics.shows(f"{number}-伦审")
    ethics.look("case5-03-study")
    case = stories.submitted(doctor)
    place = stories.call_mdt(desks, case)
    for expert in EXPERTS:
        stories.opine(desks(expert, "MDT专家"), place)
    chair = desks("LXZ001", "MDT专家")
    stories.conclude(chair, place, "agree", "A1", "按方案入组")
    chair.shows("结论已记录")
    stories.sign_consent(desks, doctor, case, look="case5-04")

    # No fee is due, and who tries all the same is refused on the server.
    assert stories.case_of(case).status == Status.AWAITING_SAMPLING
    cashier = desks("LXZ905")
    cashier.visit(f"/cases/{case}/charge/")
    cashier.refused(NO_FEE, "A49")
    cashier.look("case5-05-charge")
    cashier.send(f"/cases/{case}/charge/", do="charge", receipt_no="PJ-WRONG", kind="receipt")
    cashier.refused(NO_FEE, "A49")
    assert not stories.rows(lambda: stories.case_of(case).charges.exists())

    # The study ends, so nothing is taken; it runs on, and the sample is.
    ethics.fill(ended_on=f"{today - timedelta(days=1)}")
    ethics.submit("保存日期")
    nurse = desks("LXZ902")
    barcode = stories.collect(nurse, case)
    nurse.refused(NO_ETHICS, "A48")
    nurse.look("case5-06-x10-sampling")
    assert stories.case_of(case).status == Status.AWAITING_SAMPLING
    ethics.fill(ended_on="")
    ethics.submit("保存日期")
    stories.collect(nurse, case)
    nurse.shows("已登记采样")

    # After sampling nobody turns it into a test to be charged.
    doctor.visit(f"/cases/{case}/corrections/")
    doctor.shows("采样后不得变更检测性质")
    assert doctor.main.locator("[name=nature]").count() == 0
    doctor.look("case5-07-corrections")

    # The report is for research only: no drug stands on it.
    pathologist = desks("LXZ028", "病理医师")
    stories.assess(pathologist, case, "40")
    stories.take_in(
        pathologist, case, barcode, report_no="YJ-01", signed_out_by="郑生佳",
        alterations__0__gene="EGFR", alterations__0__variant="p.L858R",
    )  # fmt: skip
    pathologist.shows("报告已返回", "研究用，不作为临床用药依据")
    doctor.visit(f"/cases/{case}/drug/")
    doctor.fill(drug="奥希替尼", indication="EGFR突变NSCLC", line="一线/辅助")
    doctor.press("核对并开具")
    doctor.refused("未检索到合格结果", "A31")
    doctor.refused("研究用检测，不能作为用药依据。")
    doctor.look("case5-08-x12")
