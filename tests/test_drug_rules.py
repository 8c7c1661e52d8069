"""Drug × indication × line: every row of `drug_target_gate.csv`, with a result that supports it and with each result that
is written down as not sufficient (A31, `clauses.md` §0.5, `practice.md` 15)."""

from datetime import date
from types import SimpleNamespace

import pytest

from catalog import loading, queries
from catalog.models import DrugTargetRule, RuleEdition
from catalog.targets import reading as words
from catalog.targets.criteria import BadCriteria, read_uses
from catalog.targets.engine import CANNOT_TELL, NOT_REQUIRED, NOT_SUPPORTED, SUPPORTED, support
from catalog.targets.reading import Reading
from tests import factories as f

pytestmark = pytest.mark.django_db
ON = date(2026, 9, 1)
ORDER = [0]


@pytest.fixture(scope="module")
def rules():
    """The reviewed file with the rows' wording, as loading puts them together."""
    import json

    data = json.loads((loading.DATA / "drug_rules.json").read_text(encoding="utf-8"))
    return [
        SimpleNamespace(
            code=row["id"],
            drug_names=data["rules"][row["id"]]["names"],
            read_uses=read_uses(data["rules"][row["id"]]["uses"]),
            biomarker=row["required_biomarker"],
            not_sufficient=row["not_sufficient"],
        )
        for row in loading.read("drug_target_gate.csv")
    ]


def rep(genes, *said, outcome="positive", method="NGS小panel", specimen="FFPE组织", on=ON, scope="", **more):
    """A report: the genes it read, and what it found as (gene, variant[, significance])."""
    ORDER[0] += 1
    found = [one for row in said for one in words.observe(*row, method=method)]
    return Reading(
        key=f"result:{ORDER[0]}", reported_on=on, genes=words.genes_in(genes), exons=words.exons_in(scope),
        methods=words.families_of_method(method), specimens=words.families_of_specimen(specimen), specimen=specimen,
        method=method, outcome=outcome, observations=tuple(found), **more,
    )  # fmt: skip


def ihc(genes, *said, **more):
    return rep(genes, *said, method="IHC", **more)


EGFR = "EGFR突变NSCLC"
RAS = "2、3、4外显子"
NEG = {"outcome": "negative"}
DRIVERS = rep("EGFR、ALK", **NEG)

