"""Bad input in a real browser: pressed twice, gone back, two tabs, an old price, another's barcode, another's report.

Each is refused in plain words, and nothing is half-done. Clauses A11, A13, A28, B13.
"""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from referrals.models import Referral, Status
from tests import stories
from tests.browsing import Desk
from vendors.models import Price

pytestmark = [pytest.mark.slow, pytest.mark.browser]
TEST = "LUNG-09"


def returning_patient() -> str:
    """Somebody of the county whom an MDT here has seen for lung cancer, and who has not had this test."""
    seen = Referral.objects.filter(
        institution__code="LXZ", diagnosis_code__startswith="C34", mdt_concluded_at__isnull=False, status=Status.FILED
    ).exclude(patient__referrals__indication__code=TEST)
    return seen.order_by("-requested_at").values_list("patient__record_no", flat=True)[0]


def cases_of(record_no: str) -> list[int]:
    found = Referral.objects.filter(patient__record_no=record_no, indication__code=TEST)
    return list(found.values_list("pk", flat=True))


def price_rises(case: Referral, to: str) -> None:
    """From today another price is in force, published in time."""
    today = timezone.localdate()
    former = Price.objects.in_force(today).get(institution=case.institution, test=case.test)
    Price.objects.filter(pk=former.pk).update(effective_to=today - timedelta(days=1))
    former.pk, former.amount, former.effective_from, former.published_on = None, Decimal(to), today, today
    former.save(force_insert=True)


def second_tab(desk: Desk) -> Desk:
    return Desk(desk.page.context.new_page(), desk.server)


def test_what_goes_wrong_at_a_desk_is_refused_and_leaves_nothing_half_done(desks):
    record_no = stories.rows(returning_patient)
    doctor = desks("LXZ003")
    doctor.visit("/cases/new/")
    doctor.fill(patient_query=record_no)
    doctor.press("查找")
    doctor.fill(diagnosis_code="C34.1", pathology="肺腺癌", stage="IV", test_query=TEST)
    doctor.page.locator("button[value=search]").click()
    stories.pick_line(doctor, TEST)
    doctor.fill(necessity="一线治疗后进展，决定后线方案", earlier_result_reason="进展后复测")

    # Pressed twice: one request. Gone back and pressed again: refused, still one.
    with doctor.page.expect_navigation():
        doctor.main.get_by_role("button", name="提交申请").last.dblclick()
    doctor.shows("待告知同意")
    (case,) = stories.rows(lambda: cases_of(record_no))
    doctor.page.go_back()
    doctor.page.locator("button[value=submit]:not([aria-hidden])").click()
    expect(doctor.main.locator(".error-summary, .refusal").first).to_be_visible()
    doctor.look("bad-01-gone-back")
    assert stories.rows(lambda: cases_of(record_no)) == [case]
    case = str(case)

    # The price rises after the signature: no fee until the patient is told anew.
    stories.sign_consent(desks, doctor, case)
    cashier = desks("LXZ905")
    late = second_tab(cashier)
    told = stories.rows(lambda: stories.case_of(case).consents.get().price.amount)
    stories.rows(lambda: price_rises(stories.case_of(case), "999.00"))
    stories.charge(cashier, case, "JS-BAD-1")
    cashier.refused("同意书版本与当前项目、机构、价格不一致", "A11")
    cashier.refused(f"告知价格为{told} 元，应收费用为999.00 元")
    cashier.look("bad-02-old-price")
    assert not stories.rows(lambda: stories.case_of(case).charges.exists())
    doctor.visit(f"/consent/{case}/")
    doctor.shows("调整，请重新告知并重签同意书。")
    stories.sign_consent(desks, doctor, case, look="bad-03-told-anew")

    # Two tabs of the cashier: the second finds the fee charged.
    late.visit(f"/cases/{case}/charge/")
    late.fill(receipt_no="JS-BAD-3")
    stories.charge(cashier, case, "JS-BAD-2")
    cashier.shows("已收费")
    late.press("登记收费")
    late.shows("已收费")
    expect(late.main.locator(".refusal")).to_be_visible()
    late.look("bad-04-second-tab")
    assert stories.rows(lambda: [one.receipt_no for one in stories.case_of(case).charges.all()]) == ["JS-BAD-2"]
    late.page.close()

    # Another case's label is not this specimen's; a file that is no PDF is no report.
    nurse = desks("LXZ902")
    nurse.visit(f"/cases/{case}/specimen/")
    nurse.fill(barcode="JC00000000000000017")
    nurse.press("登记采样")
    nurse.shows("条码")
    assert nurse.main.locator(".error-summary, .refusal, .errorlist, .field-error").count() > 0
    nurse.look("bad-05-wrong-label")
    assert stories.case_of(case).status == Status.CHARGED
    barcode = stories.collect(nurse, case)
    nurse.shows("已登记采样")
    pathologist = desks("LXZ028", "病理医师")
    stories.assess(pathologist, case, "30")
    pathologist.shows("已登记评估")
    pathologist.visit(f"/cases/{case}/result/")
    pathologist.fill(barcode=barcode, report_no="BAD-5", signed_out_by="郑生佳")
    pathologist.choose("outcome", "negative")
    picture = {"name": "report.pdf", "mimeType": "application/pdf", "buffer": b"GIF89a" + b"\0" * 64}
    pathologist.main.locator("[name=pdf]").set_input_files(picture)
    pathologist.press("报告入库")
    expect(pathologist.main.locator("[name=report_no]")).to_have_value("BAD-5")
    pathologist.look("bad-06-no-pdf")
    assert not stories.rows(lambda: stories.case_of(case).results.exists())


def test_an_answer_that_comes_late_does_not_take_a_picked_test_away(desks):
    doctor = desks("LXZ003")
    doctor.visit("/cases/new/?q=EGFR")
    offers = doctor.main.locator("[name=indication]")
    expect(offers.nth(1)).to_be_visible()
    held = []
    doctor.page.route("**/cases/new/tests/", lambda route: held.append(route))

    # Asked for with nothing picked; answered after the doctor has picked.
    doctor.main.locator("[name=test_query]").press("Enter")
    doctor.page.wait_for_timeout(500)
    picked = offers.nth(1).get_attribute("value")
    offers.nth(1).check()
    doctor.page.wait_for_timeout(400)
    assert held
    with doctor.page.expect_response("**/cases/new/tests/"):
        held[-1].continue_()
    doctor.page.wait_for_timeout(400)

    assert doctor.main.locator("[name=indication]:checked").get_attribute("value") == picked
