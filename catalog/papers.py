"""An edition as the county's list (`reports.md` §6): a workbook to work with, and a paper to sign and print.

What is not settled says so in every column it stands in: 待复核 in place of a review date, 待核 beside its level.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from catalog import citing, overview, rows
from catalog.models import Edition, Indication
from catalog.models.grading import CRITERIA
from documents import official
from documents.official import chinese_day
from documents.pdf import Paper
from documents.spreadsheets import Column, SheetOut, workbook

TEMPLATE = "catalog/paper/list.html"
CODE = "编号"
# The county's form, column by column.
FORM = (
    "瘤种（ICD-10）", "临床情形/分期", "检测项目", "基因与变异", "首选方法/替代", "样本", "目的", "关联药物（是否在院/医保）",
    "依据", "推荐级别", "证据类别", "分级", "是否初诊MDT", "院内/外送", "复核日期",
)  # fmt: skip
MARKS = "标记"
WIDTHS = (18, 28, 26, 24, 22, 20, 12, 30, 36, 12, 10, 10, 10, 12, 12)
# Every field, one a column: what a sheet brings back without loss.
DETAILS = {
    "code": CODE, "tumour": "瘤种", "tumour_english": "瘤种英文名", "icd10": "ICD-10", "icd10_match": "ICD-10匹配",
    "setting": "临床情形", "genes": "基因", "alteration": "变异", "test": "检测项目编码", "method_primary": "首选方法",
    "method_alternative": "替代方法", "specimen": "样本", "purpose": "目的", "drugs": "关联药物", "drug_note": "药物备注",
    "guideline": "依据名称", "issuer": "发布机构", "year": "年份", "doc_no": "文号", "second_source": "第二依据",
    "recommendation": "推荐级别", "evidence_class": "证据类别", "recommendation_confidence": "推荐级别可信度",
    "grade": "分级", "is_risky": "风险较大", "risk_level": "风险程度", "risk_basis": "风险理由", "cost_level": "费用水平",
    "cost_basis": "费用理由", "evidence_support": "证据支持", "evidence_basis": "证据理由", "grade_reason": "分级调整理由",
    "mdt_on_first_visit": "是否初诊MDT", "route_hint": "院内/外送",
    "germline": "胚系", "is_nucleic_acid_test": "核酸检测", "turnaround_days": "周转时间（工作日）", "notes": "备注",
    "citations": "引用依据",
    "source_status": "来源状态", "confidence": "可信度",
}  # fmt: skip


def lines_of(edition: Edition) -> QuerySet[Indication]:
    return (
        Indication.objects.filter(edition=edition)
        .select_related("test", "reviewed_by")
        .prefetch_related(citing.prefetch())
        .order_by("pk")
    )


def form_row(line: Indication) -> list[Any]:
    """The row in the fifteen columns of the county's form."""
    other = f"（替代：{line.method_alternative}）" if line.method_alternative else ""
    source = [f"《{line.guideline.strip('《》')}》", line.issuer, str(line.year), line.doc_no]
    second = f"；{line.second_source}" if line.second_source else ""
    return [
        f"{line.tumour}（{line.icd10}）",
        line.setting,
        line.test.name,
        f"{line.genes}：{line.alteration}",
        f"{line.method_primary}{other}",
        line.specimen,
        line.purpose,
        f"{line.drugs or '—'}{f'（{line.drug_note}）' if line.drug_note else ''}",
        "，".join(part for part in source if part) + second,
        line.recommendation,
        line.evidence_class or "—",
        str(line.get_grade_display()),
        line.mdt_on_first_visit,
        line.route_hint,
        line.reviewed_on or "待复核",
    ]


def print_row(line: Indication) -> list[Any]:
    """As the form, with what the grade rests on beside it (A23)."""
    cells = form_row(line)
    if criteria := [str(getattr(line, f"get_{name}_display")()) for name in CRITERIA if getattr(line, name)]:
        words = ("风险", "费用", "")
        said = "；".join(f"{word}{value}" for word, value in zip(words, criteria, strict=False))
        cells[FORM.index("分级")] += f"（{said}）"
    return cells


def _names(edition: Edition) -> tuple[str, str]:
    """Who approved and who checked."""
    approver, checker = edition.approved_by, edition.checked_by
    return str(approver or ""), str(checker or "")


def reviewers(edition: Edition) -> list[str]:
    people: Any = edition.experts.select_related("user")
    return [one.user.name for one in people]