# code, drug, indication, line, day of progress, the accepted reports
ACCEPTED = [
    ("G01", "奥希替尼", EGFR, "一线", None, [rep("EGFR", ("EGFR", "p.Leu858Arg"))]),
    ("G01", "奥希替尼", EGFR, "辅助", None, [rep("EGFR", ("EGFR", "19外显子缺失"), specimen="血浆(ctDNA)")]),
    ("G01", "奥希替尼", EGFR, "一线", None, [rep("EGFR", ("EGFR", "p.E746_A750del"))]),
    ("G02", "奥希替尼", EGFR, "TKI进展后", date(2026, 8, 1), [rep("EGFR", ("EGFR", "T790M"), specimen="血浆(ctDNA)")]),
    ("G03", "吉非替尼", EGFR, "", None, [rep("EGFR", ("EGFR", "21外显子L858R"))]),
    ("G03", "贝福替尼", EGFR, "一线", None, [rep("EGFR", ("EGFR", "19del"))]),
    ("G04", "舒沃替尼", "EGFR 20外显子插入NSCLC", "含铂化疗后", None, [rep("EGFR", ("EGFR", "20外显子插入"))]),
    ("G04", "舒沃替尼", "EGFR 20外显子插入NSCLC", "含铂化疗后", None, [rep("EGFR", ("EGFR", "p.Ala767_Val769dup"))]),
    ("G05", "阿来替尼", "ALK阳性NSCLC", "", None, [rep("ALK", ("ALK", "EML4::ALK 融合"))]),
    ("G05", "克唑替尼", "ALK阳性NSCLC", "", None, [rep("ALK", ("ALK", "阳性"), method="IHC(Ventana D5F3)")]),
    ("G05", "洛拉替尼", "ALK阳性NSCLC", "", None, [rep("ALK", ("ALK", "重排"), method="FISH", specimen="细胞蜡块")]),
    ("G06", "恩曲替尼", "ROS1阳性NSCLC", "", None, [rep("ROS1", ("ROS1", "CD74::ROS1"), method="RT-PCR")]),
    ("G07", "普拉替尼", "RET融合NSCLC", "", None, [rep("RET", ("RET", "KIF5B::RET"))]),
    ("G07", "塞普替尼", "RET突变髓样癌", "", None, [rep("RET", ("RET", "M918T"))]),
    ("G07", "塞普替尼", "RET融合甲状腺癌", "", None, [rep("RET", ("RET", "CCDC6::RET 融合"))]),
    ("G08", "赛沃替尼", "MET ex14跳突NSCLC", "", None, [rep("MET", ("MET", "14外显子跳跃突变"))]),
    ("G09", "达拉非尼+曲美替尼", "BRAF V600E NSCLC", "", None, [rep("BRAF", ("BRAF", "V600E"))]),
    ("G09", "曲美替尼联合达拉非尼", "BRAF V600黑色素瘤", "", None, [rep("BRAF", ("BRAF", "p.Val600Lys"))]),
    ("G10", "氟泽雷塞", "KRAS G12C NSCLC", "至少一种系统治疗后", None, [rep("KRAS", ("KRAS", "G12C"))]),
    ("G11", "德曲妥珠单抗", "HER2突变NSCLC", "既往至少一种系统治疗", None, [rep("ERBB2", ("HER2", "20外显子插入突变"))]),
    ("G12", "德曲妥珠单抗", "HER2阳性乳腺癌", "", None, [ihc("ERBB2", ("HER2", "IHC 3+"))]),
    ("G12", "德曲妥珠单抗", "HER2阳性乳腺癌", "", None, [ihc("ERBB2", ("HER2", "IHC 2+，FISH 阳性"))]),
    ("G13", "德曲妥珠单抗", "HER2低表达乳腺癌", "化疗后", None, [ihc("ERBB2", ("HER2", "IHC 1+"))]),
    ("G13", "德曲妥珠单抗", "HER2低表达乳腺癌", "化疗后", None, [ihc("ERBB2", ("HER2", "IHC 2+，FISH 阴性"))]),
    ("G14", "曲妥珠单抗", "胃癌", "", None, [ihc("ERBB2", ("HER2", "3+"))]),
    (
        "G14", "曲妥珠单抗", "乳腺癌", "", None,
        [ihc("ERBB2", ("HER2", "IHC 2+")), rep("ERBB2", ("HER2", "FISH 阳性"), method="FISH")],
    ),
    ("G15", "维迪西妥单抗", "尿路上皮癌（含铂后）", "", None, [ihc("ERBB2", ("HER2", "IHC 2+"))]),
    ("G15", "维迪西妥单抗", "胃癌", "三线", None, [ihc("ERBB2", ("HER2", "IHC 3+"))]),
    ("G16", "西妥昔单抗", "转移性结直肠癌", "", None, [rep("KRAS、NRAS", scope=RAS, **NEG)]),
    (
        "G16", "西妥昔单抗", "转移性结直肠癌", "", None,
        [rep("KRAS", ("KRAS", "野生型"), scope=RAS, **NEG), rep("NRAS", ("NRAS", "野生型"), scope=RAS, **NEG)],
    ),
    ("G18", "帕博利珠单抗", "NSCLC一线单药", "", None, [DRIVERS, ihc("CD274", ("PD-L1", "TPS 60%"))]),
    ("G18", "帕博利珠单抗", "NSCLC一线单药", "", None, [DRIVERS, ihc("CD274", ("PD-L1", "TPS 1%"))]),
    ("G19", "帕博利珠单抗", "非鳞NSCLC一线联合化疗", "", None, [DRIVERS]),
    (
        "G20", "帕博利珠单抗", "MSI-H/dMMR结直肠癌一线", "", None,
        [ihc("MLH1、MSH2", ("MMR", "dMMR")), rep("KRAS、NRAS、BRAF", **NEG)],
    ),
    ("G21", "替雷利珠单抗", "MSI-H/dMMR实体瘤", "", None, [rep("微卫星", ("MSI", "MSI-H"), method="MSI-PCR")]),
    ("G22", "拉罗替尼", "NTRK融合实体瘤", "无满意替代", None, [rep("NTRK1/2/3", ("NTRK3", "ETV6::NTRK3"))]),
    ("G23", "奥拉帕利", "卵巢癌一线维持（单药）", "", None, [rep("BRCA1、BRCA2", ("BRCA1", "c.5470_5477del", "致病"), specimen="外周血(EDTA)")]),
    ("G23", "奥拉帕利", "卵巢癌", "一线维持（单药）", None, [rep("BRCA1、BRCA2", ("BRCA2", "c.3109C>T", "疑似致病"))]),
    ("G25", "奥拉帕利", "mCRPC", "新型内分泌失败", None, [rep("BRCA1、BRCA2", ("BRCA2", "p.Q1037*", "致病"))]),
    ("G28", "阿伐替尼", "GIST", "", None, [rep("KIT、PDGFRA", ("PDGFRA", "D842V"), method="Sanger")]),
    ("G28", "阿伐替尼", "GIST", "", None, [rep("KIT、PDGFRA", ("PDGFRA", "18外显子突变"), method="Sanger")]),
    ("G29", "伊马替尼", "CML", "", None, [rep("BCR、ABL1", ("BCR", "BCR::ABL1 融合"), method="RT-PCR", specimen="骨髓")]),
    ("G30", "奥雷巴替尼", "CML", "TKI耐药伴T315I", None, [rep("ABL1", ("ABL1", "T315I"), method="Sanger", specimen="外周血")]),
    ("G31", "吉瑞替尼", "复发难治AML", "", date(2026, 8, 1), [rep("FLT3", ("FLT3", "ITD突变"), specimen="骨髓", method="PCR")]),
    ("G32", "艾伏尼布", "AML", "", None, [rep("IDH1", ("IDH1", "R132H"), specimen="骨髓", method="PCR")]),
    ("G33", "佩米替尼", "胆管癌", "至少一种系统治疗", None, [rep("FGFR2", ("FGFR2", "FGFR2::BICC1 融合"))]),
    ("G34", "维莫非尼", "黑色素瘤", "不可切除/转移", None, [rep("BRAF", ("BRAF", "V600E"), method="PCR/ARMS")]),
    ("G36", "利妥昔单抗", "CD20阳性B细胞淋巴瘤", "", None, [ihc("CD20", ("CD20", "阳性"))]),
    ("G38", "哌柏西利", "HR+/HER2−乳腺癌", "", None, [ihc("ER、PR、HER2", ("ER", "90%"), ("HER2", "IHC 1+"))]),
    (
        "G38", "达尔西利", "HR+/HER2−乳腺癌", "", None,
        [ihc("ER、PR、HER2", ("PR", "阳性"), ("HER2", "IHC 2+")), rep("HER2", ("HER2", "FISH 阴性"), method="FISH")],
    ),
    ("G39", "奥拉帕利+贝伐珠单抗", "卵巢癌", "一线维持（联合）", None, [rep("HRD", ("HRD", "HRD阳性（GIS 56）"))]),
    ("G39", "奥拉帕利+贝伐珠单抗", "卵巢癌", "一线维持（联合）", None, [rep("BRCA1、BRCA2", ("BRCA1", "c.68_69del", "致病"))]),
    ("G39", "奥拉帕利", "卵巢癌", "一线维持（联合贝伐珠单抗）", None, [rep("HRD", ("HRD", "基因组不稳定阳性"))]),
]  # fmt: skip

