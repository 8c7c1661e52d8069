"""Invented data for the styleguide: what a ledger would bring, in Chinese as it comes."""

from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace as Sample
from typing import Any

from django import forms
from django.utils import timezone

from audit.gates import Judgement, Verdict
from desk.help import TEXTS
from documents.charts import Chart, Series

QUARTERS = ["2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3"]


class SampleForm(forms.Form):
    """A field of every kind."""

    diagnosis = forms.CharField(label="诊断", help_text="与病历一致，附 ICD-10 编码")
    amount = forms.DecimalField(label="金额", min_value=0, max_value=20000, help_text="0 至 20,000")
    charged_on = forms.DateField(label="收费日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    laboratory = forms.ChoiceField(
        label="第三方机构", choices=[("1", "榕城医学检验实验室"), ("2", "闽江医学检验实验室")]
    )
    signer = forms.ChoiceField(
        label="签署人",
        widget=forms.RadioSelect,
        choices=[("s", "患者本人"), ("r", "近亲属"), ("g", "监护人")],
    )
    reason = forms.CharField(label="理由", widget=forms.Textarea, required=False)
    agreed = forms.BooleanField(label="已告知患者价格，并说明可以拒绝")
    amount_unit = "元"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["amount"].unit = self.amount_unit


class FilterForm(forms.Form):
    """Filters as a worklist has them."""

    q = forms.CharField(label="单号或姓名", required=False)
    department = forms.ChoiceField(
        label="科室",
        required=False,
        choices=[("", "全部"), ("1", "肿瘤科"), ("2", "呼吸与危重症医学科")],
    )
    since = forms.DateField(
        label="起始日期", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class UploadForm(forms.Form):
    """A ledger to bring in."""

    ledger = forms.FileField(label="台账", help_text=".xlsx 工作簿，不超过 50 MB")


def at(month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return timezone.make_aware(datetime(2026, month, day, hour, minute))


def judgements() -> list[Judgement]:
    """A gate of every verdict, and one whose step is still ahead."""
    common: dict[str, Any] = {"at": at(9, 14, 11, 20)}
    return [
        Judgement(
            Verdict.PASSES,
            facts=(("MDT结论", "同意检测"), ("形成结论时间", "2026-09-14 11:20")),
            code="X01",
            title="初诊先MDT讨论",
            clauses=("B5",),
            **common,
        ),
        Judgement(Verdict.PASSES, code="X02", title="在适应症目录内", clauses=("B2", "B3"), **common),
        Judgement(
            Verdict.NOT_APPLICABLE,
            "该适应证分级为常规，不需科室讨论。",
            code="X03",
            title="循证依据与科室讨论",
            clauses=("A22",),
            **common,
        ),
        Judgement(
            Verdict.REFUSES,
            "未检索到有效的书面知情同意（或同意书版本与当前项目、机构、价格不一致），不得采样、收费或外送。",
            mend="#consent",
            mend_label="补签知情同意书",
            facts=(("同意书签署", "—"), ("采样时间", "2026-09-15 08:40")),
            code="X05",
            title="知情同意",
            clauses=("A11", "B17"),
            **common,
        ),
        Judgement(
            Verdict.UNKNOWN,
            "台账未记录收费日期，无法判断当日价格。",
            mend="#charge",
            mend_label="补录收费记录",
            code="X07",
            title="公示价格",
            clauses=("B13", "B14"),
            **common,
        ),
        replace(
            Judgement(Verdict.UNKNOWN, code="X11", title="三件套归档", clauses=("A27",)),
            verdict="ahead",  # type: ignore[arg-type]
        ),
    ]


def charts() -> list[Chart]:
    """One chart of each kind."""
    cut_off = date(2026, 9, 30)
    return [
        Chart(
            "lines",
            "初诊MDT率与书面同意率",
            QUARTERS,
            [
                Series("初诊MDT率", numerators=[31, 36, 41, 40, 45], denominators=[40, 41, 44, 42, 46]),
                Series("书面同意率", numerators=[118, 120, 131, 0, 140], denominators=[121, 124, 133, 0, 141]),
                Series("归档率", numerators=[80, 96, 110, 121, 128], denominators=[101, 113, 121, 128, 132]),
            ],
            unit="%",
            cut_off=cut_off,
            finding="初诊MDT率由2025年三季度的77.5%升至2026年三季度的97.8%。",
        ),
        Chart(
            "stacked",
            "基因检测例数",
            QUARTERS,
            [
                Series("外送", [98, 104, 111, 120, 118]),
                Series("院内", [23, 20, 22, 31, 34]),
                Series("研究", [3, 4, 2, 0, 1]),
            ],
            unit="例",
            cut_off=cut_off,
        ),
        Chart(
            "columns",
            "外送例数与归档例数",
            QUARTERS,
            [Series("外送", [98, 104, 111, 120, 118]), Series("已归档", [80, 96, 110, 117, 90])],
            unit="例",
            cut_off=cut_off,
        ),
        Chart(
            "bars",
            "各科室发现的问题",
            ["肿瘤科", "呼吸与危重症医学科", "妇科", "耳鼻咽喉头颈外科", "泌尿外科"],
            [Series("问题", [34, 21, 9, 2, 0])],
            unit="例",
            cut_off=cut_off,
            label_title="科室",
        ),
    ]


def rows() -> list[Sample]:
    """Rows of a worklist, with names and diagnoses that test the columns."""

    def row(number, name, sex, age, diagnosis, test, stage, kind, days, missing, edge=""):
        return Sample(
            number=number,
            name=name,
            sex=sex,
            age=age,
            diagnosis=diagnosis,
            test=test,
            stage=stage,
            kind=kind,
            days=days,
            missing=missing,
            edge=edge,
        )

    return [
        row(
            "JC01202609140007",
            "张＊＊",
            "女",
            61,
            "肺腺癌 C34.1",
            "肺癌驱动基因9项（NGS）",
            "待缴费",
            "waiting",
            7,
            ["知情同意"],
            "urgent",
        ),
        row("JC01202609160002", "䶮＊", "男", 58, "结直肠癌 C18.7", "KRAS/NRAS/BRAF突变", "待外送", "waiting", 4, []),
        row(
            "JC01202609170011",
            "阿＊＊",
            "男",
            47,
            "胃肠间质瘤 C16.9",
            "KIT/PDGFRA突变",
            "待MDT讨论",
            "info",
            3,
            ["MDT结论", "循证依据"],
            "waiting",
        ),
        row("JC01202609180003", "陈＊", "女", 39, "乳腺癌 C50.4", "BRCA1/2胚系突变", "检测中", "info", 2, []),
        row("JC01202609180009", "林＊＊", "女", 66, "卵巢癌 C56.0", "HRD评分", "报告已返回", "done", 2, []),
    ]


def timeline() -> list[Sample]:
    return [
        Sample(
            at=at(9, 18, 16, 5),
            who="黄丽",
            post="外送管理员",
            sentence="登记外送：榕城医学检验实验室，批次 WS2026091802",
            clause="A25",
            badge="",
            kind="",
            changes=[],
        ),
        Sample(
            at=at(9, 15, 8, 40),
            who="",
            post="",
            sentence="采集标本（台账记载，操作人未记录）",
            clause="",
            badge="台账",
            kind="muted",
            changes=[],
        ),
        Sample(
            at=at(9, 14, 15, 2),
            who="王建国",
            post="医务科",
            sentence="外送审批未通过：缺知情同意书",
            clause="B17",
            badge="",
            kind="bad",
            changes=[],
        ),
        Sample(
            at=at(9, 14, 11, 20),
            who="陈晓",
            post="MDT秘书",
            sentence="形成结论：同意检测",
            clause="B5",
            badge="",
            kind="",
            changes=[("MDT结论", None, "同意检测")],
        ),
        Sample(
            at=at(9, 10, 9, 31),
            who="买买提江·阿卜杜热合曼",
            post="经治医师",
            sentence="提交检测申请",
            clause="",
            badge="",
            kind="",
            changes=[],
        ),
    ]


def sample() -> dict:
    """Everything the pages of the styleguide show."""
    refused = SampleForm({"diagnosis": "", "amount": "36000", "laboratory": "1", "signer": "x"}, auto_id="refused_%s")
    refused.is_valid()
    empty_upload = UploadForm({}, None, auto_id="empty_%s")
    empty_upload.is_valid()
    return {
        "help_text": TEXTS["request"],
        "kinds": ["passed", "blocked", "ahead", "na", "unknown", "waiting", "overdue", "done"],
        "states": [
            ("built", "已生成"),
            ("reviewed", "已审核"),
            ("signed_off", "已签发"),
            ("submitted", "已报送"),
            ("received", "已接收"),
            ("returned", "退回补正"),
            ("failed", "生成失败"),
        ],
        "judgements": judgements(),
        "refusals": [j.refusal for j in judgements() if j.verdict == Verdict.REFUSES],
        "rows": rows(),
        "timeline": timeline(),
        "charts": charts(),
        "form": SampleForm(),
        "refused_form": refused,
        "filter_form": FilterForm(),
        "upload_form": UploadForm(),
        "empty_upload": empty_upload,
        "tabs": [
            ("全部", "#all", 128, True),
            ("待缴费", "#pay", 6, False),
            ("待外送", "#ship", 14, False),
            ("已超期", "#late", 0, False),
        ],
        "trail": [("检测申请", "#"), ("待处理", "#"), ("JC01202609140007", "")],
        "summary": [
            ("适应证目录", "2026年第2版 · LUNG-01", "#"),
            ("价格", "3,600.00 元", "", "2026-01-01 起执行，2026-01-05 公示"),
            ("合同", "LXZ-HT-2026-01", "#", "有效期 2026-01-01 至 2027-12-31"),
            ("第三方机构", "榕城医学检验实验室"),
            ("标本", "石蜡切片 10 张，肿瘤细胞 35%"),
            ("收费", None),
        ],
        "files": [
            Sample(label="知情同意书 TY-JC01202609140007-2.pdf", url="#", size=412_000, note="2026-09-15 签署"),
            Sample(label="2026年三季度报告.pdf", url="#", size=3_214_000, note=""),
        ],
        "columns": [("科室", "name"), ("问题", "num"), ("占比", "num")],
        "cells": [
            [{"text": "肿瘤科", "url": "#"}, {"text": "34", "url": "#"}, "51.5%"],
            ["妇科", "9", "13.6%"],
            ["放疗科", "0", None],
        ],
        "differences": [
            ("标本编号", "JC01202609140007", "JC01202609140007", False),
            ("项目", "GT-LUNG-01", "GT-LUNG-01", False),
            ("接收日期", "2026-09-19", "2026-09-18", True),
            ("金额（元）", "3,800.00", "3,600.00", True),
        ],
        "prices": [
            (
                "270700003-01",
                "脱氧核糖核酸（DNA）测序 · 肺癌驱动基因9项",
                "次",
                "3,600.00",
                "自费",
                "榕城医学检验实验室",
                date(2026, 1, 1),
            ),
            (
                "270700003-02",
                "脱氧核糖核酸（DNA）测序 · BRCA1/2",
                "次",
                "4,200.00",
                "自费",
                "闽江医学检验实验室",
                date(2026, 1, 1),
            ),
            ("270700001", "原位杂交（FISH）· HER2", "次", "1,150.00", "乙类", "院内", date(2025, 7, 1)),
        ],
    }
