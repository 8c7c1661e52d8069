"""The workbook's sheets and headings as data. What a cell holds and what it is called here, one line each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

INSTITUTIONS, DEPARTMENTS, PEOPLE = "机构", "科室", "人员"
LABORATORIES, CREDENTIALS = "第三方机构", "资质证照"
CONTRACTS, ITEMS, PRICES = "合同", "合同项目", "价格"
CASES, BILLS = "检测台账", "第三方账单"


@dataclass(frozen=True)
class Column:
    """A heading and how its cells are read: text, day, moment, money, integer, yes_no or choice."""

    heading: str
    name: str
    kind: str = "text"
    required: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    # An identity is never repeated in an error, which is stored and downloaded.
    identity: bool = False


@dataclass(frozen=True)
class Sheet:
    """`key` are the columns that make a row unique; `owner` the one that names its institution."""

    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    owner: str = ""

    def heading(self, name: str) -> str:
        return next(column.heading for column in self.columns if column.name == name)


def text(heading: str, name: str, longest: int, *, required: bool = False, identity: bool = False) -> Column:
    return Column(heading, name, "text", required, {"longest": longest}, identity)


def must(heading: str, name: str, longest: int) -> Column:
    return text(heading, name, longest, required=True)


def choice(heading: str, name: str, *values: str, required: bool = False) -> Column:
    return Column(heading, name, "choice", required, {"choices": {value: value for value in values}})


def day(heading: str, name: str, *, required: bool = False) -> Column:
    return Column(heading, name, "day", required)


def moment(heading: str, name: str, *, required: bool = False) -> Column:
    return Column(heading, name, "moment", required)


def money(heading: str, name: str, *, required: bool = False) -> Column:
    return Column(heading, name, "money", required)


def integer(heading: str, name: str, low: int, high: int) -> Column:
    return Column(heading, name, "integer", False, {"low": low, "high": high})


def yes_no(heading: str, name: str) -> Column:
    return Column(heading, name, "yes_no")


INSTITUTION = must("机构代码", "institution", 20)
LABORATORY = must("第三方代码", "laboratory", 20)
TEST = must("检测项目代码", "test", 20)

SHEETS = (
    Sheet(
        INSTITUTIONS,
        (
            must("机构代码", "code", 20),
            must("机构名称", "name", 100),
            text("等级", "grade", 20),
            text("性质", "ownership", 20),
            text("统一社会信用代码", "uscc", 18),
        ),
        key=("code",),
        owner="code",
    ),
    Sheet(DEPARTMENTS, (INSTITUTION, must("科室", "name", 60)), key=("institution", "name"), owner="institution"),
    Sheet(
        PEOPLE,
        (
            must("工号", "username", 40),
            INSTITUTION,
            text("科室", "department", 60),
            must("姓名", "name", 60),
            text("职称", "title", 30),
            text("岗位", "posts", 200),
        ),
        key=("username",),
        owner="institution",
    ),
    Sheet(
        LABORATORIES,
        (LABORATORY, must("名称", "name", 100), text("统一社会信用代码", "uscc", 18)),
        key=("laboratory",),
    ),
    Sheet(
        CREDENTIALS,
        (
            LABORATORY,
            must("证照种类", "kind", 60),
            must("证照编号", "number", 60),
            day("有效期起", "valid_from", required=True),
            day("有效期止", "valid_to"),
        ),
        key=("laboratory", "kind", "number"),
    ),
    Sheet(
        CONTRACTS,
        (
            must("合同编号", "number", 60),
            INSTITUTION,
            LABORATORY,
            day("生效日期", "valid_from", required=True),
            day("终止日期", "valid_to"),
            text("采购方式", "procurement_method", 40),
            text("采购编号", "procurement_no", 60),
        ),
        key=("institution", "number"),
        owner="institution",
    ),
    Sheet(
        ITEMS,
        (must("合同编号", "contract", 60), TEST, money("结算价（元）", "settlement_price", required=True)),
        key=("contract", "test"),
    ),
    Sheet(
        PRICES,
        (
            INSTITUTION,
            TEST,
            must("价格项目编码", "item_code", 40),
            text("价格项目名称", "item_name", 120),
            money("价格（元）", "amount", required=True),
            day("执行日期", "effective_from", required=True),
            day("停用日期", "effective_to"),
            day("公示日期", "published_on"),
            text("文件依据", "basis", 120),
        ),
        key=("institution", "test", "item_code", "effective_from"),
        owner="institution",
    ),
    Sheet(
        CASES,
        (
            must("申请单号", "number", 40),
            INSTITUTION,
            text("申请科室", "department", 60),
            text("申请医师工号", "requester", 40),
            must("病案号", "record_no", 40),
            text("患者姓名", "patient_name", 120, required=True, identity=True),
            choice("性别", "sex", "男", "女", "未知"),
            integer("出生年", "birth_year", 1880, 2200),
            text("诊断编码", "diagnosis", 20),
            yes_no("是否初诊恶性肿瘤", "first_visit"),
            text("适应症编号", "indication", 16),
            TEST,
            choice("检测性质", "nature", "诊疗", "研究", required=True),
            moment("申请时间", "requested_at", required=True),
            integer("循证证据篇数", "evidence_count", 0, 999),
            moment("科室讨论时间", "discussed_at"),
            moment("MDT讨论时间", "mdt_at"),
            choice("MDT结论", "mdt_conclusion", "同意检测", "不同意检测", "需补充资料", "建议改项"),
            text("MDT主持人工号", "mdt_chair", 40),
            moment("知情同意时间", "consented_at"),
            text("签署人", "signer", 30),
            text("非本人签署原因", "reason", 200),
            moment("外送审批时间", "approved_at"),
            text("审批人工号", "approver", 40),
            moment("收费时间", "charged_at"),
            money("收费金额（元）", "charged_amount"),
            text("票据号", "receipt_no", 60),
            moment("采样时间", "collected_at"),
            integer("肿瘤细胞比例（%）", "tumour_cells", 0, 100),
            text("第三方代码", "laboratory", 20),
            moment("外送时间", "shipped_at"),
            moment("第三方签收时间", "received_at"),
            moment("报告时间", "reported_at"),
            choice("结果", "outcome", "阳性", "阴性"),
            text("主要发现", "findings", 500),
            moment("归档时间", "filed_at"),
            yes_no("同意书已归档", "consent_filed"),
            yes_no("检查单已归档", "order_filed"),
            yes_no("结果已归档", "result_filed"),
            choice("状态", "status", "已归档", "患者拒绝", "MDT不同意", "进行中", required=True),
        ),
        key=("institution", "number"),
        owner="institution",
    ),
    Sheet(
        BILLS,
        (
            LABORATORY,
            INSTITUTION,
            must("账期", "month", 10),
            must("对方样本号", "sample_no", 40),
            text("检测项目代码", "test", 40),
            day("接收日期", "received_on"),
            money("结算金额（元）", "amount", required=True),
        ),
        owner="institution",
    ),
)
BY_TITLE = {sheet.title: sheet for sheet in SHEETS}