# What the column "not sufficient" names, and what contradicts the target.
NOT_ENOUGH = [
    ("G01", "奥希替尼", EGFR, "一线", None, [rep("EGFR", ("EGFR", "阳性"))]),
    ("G02", "奥希替尼", EGFR, "TKI进展后", date(2026, 8, 1), [rep("EGFR", ("EGFR", "T790M"), on=date(2025, 1, 1))]),
    ("G02", "奥希替尼", EGFR, "TKI进展后", date(2026, 8, 1), [rep("EGFR", ("EGFR", "L858R"))]),
    ("G03", "吉非替尼", EGFR, "", None, [rep("EGFR", ("EGFR", "20外显子插入"))]),
    ("G04", "舒沃替尼", "EGFR 20外显子插入NSCLC", "含铂化疗后", None, [rep("EGFR", ("EGFR", "19del"))]),
    ("G04", "舒沃替尼", "EGFR 20外显子插入NSCLC", "含铂化疗后", None, [rep("EGFR", ("EGFR", "L858R"))]),
    ("G05", "阿来替尼", "ALK阳性NSCLC", "", None, [rep("ALK", ("ALK", "EML4::ALK"), specimen="血浆(ctDNA)")]),
    ("G05", "阿来替尼", "ALK阳性NSCLC", "", None, [rep("ALK", ("ALK", "F1174L突变"))]),
    ("G06", "克唑替尼", "ROS1阳性NSCLC", "", None, [ihc("ROS1", ("ROS1", "IHC 阳性"))]),
    ("G07", "普拉替尼", "RET融合NSCLC", "", None, [ihc("RET", ("RET", "IHC 阳性"))]),
    ("G07", "普拉替尼", "RET融合NSCLC", "", None, [rep("RET", ("RET", "M918T"))]),
    ("G08", "赛沃替尼", "MET ex14跳突NSCLC", "", None, [ihc("MET", ("MET", "IHC 过表达"))]),
    ("G08", "谷美替尼", "MET ex14跳突NSCLC", "", None, [rep("MET", ("MET", "扩增"))]),
    ("G09", "达拉非尼+曲美替尼", "BRAF V600E NSCLC", "", None, [rep("BRAF", ("BRAF", "G469A"))]),
    ("G09", "达拉非尼+曲美替尼", "BRAF V600E NSCLC", "", None, [rep("BRAF", ("BRAF", "V600K"))]),
    ("G09", "达拉非尼", "BRAF V600E NSCLC", "", None, None),
    ("G10", "氟泽雷塞", "KRAS G12C NSCLC", "至少一种系统治疗后", None, [rep("KRAS", ("KRAS", "G12D"))]),
    ("G11", "德曲妥珠单抗", "HER2突变NSCLC", "既往至少一种系统治疗", None, [ihc("ERBB2", ("HER2", "IHC 3+"))]),
    ("G12", "德曲妥珠单抗", "HER2阳性乳腺癌", "", None, [rep("ERBB2", ("ERBB2", "L755S突变"))]),
    ("G13", "德曲妥珠单抗", "HER2低表达乳腺癌", "化疗后", None, [ihc("ERBB2", ("HER2", "IHC 0"))]),
    ("G13", "德曲妥珠单抗", "HER2低表达乳腺癌", "化疗后", None, [ihc("ERBB2", ("HER2", "IHC 2+，FISH 阳性"))]),
    ("G14", "曲妥珠单抗", "胃癌", "", None, [ihc("ERBB2", ("HER2", "IHC 2+"))]),
    ("G15", "维迪西妥单抗", "胃癌", "三线", None, [ihc("ERBB2", ("HER2", "IHC 1+"))]),
    ("G16", "西妥昔单抗", "转移性结直肠癌", "", None, [rep("KRAS", scope="只测KRAS 12/13", **NEG)]),
    ("G16", "西妥昔单抗", "转移性结直肠癌", "", None, [rep("KRAS", scope=RAS, **NEG)]),
    ("G16", "西妥昔单抗", "转移性结直肠癌", "", None, [rep("KRAS、NRAS", scope="2、3外显子", **NEG)]),
    ("G16", "西妥昔单抗", "转移性结直肠癌", "", None, [rep("KRAS、NRAS", ("NRAS", "Q61K"), scope=RAS)]),
    (
        "G16", "西妥昔单抗", "转移性结直肠癌", "", None,
        [rep("KRAS、NRAS", scope=RAS, **NEG), rep("KRAS", ("KRAS", "G12D"), on=date(2026, 8, 1))],
    ),
    ("G18", "帕博利珠单抗", "NSCLC一线单药", "", None, [DRIVERS, ihc("CD274", ("PD-L1", "TPS <1%"))]),
    ("G18", "帕博利珠单抗", "NSCLC一线单药", "", None, [DRIVERS, ihc("CD274", ("PD-L1", "CPS 20"))]),
    ("G18", "帕博利珠单抗", "NSCLC一线单药", "", None, [ihc("CD274", ("PD-L1", "TPS 90%"))]),
    (
        "G18", "帕博利珠单抗", "NSCLC一线单药", "", None,
        [rep("EGFR、ALK", ("EGFR", "L858R")), ihc("CD274", ("PD-L1", "TPS 90%"))],
    ),
    ("G18", "帕博利珠单抗", "NSCLC一线单药", "", None, [rep("EGFR", **NEG), ihc("CD274", ("PD-L1", "TPS 90%"))]),
    ("G19", "帕博利珠单抗", "非鳞NSCLC一线联合化疗", "", None, [ihc("CD274", ("PD-L1", "TPS 90%"))]),
    ("G20", "帕博利珠单抗", "MSI-H/dMMR结直肠癌一线", "", None, [rep("微卫星", ("MSI", "MSI-H"), method="MSI-PCR")]),
    (
        "G20", "帕博利珠单抗", "MSI-H/dMMR结直肠癌一线", "", None,
        [rep("微卫星", ("MSI", "MSI-H")), rep("KRAS、NRAS、BRAF", ("BRAF", "V600E"))],
    ),
    ("G21", "恩沃利单抗", "MSI-H/dMMR实体瘤", "", None, [rep("TMB、微卫星", ("TMB", "TMB-H 25 muts/Mb"))]),
    ("G21", "恩沃利单抗", "MSI-H/dMMR实体瘤", "", None, [rep("微卫星", ("MSI", "MSS"))]),
    ("G22", "拉罗替尼", "NTRK融合实体瘤", "无满意替代", None, [ihc("NTRK1/2/3", ("NTRK1", "pan-TRK IHC 阳性"))]),
    ("G22", "拉罗替尼", "NTRK融合实体瘤", "无满意替代", None, [rep("NTRK1/2/3", ("NTRK1", "G595R突变"))]),
    ("G23", "奥拉帕利", "卵巢癌一线维持（单药）", "", None, [rep("BRCA1、BRCA2", ("BRCA1", "c.4039A>G", "VUS"))]),
    ("G23", "奥拉帕利", "卵巢癌一线维持（单药）", "", None, [rep("BRCA1、BRCA2", ("BRCA2", "c.1A>G", "意义未明"))]),
    ("G25", "奥拉帕利", "mCRPC", "新型内分泌失败", None, [rep("BRCA1、BRCA2、ATM、CDK12", ("ATM", "p.R337C", "致病"))]),
    ("G28", "阿伐替尼", "GIST", "", None, [rep("KIT、PDGFRA", ("PDGFRA", "12外显子V561D"), method="Sanger")]),
    ("G28", "阿伐替尼", "GIST", "", None, [rep("KIT、PDGFRA", ("KIT", "11外显子缺失"), method="Sanger")]),
    ("G30", "奥雷巴替尼", "CML", "TKI耐药伴T315I", None, [rep("ABL1", ("ABL1", "E255K"), specimen="骨髓")]),
    ("G31", "吉瑞替尼", "复发难治AML", "", date(2026, 8, 1), [rep("FLT3", ("FLT3", "ITD突变"), specimen="骨髓", on=date(2025, 3, 1))]),
    ("G32", "艾伏尼布", "AML", "", None, [rep("IDH1、IDH2", ("IDH2", "R140Q"), specimen="骨髓", method="PCR")]),
    ("G33", "佩米替尼", "胆管癌", "至少一种系统治疗", None, [rep("FGFR2", ("FGFR2", "N549K突变"))]),
    ("G33", "佩米替尼", "胆管癌", "至少一种系统治疗", None, [rep("FGFR2", ("FGFR2", "扩增"))]),
    ("G34", "维莫非尼", "黑色素瘤", "转移", None, [rep("BRAF", ("BRAF", "K601E"))]),
    ("G36", "利妥昔单抗", "CD20阳性B细胞淋巴瘤", "", None, [ihc("CD20", ("CD20", "阴性"))]),
    ("G38", "哌柏西利", "HR+/HER2−乳腺癌", "", None, [ihc("ER、PR、HER2", ("ER", "90%"), ("HER2", "IHC 3+"))]),
    ("G38", "哌柏西利", "HR+/HER2−乳腺癌", "", None, [rep("PIK3CA", ("PIK3CA", "H1047R"))]),
    ("G39", "奥拉帕利+贝伐珠单抗", "卵巢癌", "一线维持（联合）", None, [rep("BRCA1、BRCA2", **NEG)]),
    ("G39", "奥拉帕利+贝伐珠单抗", "卵巢癌", "一线维持（联合）", None, [rep("HRD", ("HRD", "HRD阴性"))]),
]  # fmt: skip

