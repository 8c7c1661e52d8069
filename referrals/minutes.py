"""The minutes of a deliberation: who held what, and what was concluded, dissent included.

The text is written once, when the chair concludes, and never again; the page and the PDF show it with the facts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation

from referrals.deliberating import reason_label
from referrals.gates.words import when
from referrals.models import Deliberation, DepartmentalDiscussion, MDTReview


def text(
    deliberation: Deliberation,
    *,
    at: datetime,
    review: MDTReview | None = None,
    discussion: DepartmentalDiscussion | None = None,
) -> str:
    """As plain lines in Chinese, to be kept with the record. It names no patient: the case does."""
    with translation.override("zh-hans"):
        ending = review or discussion
        return "\n".join(_lines(deliberation, ending, at)) if ending else ""


def _lines(deliberation: Deliberation, ending: MDTReview | DepartmentalDiscussion, at: datetime) -> list[str]:
    lines = [f"{deliberation.get_kind_display()} {deliberation.number}", f"申请单号：{deliberation.referral.number}"]
    lines.append(f"召集：{when(deliberation.called_at)} {deliberation.called_by.name}")
    for one in deliberation.opinions.select_related("member"):
        lines.append(opinion_line(one))
    if isinstance(ending, MDTReview):
        reason = f"{ending.reason_code} {reason_label(ending.reason_code)}"
        lines.append(f"结论：{ending.get_conclusion_display()}（{reason}）")
        lines.append(f"治疗建议：{ending.advice}")
        lines += [f"说明：{ending.note}"] if ending.note else []
    else:
        lines.append(f"结论：{'同意检测' if ending.agreed else '不同意检测'}")
        lines.append(f"科室意见：{ending.note}")
    if ending.covers_plan:
        lines.append("本结论包括申请中计划的后续检测步骤。")
    lines.append(f"主持：{ending.chair.name}　{when(at)}")
    return lines


def opinion_line(one: Any) -> str:
    who = f"{one.discipline}{'（远程）' if one.is_remote else ''} {one.member.name}"
    if not one.is_first:
        return f"讨论　{who}：{one.get_stance_display()}。{one.note}"
    factors = f"疾病风险：{one.risk}；费用：{one.cost}；循证证据：{one.evidence}"
    return f"首轮　{who}：{one.get_stance_display()}。{factors}" + (f"；理由：{one.note}" if one.note else "")