def head_lines(edition: Edition) -> list[str]:
    """Edition, days and people, under the list and on the paper's annex."""
    found = [f"目录名称：{edition.title}　版本：{edition.number}　状态：{overview.standing(edition)[1]}"]
    if edition.in_force_from:
        until = f"，至{chinese_day(edition.in_force_to)}止" if edition.in_force_to else ""
        found.append(f"施行日期：自{chinese_day(edition.in_force_from)}起{until}")
    approver, checker = _names(edition)
    if approver:
        on = timezone.localtime(edition.approved_at).date() if edition.approved_at else None
        found.append(f"批准人：{approver}　批准日期：{chinese_day(on)}")
    if checker:
        found.append(f"医务科审核：{checker}")
    experts = reviewers(edition)
    if experts:
        found.append(f"评审专家：{'、'.join(experts)}")
    return found


def as_workbook(edition: Edition) -> bytes:
    """Two sheets: the county's form, and every field by itself."""
    with translation.override(settings.LANGUAGE_CODE):
        lines = list(lines_of(edition))
        form = SheetOut(
            "目录",
            [
                Column(CODE, 11),
                *(Column(name, width) for name, width in zip(FORM, WIDTHS, strict=True)),
                Column(MARKS, 12),
            ],
            [[line.code, *form_row(line), "、".join(line.marks)] for line in lines],
            [
                *head_lines(edition),
                "标记“待复核”者尚未经评审专家确认，“待核”者依据或级别须按当年版原文核定，均不得作为确定内容引用。",
            ],
        )
        details = SheetOut(
            "明细",
            [Column(name, 16) for name in DETAILS.values()],
            [list(_details(line)) for line in lines],
        )
        return workbook([form, details], title=str(edition))


def _details(line: Indication) -> Iterator[Any]:
    values = rows.values_of(line) | {"code": line.code}
    for name in DETAILS:
        value = values[name]
        yield value if name in ("year", "turnaround_days") else rows.shown(name, value)


def as_paper(edition: Edition) -> Paper:
    """The edition as an official paper: the notice that puts it in force, and the list as its annex. Until it is
    approved it says on its first page that it is a draft for examination."""
    with translation.override(settings.LANGUAGE_CODE):
        lines = list(lines_of(edition))
        place = edition.institution.name if edition.institution else "县级目录"
        approved = timezone.localtime(edition.approved_at).date() if edition.approved_at else None
        title = f"{place}关于印发《{edition.title.removeprefix(place)}》\n（{edition.number}版）的通知"
        paper = official.Official(
            issuer=place,
            title=title,
            addressee="各科室",
            number=edition.document_number,
            upward=False,
            dated=approved,
            annexes=(f"{edition.title.removeprefix(place)}（{edition.number}版）",),
            annex_footer=f"{edition.number}版 · 制表 {timezone.localtime():%Y-%m-%d %H:%M}",
            keywords=("肿瘤基因检测", "适应症", "目录"),
        )
        groups: dict[str, list[Indication]] = {}
        for line in lines:
            groups.setdefault(line.tumour, []).append(line)
        context = {
            "edition": edition,
            "draft": not edition.is_binding,
            "former": edition.based_on,
            "rows": [(line, print_row(line)) for line in lines],
            "columns": FORM,
            "heads": head_lines(edition),
            "counts": {
                "rows": len(lines),
                "tumours": len(groups),
                "to_review": sum(not line.is_reviewed for line in lines),
                "unsettled": sum(bool(line.unchecked) for line in lines),
            },
            "experts": reviewers(edition),
            "approver": _names(edition)[0],
            "starts_on": chinese_day(edition.in_force_from),
        }
        return official.make(TEMPLATE, paper, context, css=CSS)


def file_name(edition: Edition, ending: str, on: date | None = None) -> str:
    return _("%(title)s %(number)s.%(ending)s") % {"title": edition.title, "number": edition.number, "ending": ending}


CSS = """
.draft-mark { position: absolute; top: -12mm; right: 0; font: 14pt/1 var(--heiti); letter-spacing: 0.2em; color: #b00;
    border: 1.2pt solid #b00; padding: 1.5mm 3mm; bookmark-level: none }
.annex.landscape table.list { font-size: 6.6pt; line-height: 1.28; table-layout: fixed }
.annex.landscape table.list th, .annex.landscape table.list td { padding: 0.6mm 0.7mm; vertical-align: top }
.annex.landscape table.list th { vertical-align: middle }
.annex .mark { display: inline; font: inherit; color: #000; padding: 0; font-family: var(--heiti); text-align: left;
    white-space: normal }
.annex p.small { font-size: 9pt; line-height: 1.5 }
@page annex-landscape:right { margin: 20mm 12mm 18mm 14mm }
@page annex-landscape:left { margin: 18mm 14mm 20mm 12mm }
"""