NEVER_BLOCKS = [
    ("G17", "西妥昔单抗", "头颈部鳞癌", ""),
    ("G24", "奥拉帕利", "铂敏感复发卵巢癌维持", ""),
    ("G24", "奥拉帕利", "铂敏感复发卵巢癌维持", "含铂达CR/PR"),
    ("G24", "奥拉帕利", "卵巢癌", "铂敏感复发维持"),
    ("G27", "伊马替尼", "GIST", ""),
    ("G35", "贝伐珠单抗", "转移性结直肠癌", "一线"),
    ("G35", "安罗替尼", "小细胞肺癌", ""),
    ("G37", "泽布替尼", "CLL", ""),
    ("G37", "伊布替尼", "WM", "一线"),
]


def ask(rules, row, readings=None):
    _code, drug, indication, line, since, reports = row
    return support(rules, drug=drug, indication=indication, line=line, readings=readings or reports or [], since=since)


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: f"{row[0]}-{row[1]}-{row[3]}")
def test_an_accepted_result_supports_the_drug(rules, row):
    answer = ask(rules, row)

    assert (answer.status, answer.rule.code) == (SUPPORTED, row[0]), (answer.why, answer.others)
    assert answer.used
    assert {one.reading.key for one in answer.used} <= {one.key for one in row[5]}


