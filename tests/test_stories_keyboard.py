"""Case 1 by the keyboard alone: Tab, Enter, arrows, typing and the shortcuts of `?`; no mouse, no touch.

The signature is the one without a hand: the typed name before a witness. What it takes is counted a post.
"""

import re

import pytest

from accounts.queries import DEMO_PASSWORD
from referrals.models import Status
from tests import stories
from tests.keyboard import Keyboard, Tally

pytestmark = [pytest.mark.slow, pytest.mark.browser]
RECORD = "Z20260101"
EXPERTS = ("LXZ001", "LXZ007", "LXZ010", "LXZ028", "LXZ913")


class Walk:
    """Each post's keyboard, and what it took."""

    def __init__(self, desks):
        self.desks, self.tallies = desks, {}

    def __call__(self, post, username, role=""):
        desk = self.desks(username, role)
        desk.visit("/")
        return Keyboard(desk, self.tallies.setdefault(post, Tally(post)))


def request(keys, main):
    keys.enter("n")
    keys.at(main.locator("[name=patient_query]"))
    keys.type(RECORD)
    keys.press("Enter")
    main.locator("[name='new-name']").wait_for()
    keys.write(main.locator("[name='new-name']"), "林晓岚")
    keys.write(main.locator("[name='new-birth_year']"), "1964")
    keys.pick(main.locator("[name='new-sex']"), "female")
    keys.write(main.locator("[name=diagnosis_code]"), "C34.1")
    keys.write(main.locator("[name=pathology]"), "肺腺癌")
    keys.write(main.locator("[name=stage]"), "cT2N2M1b")
    keys.write(main.locator("[name=test_query]"), "LUNG-01")
    keys.press("Enter")
    offer = main.locator("[name=indication]")
    offer.first.wait_for()
    keys.to(offer.first)
    keys.press("Space")
    keys.write(main.locator("[name=necessity]"), "检测结果决定一线是否选用EGFR-TKI")
    keys.enter("Control+Enter")
    keys.desk.shows("待MDT讨论")
    return re.search(r"/cases/(\d+)/", keys.page.url).group(1)


def opine(keys, main, number):
    keys.find(number)
    keys.enter("n")
    keys.at(main.locator("form[action*=opinion] [name=risk]"))
    keys.type("进展风险高")
    keys.write(main.locator("form[action*=opinion] [name=cost]"), "480元，院内")
    keys.write(main.locator("form[action*=opinion] [name=evidence]"), "1类证据")
    keys.pick(main.locator("form[action*=opinion] [name=stance]"), "agree")
    keys.enter()
    keys.desk.shows("您的意见已记录")


def consent(keys, main):
    keys.enter("n")
    keys.at(main.get_by_role("button", name="已告知患者，去签署"))
    keys.enter()
    keys.page.wait_for_url("**/sign/")
    turn_to(keys, "可能和家人有关的发现")
    keys.pick(main.locator("[name=germline]"), "not_know")
    turn_to(keys, "您的个人信息和基因数据")
    keys.to(main.locator("[name=privacy]"))
    keys.press("Space")
    turn_to(keys, "检测剩下的标本")
    keys.pick(main.locator("[name=leftover]"), "destroy")
    turn_to(keys, "由谁签署")
    keys.pick(main.locator("[name=signer]"), "patient")
    turn_to(keys, "签名")
    keys.to(main.locator("details summary"))
    keys.press("Enter")
    keys.to(main.locator("[name=typed]"))
    keys.press("Space")
    keys.write(main.locator("[name=signer_name]"), "林晓岚") if main.locator(
        "[name=signer_name]"
    ).is_visible() else None
    keys.write(main.locator("[name=witness_number]"), "LXZ902")
    keys.write(main.locator("[name=witness_password]"), DEMO_PASSWORD)
    keys.enter()
    keys.page.wait_for_url("**/done/")


def turn_to(keys, heading):
    for _turn in range(20):
        if keys.page.get_by_role("heading", name=heading, exact=True).is_visible():
            return
        keys.press("Enter")
    raise AssertionError(heading)


