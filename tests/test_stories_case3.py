"""Case 3 in a real browser: an exome asked for by a leaflet, the wrong tumour's panel, and an MDT that says no.

Clauses B2, B3, B5; scenario.md case 3, where practice.md does not say otherwise.
"""

import pytest

from referrals.models import Status
from tests import stories

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PATIENT = {
    "record_no": "Z20260303", "name": "丙文山", "sex": "male", "born": "1955", "diagnosis": "C34.9",
    "pathology": "小细胞肺癌", "stage": "广泛期",
}  # fmt: skip
NOT_LISTED = (
    "所选项目未列入本院基因检测适应症目录（或依据已失效待复核），不能提交。如确有循证证据，请走“无指南支持项目”通道。"
)
EXPERTS = ("LXZ001", "LXZ010", "LXZ013", "LXZ913", "LXZ028")


def test_the_mdt_says_no_and_nothing_can_be_charged_or_taken(desks):
    doctor = desks("LXZ002", "经治医师")

    # The whole exome has no place in the catalog; the page answers with what the catalog says of it.
    doctor.visit("/cases/new/")
    doctor.fill(patient_query=PATIENT["record_no"], test_query="WES")
    doctor.page.locator("button[value=search]").click()
    doctor.shows("全外显子/全基因组检测须按无指南支持项目或研究项目管理。", NOT_LISTED)
    doctor.look("case3-01-exome")

    # The panel of non-small-cell lung cancer is not for a small-cell one, though both are coded C34.
    panel = {**PATIENT, "words": "LUNG-14", "line": "LUNG-14", "why": "家属要求查全"}
    stories.write_request(doctor, **panel)
    doctor.shows("不含该诊断")
    doctor.press("提交申请")
    doctor.refused(NOT_LISTED, "B2", "查看目录")
    doctor.refused("目录所列适用瘤种为非小细胞肺癌（C34），不含本例诊断C34.9 小细胞肺癌")
    doctor.look("case3-02-x02")

    # What the catalog does list for any solid tumour goes to the MDT, which holds it is not worth it now.
    stories.write_request(
        doctor, **{**PATIENT, "words": "NTRK", "line": "PANT-01", "why": "家属要求，判断有无靶向机会"}
    )
    case = stories.submitted(doctor)
    place = stories.call_mdt(desks, case)
    early = desks("LXZ001", "MDT专家")
    stories.opine(early, place, "disagree", "结果不改变一线方案", risk="须尽快化疗联合免疫", cost="费用高")
    stories.conclude(early, place, "disagree", "D1", "先行化疗联合免疫")
    early.shows("未达法定人数，不能形成结论")
    early.look("case3-03-quorum")
    for expert in EXPERTS[1:]:
        stories.opine(desks(expert, "MDT专家"), place, "disagree", "无高级别证据", evidence="无高级别证据")
    # A conclusion needs its reason code.
    stories.conclude(early, place, "disagree", "", "先行化疗联合免疫，进展后再议")
    early.shows("请选择")
    assert stories.case_of(case).status == Status.AWAITING_MDT
    early.look("case3-04-reason-missing")
    stories.conclude(early, place, "disagree", "D1", "先行化疗联合免疫，进展后再议")
    early.shows("结论已记录", "不同意检测")
    early.look("case3-05-concluded")

    # The end: told in fair words, and nobody finds a button to charge or to take a sample.
    doctor.visit(f"/cases/{case}/")
    doctor.shows("MDT不同意", "目前检测不会改变治疗，故不建议检测；您仍可提出疑问", "先行化疗联合免疫，进展后再议")
    assert doctor.main.locator("#next a, a[href$='/charge/'], a[href$='/specimen/']").count() == 0
    doctor.look("case3-06-ended")
    for username, station, button in (("LXZ905", "charge", "登记收费"), ("LXZ902", "specimen", "登记采样")):
        desk = desks(username)
        desk.visit(f"/cases/{case}/{station}/")
        assert desk.main.get_by_role("button", name=button).count() == 0
        desk.look(f"case3-07-{station}")

    # The family had it tested elsewhere and brings the report: registered with where it comes from, nothing presumed.
    doctor.visit("/cases/outside-reports/")
    doctor.shows("检出院外报告，请登记来源；如非本院申请，系统仅作记录，不代表存在违规。")
    report = {"record_no": PATIENT["record_no"], "issuer": "某基因检测公司", "reported_on": "2026-10-08"}
    doctor.fill(**report, genes="全外显子组", method="NGS", specimen="血浆", findings="未检出可用药变异")
    doctor.choose("outcome", "negative")
    doctor.press("登记")
    doctor.shows("请填写或选择此项")
    doctor.choose("source", "patient")
    doctor.look("case3-08-outside-report")
    doctor.submit("登记")
    doctor.shows("报告已登记，经病理科或医务科复核认可后方可作为用药依据。", "某基因检测公司")
    doctor.look("case3-09-outside-registered")

    ended = stories.case_of(case)
    assert ended.status == Status.MDT_DISAGREED
    assert stories.rows(lambda: not ended.charges.exists() and not ended.specimens.exists())