@pytest.mark.parametrize("row", [row for row in NOT_ENOUGH if row[5]], ids=lambda row: f"{row[0]}-{row[1]}-{row[3]}")
def test_what_is_not_sufficient_is_refused_and_says_why(rules, row):
    answer = ask(rules, row)

    assert (answer.status, answer.rule.code) == (NOT_SUPPORTED, row[0]), (answer.why, answer.used)
    counted = {one.reading.key for one in answer.used}
    assert all(why for _reading, why in answer.others)
    assert {one.key for one in row[5]} <= counted | {reading.key for reading, _why in answer.others}


@pytest.mark.parametrize("row", [*ACCEPTED], ids=lambda row: f"{row[0]}-{row[1]}-{row[3]}")
def test_without_any_report_a_drug_that_needs_one_is_not_supported(rules, row):
    answer = support(rules, drug=row[1], indication=row[2], line=row[3], readings=[], since=row[4])

    assert answer.status == NOT_SUPPORTED
    assert answer.missing


@pytest.mark.parametrize(("code", "drug", "indication", "line"), NEVER_BLOCKS)
def test_where_the_label_asks_for_no_test_nothing_blocks(rules, code, drug, indication, line):
    """G24: “无BRCA报告” does not stop it; G35: no gene test is sold with it; whatever was found changes nothing."""
    vus = rep("BRCA1、BRCA2", ("BRCA1", "c.4039A>G", "VUS"))
    for readings in ([], [vus], [rep("KRAS", ("KRAS", "G12D"))]):
        answer = support(rules, drug=drug, indication=indication, line=line, readings=readings)
        assert (answer.status, answer.rule.code) == (NOT_REQUIRED, code)


