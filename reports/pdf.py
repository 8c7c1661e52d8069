"""The report as paper: a red-head PDF/A-3u with its annexes, and its figures attached as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from documents import official, qr
from documents.pdf import DataFile, Paper
from documents.templatetags.formats import percent
from reports import charts, indicators, status_table, wording
from reports.figures import Figures
from reports.models import Report

TEMPLATE = "reports/paper/report.html"
ANNEXES = ("工作情况表", "指标表及统计图", "自查发现问题清单", "第三方机构账单差异清单")


@dataclass(frozen=True)
class Signature:
    """What signing off puts on the paper."""

    number: str
    signer: str
    on: date


def signature_of(report: Report) -> Signature | None:
    if not report.signed_off_at:
        return None
    on = timezone.localtime(report.signed_off_at).date()
    signer: Any = report.signed_off_by
    return Signature(report.document_number, signer.name, on)


def make(
    report: Report, figures: Figures, *, checkpoint: dict[str, Any] | None, signature: Signature | None = None
) -> Paper:
    """Set the report: a draft without a signature, else with its number, signer and day."""
    signer = signature.signer if signature else ""
    contact = [
        f"联系人：{report.contact_name}" if report.contact_name else "",
        f"联系电话：{report.contact_phone}" if report.contact_phone else "",
    ]
    counted = timezone.localtime(report.counted) if report.counted else timezone.localtime()
    paper = official.Official(
        issuer=figures.institution_name,
        title=wording.title(figures),
        addressee=_addressee(report),
        number=signature.number if signature else "",
        signer=signer,
        dated=signature.on if signature else None,
        annexes=ANNEXES,
        note="，".join(part for part in contact if part),
        annex_footer=f"数据提取 {counted:%Y-%m-%d %H:%M} · 第{report.revision}版 · 快照号 {report.figures_sha256[:12]}",
        keywords=("肿瘤基因检测", "工作情况", figures.span.label),
    )
    context = {
        "report": report,
        "figures": figures,
        "draft": signature is None,
        "sections": wording.sections(figures, report.narrative),
        "preamble": wording.paragraphs(report.narrative.get("preamble", "")),
        "in_text": charts.volume(figures),
        "charts": [*charts.whole_rates(figures), charts.departments(figures), charts.laboratories(figures)],
        "table": table(figures),
        "indicators": indicator_rows(figures),
        "unmet": [row for row in indicator_rows(figures) if row["missing"]],
        "not_kept": [one for one in indicators.registry().values() if not one.is_recorded],
        "differences": difference_groups(figures),
        "counted": counted,
        "signer": signer,
        "checkpoint": checkpoint,
        "checkpoint_qr": _checkpoint_qr(checkpoint),
    }
    return official.make(TEMPLATE, paper, context, data=attachments(report, figures, checkpoint), css=CSS)


# A draft says so on every page; the annexes' tables get the widths they need.
CSS = """
.draft-mark { position: absolute; top: -12mm; right: 0; font: 14pt/1 var(--heiti); letter-spacing: 0.2em; color: #b00;
    border: 1.2pt solid #b00; padding: 1.5mm 3mm; bookmark-level: none }
.annex .form-head { display: flex; flex-wrap: wrap; justify-content: space-between; font-size: 10.5pt; gap: 0 8mm }
.annex .form-head span { white-space: nowrap }
.annex .small { font-size: 9.5pt; line-height: 1.5 }
.annex td.nowrap { white-space: nowrap }
.annex td.small { font-size: 9pt }
.annex table.status th, .annex table.status td { padding: 0.45mm 1mm }
.annex.landscape p.small { font-size: 9pt; line-height: 1.4 }
.annex figure { margin: 5mm 0 }
.attachments, .signature, .note { break-before: avoid }
"""


def _addressee(report: Report) -> str:
    bureau = report.institution.supervised_by
    return bureau.name if bureau else "县卫生健康局"


def _checkpoint_qr(checkpoint: dict[str, Any] | None) -> str:
    if not checkpoint or not checkpoint.get("note"):
        return ""
    return qr.svg(checkpoint["note"], label="留痕检查点", size=160, error="l")


def table(figures: Figures) -> list[dict[str, Any]]:
    """The 28 rows as printed."""
    found = []
    for form in status_table.forms():
        values = figures.status_table[str(form.number)]
        found.append(
            {
                "number": form.number,
                "name": form.name,
                "unit": form.unit,
                "clauses": "、".join(form.clauses),
                "current": status_table.text(form.number, values["current"]),
                "previous": status_table.text(form.number, values["previous"]),
                "year": status_table.text(form.number, values["year"]),
                "remark": status_table.remark(form.number),
                "kept": status_table.is_kept(form.number),
            }
        )
    return found


def indicator_rows(figures: Figures) -> list[dict[str, Any]]:
    """The recorded indicators as printed, each with its definition."""
    names = indicators.registry()
    return [
        {
            "definition": names[one.code],
            "clauses": "、".join(names[one.code].clauses),
            "current": one.current,
            "percent": percent(one.current.numerator, one.current.denominator),
            "previous": one.previous,
            "year": one.year,
            "missing": one.missing,
        }
        for one in figures.indicators
    ]


def difference_groups(figures: Figures) -> list[tuple[str, list[Any]]]:
    return [
        (name, [one for one in figures.differences if one.kind == kind]) for kind, name in wording.DIFFERENCES.items()
    ]


# --- What travels inside ---


def attachments(report: Report, figures: Figures, checkpoint: dict[str, Any] | None) -> list[DataFile]:
    return [
        DataFile("figures.json", frozen_json(report, figures, checkpoint), "冻结数据（JSON）", "Source"),
        DataFile("status-table.csv", status_csv(figures), "工作情况表（CSV）"),
        DataFile("indicators.csv", indicators_csv(figures), "指标表（CSV）"),
        DataFile("findings.csv", findings_csv(figures), "自查发现问题清单（CSV）"),
        DataFile("differences.csv", differences_csv(figures), "账单差异清单（CSV）"),
    ]


def frozen_json(report: Report, figures: Figures, checkpoint: dict[str, Any] | None) -> bytes:
    data = {
        "institution": figures.institution,
        "period": figures.period,
        "revision": report.revision,
        "counted": report.counted.isoformat() if report.counted else None,
        "figures_sha256": report.figures_sha256,
        "checkpoint": checkpoint,
        "figures": figures.to_json(),
    }
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _csv(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """UTF-8 with a mark, so that the office's spreadsheet reads Chinese; no cell begins a formula."""
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t" else cell for cell in row])
    return target.getvalue().encode("utf-8-sig")


def status_csv(figures: Figures) -> bytes:
    heads = ("栏号", "指标", "单位", "本期", "上期", "本年累计", "备注", "条款")
    keys = ("number", "name", "unit", "current", "previous", "year", "remark", "clauses")
    return _csv(heads, ([row[key] for key in keys] for row in table(figures)))


def indicators_csv(figures: Figures) -> bytes:
    heads = (
        "代码",
        "指标",
        "分子",
        "分母",
        "率",
        "上期分子",
        "上期分母",
        "本年分子",
        "本年分母",
        "目标",
        "条款",
        "未达标病例",
    )
    return _csv(
        heads,
        (
            [
                row["definition"].code,
                row["definition"].name,
                row["current"].numerator,
                row["current"].denominator,
                row["percent"],
                row["previous"].numerator,
                row["previous"].denominator,
                row["year"].numerator,
                row["year"].denominator,
                row["definition"].target,
                row["clauses"],
                "、".join(row["missing"]),
            ]
            for row in indicator_rows(figures)
        ),
    )


def findings_csv(figures: Figures) -> bytes:
    return _csv(
        ("规则", "问题", "条款", "病例号", "科室", "发生日期", "发现的问题"),
        (
            [group.gate, group.name, "、".join(group.clauses), one.number, one.department, one.on, one.message]
            for group in figures.findings
            for one in group.cases
        ),
    )


def differences_csv(figures: Figures) -> bytes:
    return _csv(
        ("差异", "对方样本号", "第三方机构", "日期", "合同结算价", "账单金额", "账单行"),
        (
            [
                wording.DIFFERENCES[one.kind],
                one.sample_no,
                one.laboratory,
                one.on or "",
                one.expected or "",
                one.billed or "",
                one.line,
            ]
            for one in figures.differences
        ),
    )
