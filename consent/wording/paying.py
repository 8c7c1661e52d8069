"""自费医疗服务项目告知书: what insurance does not pay, told and signed apart from the consent (Regulations on
Medical Insurance Funds, art. 15)."""

from __future__ import annotations

from django.conf import settings

from consent.wording.consenting import yuan
from consent.wording.facts import Facts
from consent.wording.section import Section, Text
from vendors.models import Price


def needs_self_pay_notice(price: Price | None) -> bool:
    """Whether this price may be charged only after its own notice is signed. Which insurance classes ask for it is
    a setting; a price without a class counts as 未标注."""
    return price is not None and (price.insurance_class or "未标注") in settings.SELF_PAY_NOTICE_CLASSES


def compose_self_pay(facts: Facts, *, number: str, edition: int) -> Text:
    price = facts.fee
    phone = facts.referral.institution.complaint_phone or "见医院门诊大厅公示"
    return Text(
        "自费医疗服务项目告知书",
        number,
        edition,
        (
            Section(
                "item",
                "这一项由您自己付钱",
                ("下面这项医疗服务不在医疗保险基金支付范围内（或者医保不予支付），费用由您个人承担。",),
                (
                    ("应付金额", yuan(price.amount)),
                    ("其中医保支付", yuan(0)),
                    ("收费项目", f"{price.item_name}（{price.item_code}）"),
                    ("检测项目", f"{facts.referral.test.name}（{facts.referral.test.code}）"),
                    ("医保类别", price.insurance_class or "未标注"),
                    ("执行机构", f"外送：{facts.laboratory.name}" if facts.laboratory else f"院内：{facts.place}"),
                    ("检测申请号", facts.referral.number),
                ),
            ),
            Section(
                "rights",
                "您可以不同意",
                (
                    "是否使用这项自费服务由您决定。不同意的，不影响您的其他诊疗，也可以请医师换成医保能支付的项目。",
                    "签字以后价格有调整的，这份告知书失效，须重新告知。退费规则与检测知情同意书相同。",
                    "请只向本院收费处缴费，缴费后索取票据。本院未授权任何人私下收取费用。",
                ),
                (("本院举报电话", phone), ("医保咨询", "12393")),
            ),
        ),
    )