def test_every_row_has_been_asked():
    """G26 alone is left to the label of each drug."""
    asked = {row[0] for row in [*ACCEPTED, *NEVER_BLOCKS]}
    assert {row["id"] for row in loading.read("drug_target_gate.csv")} - asked == {"G26"}
    named = {row["id"] for row in loading.read("drug_target_gate.csv") if row["test_required"].startswith("必须")}
    assert named - {row[0] for row in NOT_ENOUGH if row[5]} - {"G15", "G29"} == set()


def test_every_drug_of_a_row_is_known_by_its_own_name(rules):
    for row in loading.read("drug_target_gate.csv"):
        rule = next(one for one in rules if one.code == row["id"])
        for name in row["drug_zh"].removesuffix("等CDK4/6抑制剂").split("/"):
            assert name in rule.drug_names, row["id"]


def test_olaparib_hangs_on_the_line(rules):
    """`clauses.md` §0.5: mandatory before first-line maintenance and before mCRPC, not in platinum-sensitive relapse."""
    asked = [("卵巢癌", "一线维持（单药）"), ("卵巢癌", "铂敏感复发维持"), ("mCRPC", "新型内分泌失败")]
    answers = [support(rules, drug="奥拉帕利", indication=one, line=line, readings=[]).status for one, line in asked]

    assert answers == [NOT_SUPPORTED, NOT_REQUIRED, NOT_SUPPORTED]
    without = support(rules, drug="奥拉帕利", indication="卵巢癌", line="", readings=[])
    assert without.status == CANNOT_TELL


