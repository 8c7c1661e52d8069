"""Case 2 in a real browser: an NGS test sent outside after an MDT, from the request to the month's bill.

Every post acts with its own demo login; nothing is prepared but the demo county. Clauses B2, A23, B5, A11, B17, A26,
A28, A27, A31.
"""

import pytest

from referrals.models import Status
from tests import stories

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PATIENT = {
    "record_no": "Z20260202", "name": "乙木林", "sex": "male", "born": "1958", "diagnosis": "C22.1",
    "pathology": "小胆管型肝内胆管癌", "stage": "IV",
}  # fmt: skip
REQUEST = {**PATIENT, "words": "FGFR2", "line": "BIL-01", "why": "一线治疗后进展，结果决定二线是否选用佩米替尼"}
EXPERTS = ("LXZ001", "LXZ010", "LXZ013", "LXZ913", "LXZ028")


def test_an_outsourced_panel_from_request_to_the_months_bill(desks):
    # A resident's authority does not reach a test graded 需MDT.
    junior = desks("LXZ003")
    stories.write_request(junior, **REQUEST)
    junior.look("case2-01-request")
    junior.press("提交申请")
    junior.refused("本项目为需MDT，请由具备权限的医师申请", "A23")
    junior.look("case2-02-x04")

    # The associate chief may; nobody is asked which laboratory.
    doctor = desks("LXZ002", "经治医师")
    stories.write_request(doctor, **REQUEST)
    assert doctor.main.locator("[name*=laborator]").count() == 0
    case = stories.submitted(doctor)
    doctor.shows("待MDT讨论")
    doctor.look("case2-03-case")

    place = stories.call_mdt(desks, case)
    for expert in EXPERTS:
        stories.opine(desks(expert, "MDT专家"), place)
    requester = desks("LXZ002", "MDT专家")
    requester.visit(place)
    requester.shows("申请人、被投诉人不得参与本事项的审批、讨论表决或核查")
    assert requester.main.locator("form[action*=opinion], form[action*=conclude]").count() == 0
    requester.look("case2-04-requester")
    chair = desks("LXZ001", "MDT专家")
    stories.conclude(chair, place, "agree", "A1", "同意NGS小套装，先PCR阴性者直接NGS", "大套装费用高、证据不足，不做")
    chair.shows("结论已记录")
    chair.look("case2-05-concluded")

    stories.sign_consent(desks, doctor, case, look="case2-06-consent")

    # Sending outside is approved; then the hospital charges, and only then does anything leave.
    affairs = desks("LXZ030")
    affairs.visit(f"/cases/{case}/approve/")
    affairs.look("case2-07-approve")
    affairs.press("同意外送")
    affairs.shows("已同意外送")
    cashier = desks("LXZ905")
    cashier.visit(f"/cases/{case}/")
    cashier.look("case2-08-cashier-case")
    stories.charge(cashier, case, "PJ20260202001")
    cashier.shows("已收费")

    # Not packed, not shipped without the look at the block; 28 % is enough.
    barcode = stories.collect(desks("LXZ902"), case)
    desks("LXZ902").shows("已登记采样")
    pathologist = desks("LXZ028", "病理医师")
    stories.assess(pathologist, case, "5", "yes")
    pathologist.shows("肿瘤细胞比例低于项目最低要求，请富集或重取")
    pathologist.look("case2-09-too-few-cells")
    stories.assess(pathologist, case, "28")
    pathologist.shows("已登记评估")

    # Packed, handed over with a manifest that names no number of paper, no phone and no doctor, received.
    carrier = desks("LXZ029", "外送管理员")
    carrier.visit("/cases/batches/")
    carrier.shows(barcode)
    carrier.look("case2-10-batches")
    carrier.press("勾选标本组批")
    carrier.shows("已组批")
    carrier.look("case2-11-batch")
    stories.hand_over(carrier, barcode, "SF20260202")
    carrier.shows("已交接，交接清单已存档")
    carrier.look("case2-12-left")
    carrier.press("全部签收")
    carrier.shows("份标本签收")

    # A report of another specimen is not taken in; the right one is.
    stories.take_in(carrier, case, stories.other(barcode), report_no="BG-77", signed_out_by="张签发")
    carrier.shows("报告与外送样本不匹配，禁止入库")
    carrier.look("case2-13-mismatch")
    assert not stories.rows(lambda: stories.case_of(case).results.exists())
    carrier.fill(barcode=barcode, alterations__0__gene="FGFR2", alterations__0__variant="FGFR2::BICC1 融合")
    stories.attach(carrier, case)
    carrier.press("报告入库")
    carrier.shows("报告已返回")

    # Reviewed, told, filed with its three papers.
    doctor.visit("/")
    doctor.look("case2-14-doctor-home")
    for station, done in (("review", "报告已审核"), ("tell", "已告知患者"), ("file", "已归档")):
        doctor.visit(f"/cases/{case}/{station}/")
        doctor.look(f"case2-15-{station}")
        doctor.main.locator("form button[type=submit]").last.click()
        doctor.shows(done)

    # The drug stands on this result; another one does not.
    doctor.visit(f"/cases/{case}/drug/")
    doctor.fill(drug="奥希替尼", indication="EGFR突变NSCLC", line="一线")
    doctor.press("核对并开具")
    doctor.refused("奥希替尼", "A31")
    doctor.look("case2-16-x12")
    doctor.fill(drug="佩米替尼", indication="胆管癌", line="至少一种系统治疗")
    doctor.press("核对并开具")
    doctor.shows("佩米替尼")
    doctor.look("case2-17-filed")

    filed = stories.case_of(case)
    assert filed.status == Status.FILED
    assert filed.laboratory is not None
    assert filed.charged_at < filed.collected_at < filed.shipped_at < filed.received_at < filed.reported_at

    # The month's bills are held against the cases: the pages of the ledger's bills list each difference.
    cashier.visit("/supervision/differences/")
    cashier.look("case2-18-differences")