def test_case_one_without_a_mouse(desks, record_property):
    walk = Walk(desks)
    keys = walk("经治医师", "LXZ003")
    case = request(keys, keys.desk.main)
    number = stories.case_of(case).number
    keys.done()

    keys = walk("MDT秘书", "LXZ031", "MDT秘书")
    keys.find(number)
    keys.enter("n")
    keys.at(keys.desk.main.locator("[name=team]:checked"))
    keys.enter()
    keys.desk.shows("首轮意见")
    keys.done()
    for expert in EXPERTS:
        keys = walk("MDT专家（5人）", expert, "MDT专家")
        opine(keys, keys.desk.main, number)
        keys.done()
    keys = walk("MDT主持", EXPERTS[0], "MDT专家")
    main = keys.desk.main
    keys.find(number)
    keys.enter("n")
    form = main.locator("form[action*=conclude]")
    keys.pick(form.locator("[name=conclusion]"), "agree")
    keys.to(form.locator("[name=reason_code]"))
    keys.press("ArrowDown")
    keys.write(form.locator("[name=advice]"), "检出敏感突变者首选EGFR-TKI")
    keys.enter("Control+Enter")
    keys.desk.shows("结论已记录")
    keys.done()

    keys = walk("经治医师", "LXZ003")
    keys.find(number)
    consent(keys, keys.desk.main)
    keys.done()

    keys = walk("收费处", "LXZ905")
    keys.find(number)
    keys.enter("n")
    keys.at(keys.desk.main.locator("[name=receipt_no]"))
    keys.type(f"JS{number}")
    keys.enter()
    keys.desk.shows("已收费")
    keys.done()

    keys = walk("采样护士", "LXZ902")
    keys.find(number)
    keys.enter("n")
    keys.at(keys.desk.main.locator("[name=barcode]"))
    barcode = max(re.findall(r"JC\d{14,}", keys.desk.main.inner_text()), key=len)
    keys.type(barcode)
    keys.enter()
    keys.desk.shows("已登记采样")
    keys.done()

    keys = walk("病理医师", "LXZ028", "病理医师")
    main = keys.desk.main
    keys.find(number)
    keys.enter("n")
    keys.at(main.locator("[name=tumour_cell_percent]"))
    keys.type("35")
    keys.pick(main.locator("[name=is_fit]"), "yes")
    keys.enter()
    keys.desk.shows("已登记评估")
    keys.enter("n")
    keys.at(main.locator("[name=barcode]"))
    keys.type(barcode)
    keys.write(main.locator("[name=report_no]"), f"BL-{case}")
    keys.write(main.locator("[name=signed_out_by]"), "郑生佳")
    keys.pick(main.locator("[name=outcome]"), "positive")
    keys.write(main.locator("[name=findings]"), "EGFR p.L858R")
    keys.to(main.locator("[name=pdf]"))
    # Enter would open the system's own window of files, which no page can drive.
    stories.attach(keys.desk, case)
    keys.to(main.get_by_role("button", name="报告入库"))
    keys.enter()
    keys.desk.shows("报告已返回")
    keys.done()

    keys = walk("经治医师", "LXZ003")
    main = keys.desk.main
    keys.find(number)
    keys.enter("n")
    keys.at(main.locator("[name=note]"))
    keys.enter("Control+Enter")
    keys.desk.shows("报告已审核")
    for done in ("已告知患者", "已归档"):
        keys.enter("n")
        keys.to(main.locator("form [type=submit].button-main"))
        keys.enter()
        keys.desk.shows(done)
    keys.done()

    assert stories.case_of(case).status == Status.FILED
    tallies = list(walk.tallies.values())
    print()
    for one in tallies:
        print(f"{one.post}\t键 {one.keys}\t字 {one.characters}\t提交 {one.acts}\t{one.seconds:.0f} s")
        record_property(one.post, f"{one.keys} keys, {one.characters} characters, {one.acts} acts, {one.seconds:.0f} s")
    # A guard against growing: what a case asks of the keyboard beside what is typed.
    assert sum(one.keys for one in tallies) < 200
    assert sum(one.acts for one in tallies) <= 17