def test_hrd_decides_the_combination_not_brca(rules):
    """`practice.md` 15: BRCA wild type and HRD positive: supported with bevacizumab, not alone."""
    reports = [rep("BRCA1、BRCA2", **NEG), rep("HRD", ("HRD", "HRD阳性"))]
    both = support(rules, drug="奥拉帕利+贝伐珠单抗", indication="卵巢癌", line="一线维持（联合）", readings=reports)
    alone = support(rules, drug="奥拉帕利", indication="卵巢癌", line="一线维持（单药）", readings=reports)

    assert (both.status, alone.status) == (SUPPORTED, NOT_SUPPORTED)


def test_a_result_that_cannot_be_read_is_left_to_a_person(rules):
    def asked(row, *readings):
        return support(rules, drug=row[0], indication=row[1], line=row[2], readings=readings).status

    assert asked(("尼拉帕利", "卵巢癌", "一线维持")) == CANNOT_TELL
    assert asked(("吉非替尼", EGFR, ""), rep("EGFR", ("EGFR", "G719X"))) == CANNOT_TELL
    brca = rep("BRCA1、BRCA2", ("BRCA1", "c.5470_5477del"))
    assert asked(("奥拉帕利", "mCRPC", "新型内分泌失败"), brca) == CANNOT_TELL
    assert asked(("西妥昔单抗", "转移性结直肠癌", ""), rep("KRAS、NRAS", **NEG)) == CANNOT_TELL
    assert (
        asked(("奥拉帕利+贝伐珠单抗", "卵巢癌", "一线维持（联合）"), rep("HRD", ("HRD", "GIS评分 40"))) == CANNOT_TELL
    )
    assert asked(("阿来替尼", "ALK阳性NSCLC", ""), ihc("ALK", ("ALK", "IHC 阳性"))) == CANNOT_TELL
    assert asked(("奥希替尼", EGFR, "TKI进展后"), rep("EGFR", ("EGFR", "T790M"))) == CANNOT_TELL
    assert asked(("没有这个药", EGFR, "")) == CANNOT_TELL
    assert asked(("奥希替尼", "乳腺癌", "")) == CANNOT_TELL
    assert asked(("奥希替尼", EGFR, "二线")) == CANNOT_TELL


def test_a_research_or_unreviewed_report_does_not_count_and_says_so(rules):
    for reason in ("研究检测", "未复核的院外报告"):
        answer = support(
            rules, drug="奥希替尼", indication=EGFR, line="一线",
            readings=[rep("EGFR", ("EGFR", "L858R"), usable=reason)],
        )  # fmt: skip
        assert answer.status == NOT_SUPPORTED
        assert [why for _reading, why in answer.others] == [reason]


def test_a_newer_measure_replaces_the_older(rules):
    """HER2-low judged on the last stain, not on any."""
    old, new = ihc("ERBB2", ("HER2", "IHC 1+"), on=date(2025, 1, 1)), ihc("ERBB2", ("HER2", "IHC 0"))
    answer = support(rules, drug="德曲妥珠单抗", indication="HER2低表达乳腺癌", line="化疗后", readings=[old, new])
    assert answer.status == NOT_SUPPORTED


def test_criteria_that_make_no_sense_are_named():
    for wrong in ([], [{"need": "test"}], [{"need": "none", "any_of": [[{"target": "x", "genes": ["A"]}]]}],
                  [{"any_of": [[{"target": "x"}]]}], [{"any_of": [[{"target": "x", "genes": ["A"], "gens": 1}]]}],
                  [{"any_of": [[{"target": "x", "measure": "TPS", "at_least": "viel"}]]}]):  # fmt: skip
        with pytest.raises(BadCriteria):
            read_uses(wrong, "G99")


def test_the_first_edition_is_in_force_and_no_longer_edited():
    edition = queries.rule_edition_in_force(f.InstitutionFactory(), ON)

    assert (edition.number, edition.status) == ("2026-1", RuleEdition.Status.IN_FORCE)
    assert edition.rules.count() == 39
    assert edition.rules.get(code="G39").mark
    from django.db import IntegrityError, transaction

    for wrong in (
        lambda: DrugTargetRule.objects.filter(code="G01").update(drugs="别的"),
        lambda: DrugTargetRule.objects.filter(code="G01").delete(),
        lambda: RuleEdition.objects.filter(pk=edition.pk).update(title="别的"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
