"""The text a patient signs holds everything the policy asks for, in words, from the facts of the case."""

from datetime import date

import pytest
from django.utils import timezone

from audit.gates import Refused
from consent import queries, wording
from tests.factories import LaboratoryFactory, PriceFactory, StudyFactory, graded

pytestmark = pytest.mark.django_db

CONTENTS = {
    1: ["诊断", "C34", "检测申请号"],
    2: ["EGFR", "检测方法", "所用标本", "执行机构", "院内"],
    3: ["结果会影响您接下来的治疗", "一线治疗是否选用靶向药物"],
    4: ["依据", "原发性肺癌诊疗指南", "推荐级别", "Ⅰ级推荐"],
    5: ["检不出", "假阴性", "意义未明", "肿瘤各处可能不一样", "无药可用"],
    6: ["抽血", "蜡块", "心理压力"],
    7: ["免疫组化", "不做检测", "如果不做"],
    8: ["收费项目", "480.00元", "乙类", "退费", "重测"],
    9: ["5个工作日", "由申请医师当面告知"],
    10: ["可能遗传", "您想不想知道", "遗传咨询", "家人"],
    11: ["敏感个人信息", "单独同意", "谁来处理", "不少于15年", "不出境", "怎样撤回"],
    12: ["剩余标本", "另外签一份书面同意书"],
    13: ["不同意", "撤回", "都不影响您的其他诊疗"],
    14: ["本院未授权任何人私下收取检测费，请向收费处缴费", "0598-1234567"],
    15: ["监护人", "近亲属", "写明原因", "证件号码", "告知医师", "见证人", "版次", "TY-"],
}


def text_of(referral):
    return queries.text_now(referral, timezone.now())[0]


def words(section) -> str:
    return "\n".join([section["title"], section["warning"], *section["paragraphs"], *map("：".join, section["facts"])])


@pytest.mark.parametrize("item", CONTENTS)
def test_every_required_content_stands_in_the_section_that_claims_it(item, waiting):
    content = text_of(waiting()).content

    written = "\n".join(words(section) for section in content if item in section["items"])

    assert [word for word in CONTENTS[item] if word not in written] == []


def test_an_outsourced_test_names_its_laboratory_wherever_the_patient_looks(waiting):
    laboratory = LaboratoryFactory(name="甲医学检验实验室")
    content = text_of(waiting(laboratory=laboratory)).content
    by_key = {section["key"]: words(section) for section in content}

    assert all("甲医学检验实验室" in by_key[key] for key in ("key", "test", "privacy"))
    assert "不得转委托" in by_key["privacy"]
    assert "不由医师个人指定" in by_key["test"]


def test_price_place_and_the_right_to_say_no_come_first(waiting):
    first = text_of(waiting()).content[1]

    assert [label for label, _value in first["facts"]] == ["在哪里检测", "要付多少钱", "可以不同意"]


def test_a_test_without_guideline_says_that_the_evidence_is_limited(waiting):
    line = graded("discussion")
    weak, strong = text_of(waiting(indication=line)), text_of(waiting())

    assert any("证据有限" in section["warning"] for section in weak.content)
    assert not any(section["warning"] for section in strong.content)


def test_the_text_of_a_study_asks_nothing_and_is_not_the_clinical_form(waiting):
    study = StudyFactory(title="某药Ⅲ期研究", number="GCP-7")
    referral = waiting(nature="research", study=study, institution=study.institution, price=None)
    text = text_of(referral)
    everything = "\n".join(map(words, text.content))

    assert text.title == "临床研究基因检测知情同意书"
    assert "不收取任何费用" in everything
    assert "某药Ⅲ期研究（GCP-7）" in everything
    assert "伦审2025-001" in everything
    assert "应付金额" not in everything


def test_the_text_names_nobody(waiting):
    from referrals.identity import set_identity

    referral = waiting()
    set_identity(patient=referral.patient, by=referral.requester, name="欧阳某某", id_number="11010519491231002X")
    everything = "\n".join(map(words, text_of(referral).content))

    assert "欧阳" not in everything
    assert "1949" not in everything
    assert referral.patient.record_no not in everything


def test_the_same_facts_give_the_same_digest_and_another_price_another(waiting):
    referral = waiting()
    first = text_of(referral)
    assert text_of(referral).sha256 == first.sha256 == wording.digest(first.content)

    referral.institution.prices.update(effective_to=date(2026, 1, 31))
    PriceFactory(institution=referral.institution, test=referral.test, amount="520.00", effective_from=date(2026, 2, 1))

    assert text_of(referral).sha256 != first.sha256


def test_without_a_published_price_there_is_nothing_to_tell(waiting):
    with pytest.raises(Refused) as refused:
        text_of(waiting(price={"published_on": None}))

    assert refused.value.refusals[0].code == "X07"


def test_before_the_place_is_allocated_there_is_nothing_to_tell(waiting):
    referral = waiting()
    referral.route = ""

    with pytest.raises(Refused):
        text_of(referral)


@pytest.mark.parametrize("kind, needed", [("自费", True), ("乙类", False), ("", False)])
def test_which_prices_need_their_own_notice_follows_the_setting(kind, needed, waiting, settings):
    referral = waiting(price={"insurance_class": kind})
    price = referral.institution.prices.get()

    assert wording.needs_self_pay_notice(price) is needed
    settings.SELF_PAY_NOTICE_CLASSES = ["自费", "未标注"]
    assert wording.needs_self_pay_notice(price) is (needed or kind == "")
