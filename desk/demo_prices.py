"""Prices, publications and complaint channels of the demo county: made up, through the same actions as real ones."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Institution, Post, User
from vendors import actions, pricing
from vendors.models import Board, ComplaintChannel, PostingPlace, PriceChange, Publication

PROCEDURE = (
    "来访、来电、来信、邮件均可投诉举报，可以匿名。接待人员当场登记；能当场处理的当场处理，一般投诉5个工作日内反馈，"
    "涉及多个科室的10个工作日内反馈。收费问题当场核查。举报人信息严格保密。"
)
PLACES = [
    (Board.PRICES, "poster", "门诊大厅收费处旁"),
    (Board.PRICES, "screen", "门诊大厅电子屏"),
    (Board.OUTSOURCED, "poster", "肿瘤科病区公示栏"),
    (Board.COMPLAINTS, "poster", "门诊大厅服务台"),
]


def load(machine: User) -> None:
    """For each hospital its lists, published; a second call changes nothing."""
    for hospital in Institution.objects.filter(kind=Institution.Kind.HOSPITAL, prices__isnull=False).distinct():
        _channel(hospital, machine)
        for board in Board:
            if not Publication.objects.filter(institution=hospital, board=board).exists():
                actions.publish_list(institution=hospital, board=board, by=machine)
        for board, medium, name in PLACES:
            if not PostingPlace.objects.filter(institution=hospital, board=board, name=name).exists():
                actions.add_place(institution=hospital, board=board, medium=medium, name=name, by=machine)
        _change(hospital)


def _channel(hospital: Institution, machine: User) -> None:
    if ComplaintChannel.objects.filter(institution=hospital).exists():
        return
    actions.keep_channel(
        institution=hospital, by=machine, procedure=PROCEDURE, place="行政楼二楼 投诉接待室（206室）",
        hours="工作日 8:00—12:00，14:30—17:30", phone=hospital.complaint_phone or "0598-7000110",
        email=f"jubao@{hospital.code.lower()}.example.cn",
    )  # fmt: skip


def _change(hospital: Institution) -> None:
    """A change on its way: two tests whose old items become one new item and its extension, awaiting the check."""
    if PriceChange.objects.filter(institution=hospital).exists():
        return
    post = Post.objects.filter(institution=hospital, role_id="R11", user__is_demo=True).select_related("user").first()
    first_day = timezone.localdate() + timedelta(days=30)
    prices = pricing.standing_prices(hospital.pk, first_day)[:2]
    if post is None or len(prices) < 2:
        return
    officer: Any = post.user.act_as(post)
    change = actions.draft_change(
        institution=hospital, title="病理类医疗服务价格项目切换", basis="示例：病理类价格项目立项指南落地文件",
        effective_from=first_day, by=officer,
    )  # fmt: skip
    given = {"unit": "次", "insurance_class": "乙类", "own_percent": Decimal(10), "change": change, "by": officer}
    actions.put_item(
        code="SP-FZ01", name="分子病理检测（单基因）", content="样本提取、扩增、判读和报告", excludes="不含切片制作",
        amount=Decimal(580), most=1, replaces=[prices[0].item_code, prices[1].item_code], not_with=[], **given,
    )  # fmt: skip
    actions.put_item(
        code="SP-FZ01-1", name="分子病理检测（每增加一个位点）", content="同一样本加收", excludes="",
        amount=Decimal(60), most=5, replaces=[], not_with=[], **given,
    )  # fmt: skip
    actions.put_charge(change=change, test=prices[1].test, parts=[("SP-FZ01", 1), ("SP-FZ01-1", 2)], by=officer)
    actions.put_up(change=change, by=officer)
