"""A laboratory's month in a real browser: the file given in, its columns named, differences settled, a second person's
word, the month signed, countersigned and closed; the off-book line with the discipline office. Every post acts with its
own demo login; nothing is prepared but the demo county. Clauses A28, B29, B31, X14."""

from __future__ import annotations

import re
from typing import Any

import pytest

from referrals.actions import bill_running
from referrals.models import Reconciliation
from supervision.models import Alert
from tests import stories
from vendors.models import Statement

pytestmark = [pytest.mark.slow, pytest.mark.browser]

FINANCE, AFFAIRS, DISCIPLINE = ("LXZ905", "收费处"), ("LXZ030", "医务科"), ("LXZ032", "纪检")


def last_bill() -> Any:
    """The newest statement of the ledger, its lines as the laboratory would send them anew, with one too many."""
    found = Statement.objects.filter(institution__code="LXZ").select_related("laboratory").order_by("-month").first()
    rows = [(one.sample_no, one.test_code, one.received_on or "", one.amount) for one in found.lines.all()]
    lines = [
        "样本条码,项目代码,收样日期,结算金额（元）",
        *(",".join(map(str, row)) for row in rows),
        "X-20260399,,,800.00",
    ]
    return found, "\n".join(lines).encode("gbk")


def test_a_laboratorys_month_from_its_file_to_the_closed_month(desks):
    bill, content = stories.rows(last_bill)
    finance = desks(*FINANCE)
    finance.visit(f"/bills/uploads/?laboratory={bill.laboratory_id}&month={bill.month}")
    finance.page.set_input_files("input[type=file]", {"name": "对账单.csv", "mimeType": "text/csv", "buffer": content})
    finance.fill(reason="机构补发电子账单")
    finance.submit("先核对，不写入")
    finance.shows("指定各列", "样本条码")
    finance.submit("核对账单行")
    bill_running.run_next()
    finance.page.reload()
    finance.shows("所有账单行均可读取")
    finance.submit("登记并比对")
    bill_running.run_next()
    finance.page.reload()
    finance.page.get_by_role("link", name="查看本账期对账").click()
    finance.page.wait_for_url(re.compile(r"/bills/months/\d+/"))
    at = re.sub(r"https?://[^/]+", "", finance.page.url)
    finance.shows("账单无对应申请", "本账期暂不能结账")

    key = int(re.search(r"/months/(\d+)/", at).group(1))  # type: ignore[union-attr]
    kinds = stories.rows(
        lambda: list(
            Reconciliation.objects.get(pk=key).differences.order_by().values_list("kind", flat=True).distinct()
        )
    )
    how = {"amount_differs": "contract_price", "not_billed": "next_bill"}
    for kind in kinds:
        finance.visit(f"{at}?kind={kind}&show=open")
        finance.choose("resolution", how.get(kind, "disputed"))
        finance.fill(reason="与机构逐例核对")
        finance.submit("处理")
    affairs = desks(*AFFAIRS)
    for kind in kinds:
        affairs.visit(f"{at}?kind={kind}&show=awaiting")
        affairs.submit("复核同意所选")
    finance.visit(at)
    finance.submit("财务签认")
    affairs.visit(at)
    affairs.submit("会签并结账")
    affairs.shows("已结账", "签认的对账单")

    alert = stories.rows(lambda: Alert.objects.get(sample_no="X-20260399"))
    office = desks(*DISCIPLINE)
    office.visit(alert.get_absolute_url())
    office.shows("疑似院外送检", "800.00")
    office.choose("outcome", "substantiated")
    office.fill(opinion="本院无此申请，转线索办理")
    office.submit("提交意见")
    office.shows("属实")
