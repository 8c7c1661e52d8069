"""The consent to a gene test, in words a patient understands, with the fifteen contents the policy asks for.

Numbers in comments are those of the required contents: 1 who and what illness, 2 test and place, 3 purpose, 4 basis,
5 gain and limits, 6 risks, 7 alternatives, 8 cost, 9 time, 10 germline, 11 privacy, 12 leftovers, 13 free will,
14 integrity, 15 signatures (A10, A11, B15–B17; Civil Code art. 1219; PIPL arts. 14, 29).
"""

from __future__ import annotations

from consent.wording import plan
from consent.wording.facts import Facts
from consent.wording.section import Section, Text
from documents.templatetags.formats import money
from vendors.insurance import shares
from vendors.models import Price

WEAK = "证据有限：目前没有权威诊疗指南明确推荐为您的这种情况做这项检测。"
UNSTATED = ("", "—", "待核")


def compose(facts: Facts, *, number: str, edition: int) -> Text:
    """The text of this case's consent. The same facts give the same text, to the letter."""
    title = "临床研究基因检测知情同意书" if facts.is_research else "肿瘤基因检测知情同意书"
    sections = (
        _three_things(facts),
        _illness(facts),
        _test(facts),
        _why(facts),
        _gain_and_limits(facts),
        _risks(facts),
        _alternatives(facts),
        _no_cost(facts) if facts.is_research else _cost(facts),
        *((plan.section(facts.fee, facts.steps),) if facts.steps else ()),
        _time(facts),
        _germline(facts),
        _privacy(facts),
        _leftovers(facts),
        _free_will(facts),
        _integrity(facts),
        _signing(number, edition),
    )
    return Text(title, number, edition, sections)


def yuan(amount) -> str:
    return f"{money(amount)}元"


def _three_things(facts: Facts) -> Section:
    cost = "不收取任何费用" if facts.is_research else _pays(facts)
    return Section(
        "key",
        "先看三件最要紧的事",
        facts=(
            ("在哪里检测", _where(facts)),
            ("要付多少钱", cost),
            ("可以不同意", "可以。不同意或以后撤回，都不影响您的其他诊疗"),
        ),
    )


def _where(facts: Facts) -> str:
    if facts.laboratory:
        return f"外送：{facts.laboratory.name}（由本院送检，您不需要自己联系）"
    return f"院内：{facts.place}"


def _pays(facts: Facts) -> str:
    insurance = facts.fee.insurance_class or "医保类别未标注"
    own = shares(facts.fee)
    if own.is_all_own:
        insurance += "，全部由您自付"
    elif own.own is not None:
        insurance += f"，其中{yuan(own.own)}由您先自付，其余以医保结算为准"
    else:
        insurance += "，个人负担以医保结算为准"
    most = f"；后面的步骤都做，一共最多{yuan(plan.at_most(facts.fee, facts.steps))}" if facts.steps else ""
    return f"{yuan(facts.fee.amount)}（{insurance}），只在本院收费处缴费{most}"


def _illness(facts: Facts) -> Section:  # 1
    referral = facts.referral
    line = referral.indication
    rows = [("诊断", _diagnosis(referral))]
    if referral.pathology:
        rows.append(("病理类型", referral.pathology))
    if referral.stage:
        rows.append(("分期", referral.stage))
    if line:
        rows.append(("目前的情况", line.setting))
    rows += [("申请科室", referral.department.name if referral.department else ""), ("检测申请号", referral.number)]
    return Section(
        "illness",
        "您的病情",
        ("请先核对这份同意书写的是不是您本人，病情和医师告诉您的是否一致。有不清楚的地方，请随时让医师再讲一遍。",),
        tuple(rows),
        items=(1,),
    )


def _diagnosis(referral) -> str:
    tumour = referral.indication.tumour if referral.indication else ""
    return f"{tumour}（诊断编码 {referral.diagnosis_code}）" if tumour else f"诊断编码 {referral.diagnosis_code}"


def _test(facts: Facts) -> Section:  # 2
    test = facts.referral.test
    if facts.laboratory:
        where = (
            f"您的标本由本院送到{facts.laboratory.name}检测。这家机构由医院按合同和资质确定，不由医师个人指定，"
            "也不需要您自己联系、寄送或付款。"
        )
    else:
        where = f"这项检测由{facts.place}完成，标本不送出医院。"
    return Section(
        "test",
        "做什么检测、在哪里做",
        (f"这项检测查看肿瘤细胞里的基因（{test.genes}）有没有变化。", where),
        (
            ("检测项目", f"{test.name}（{test.code}）"),
            ("基因范围", test.genes),
            ("检测方法", test.method),
            ("所用标本", facts.specimen),
            ("执行机构", _where(facts)),
        ),
        items=(2,),
    )


def _why(facts: Facts) -> Section:  # 3, 4
    referral, line = facts.referral, facts.referral.indication
    paragraphs = []
    if referral.necessity:
        paragraphs.append(f"医师建议检测，是因为结果会影响您接下来的治疗：{referral.necessity.rstrip('。')}。")
    if facts.is_research:
        paragraphs.append("这是一项临床研究中的检测，主要目的是研究。结果仅供研究使用，不作为给您用药的依据。")
    rows = []
    if line:
        rows.append(("目的", line.purpose))
        if line.drugs and line.drugs != "—":
            rows.append(("可能有关的药物", line.drugs))
    if line and facts.has_guideline:
        rows.append(("依据", f"{line.issuer}《{line.guideline}》（{line.year}年）"))
    else:
        paragraphs.append("科室专门讨论过您的情况，并收集了下面的依据；检测对您有没有帮助，并不确定。")
        rows += [("文献", paper) for paper in facts.papers]
        if line:
            rows.append(("参考", f"{line.issuer}《{line.guideline}》（{line.year}年）"))
    recommendation = line.recommendation if line and line.recommendation not in UNSTATED else "未标注"
    evidence = line.evidence_class if line and line.evidence_class not in UNSTATED else "未标注"
    rows += [("推荐级别", recommendation), ("证据类别", evidence)]
    if facts.mdt_on:
        on = facts.mdt_on
        rows.append(("多学科讨论", f"{on.year}年{on.month}月{on.day}日 MDT讨论同意检测"))
    return Section(
        "why",
        "为什么做、依据是什么",
        tuple(paragraphs),
        tuple(rows),
        items=(3, 4),
        warning="" if facts.has_guideline else WEAK,
    )


def _gain_and_limits(facts: Facts) -> Section:  # 5
    return Section(
        "gain",
        "可能的好处和做不到的事",
        (
            "可能的好处：帮助医师判断哪种治疗更适合您，避免用不合适的药。",
            "可能检不出：标本里肿瘤细胞太少或质量不够，可能得不到结果，需要重新取样。",
            "可能假阴性或假阳性：报告写“未检出”，不等于一定没有；任何方法都有误差。",
            "可能意义不明：有些基因变化，现在的医学还不知道是什么意思（意义未明变异，VUS）。",
            "肿瘤各处可能不一样：这一小块标本不能代表全部肿瘤，治疗后也可能变化。",
            "可能无药可用：即使查到变化，也可能没有对应的药，或者药不适合您、没有医保。",
        ),
        items=(5,),
    )


def _risks(facts: Facts) -> Section:  # 6
    paragraphs = []
    if facts.takes_tissue:
        paragraphs.append(
            "优先使用已经取下的组织，一般不需要再做手术。切片会消耗蜡块，用完以后可能不能再做别的检查；组织不够时，"
            "可能需要重新穿刺，穿刺有出血、疼痛、感染的可能，会另行告知。"
        )
    if facts.takes_blood:
        paragraphs.append("抽血可能有疼痛、淤青，少数人会头晕。")
    if facts.takes_marrow:
        paragraphs.append("骨髓穿刺可能有疼痛、出血、感染，会在操作前另行告知。")
    paragraphs.append("心理压力：等待结果、知道结果，都可能让您和家人不安。您可以随时找医师谈。")
    return Section("risk", "有哪些风险", tuple(paragraphs), items=(6,))


def _alternatives(facts: Facts) -> Section:  # 7
    line = facts.referral.indication
    rows = []
    if line and line.method_alternative and line.method_alternative != "—":
        rows.append(("其他检测方法", line.method_alternative))
    rows += [
        ("更小的检测", "只查单个基因，或做免疫组化（IHC）等较简单的检测，费用较低，查到的内容也较少"),
        ("不做检测", "可以。医师会按现有资料给您治疗"),
    ]
    return Section(
        "other",
        "还有哪些选择",
        (
            "您可以选择别的方法，也可以不做。请和医师商量哪一种更合适。",
            "如果不做：可能不知道能不能用某些靶向药或免疫药，这些药原则上要有检测结果才能开；其他治疗照常进行。",
        ),
        tuple(rows),
        items=(7,),
    )


def _cost(facts: Facts) -> Section:  # 8
    price = facts.fee
    return Section(
        "fee",
        "要花多少钱",
        (
            "这是医院公示的价格。这项检测除此之外不再收费；采样如需另外收费，按公示价格，事先告诉您。",
            _insurance(price),
            "退费：标本不合格做不了检测的，全额退费；因检测机构原因需要重测的，不再收费；您在检测开始前撤回同意的，"
            "停止检测并按规定退费；检测已经完成的，不退费。",
            "如果签字以后价格有调整，这份同意书自动失效，医院会重新告诉您并请您重新签字。",
        ),
        (
            ("应付金额", yuan(price.amount)),
            ("医保类别", price.insurance_class or "价格表未标注，请向医保办核实"),
            *_whose(price),
            ("收费项目", f"{price.item_name}（{price.item_code}）"),
            ("在哪里缴费", "只在本院收费处（或计入住院账）"),
        ),
        items=(8,),
    )


def _whose(price: Price) -> tuple[tuple[str, str], ...]:
    """What the patient pays and what the insurance pays, as far as the price list says; the rest is the settlement's."""
    split = shares(price)
    if split.is_all_own:
        return (("其中个人支付", yuan(split.amount)), ("其中医保支付", yuan(0)))
    if split.own is None or split.within is None:
        return (("其中个人支付", "以医保结算为准"), ("其中医保支付", "以医保结算为准"))
    return (
        ("其中先由个人自付", yuan(split.own)),
        ("其余纳入医保报销", f"{yuan(split.within)}，按您的参保类型支付，以医保结算为准"),
    )


def _insurance(price: Price) -> str:
    kind = price.insurance_class
    if kind == "自费":
        return "这项检测医保基金不支付，全部由您个人承担。另有一份《自费医疗服务项目告知书》请您单独签字。"
    if shares(price).is_all_own:
        return f"医保类别为{kind}，医保基金不支付，全部由您个人承担。"
    if kind:
        return f"医保类别为{kind}，由医保基金按规定支付一部分，您个人负担多少以本院结算为准。"
    return "价格表没有标注医保类别。请在缴费前向本院医保办核实医保能否支付。"


def _no_cost(facts: Facts) -> Section:  # 8, research
    study = facts.referral.study
    rows = [("您要付的钱", "0元，不收取任何费用")]
    if study:
        rows.append(("研究项目", f"{study.title}（{study.number}）"))
    if facts.ethics:
        rows.append(("伦理批件", facts.ethics.number))
    return Section(
        "fee",
        "费用：不收取任何费用",
        (
            "本检测属于临床研究，不收取任何费用。检测、重测、运送的费用都由研究经费承担。",
            "如有人为这项检测向您收钱，请不要付，并请拨打举报电话。",
        ),
        tuple(rows),
        items=(8,),
    )


def _time(facts: Facts) -> Section:  # 9
    line = facts.referral.indication
    days = f"标本合格后约{line.turnaround_days}个工作日" if line else "以检测机构承诺的时间为准"
    return Section(
        "time",
        "多久有结果、怎样告诉您",
        (
            "结果由您的医师当面告诉您，并用您听得懂的话解释。您可以复印检测报告，报告会存入您的病历。",
            "时间有延误的，医师会告诉您原因。",
        ),
        (("出结果的时间", days), ("怎样告诉您", "由申请医师当面告知并解释")),
        items=(9,),
    )


def _germline(facts: Facts) -> Section:  # 10
    first = (
        "这项检测会查看可能遗传的基因。结果可能和您的父母、兄弟姐妹、子女有关。"
        if facts.looks_at_germline
        else "这项检测主要看肿瘤本身，但有时也会意外发现可能遗传给家人的基因变化。"
    )
    return Section(
        "germline",
        "可能和家人有关的发现",
        (
            first,
            "这样的发现可能影响家人的健康选择，也可能带来压力。是否告诉家人由您决定；需要时，医院为您和家人安排遗传咨询。",
            "请选择：如果发现了可能遗传的变化或与本次检测目的无关的发现，您想不想知道？",
        ),
        items=(10,),
        choice="germline",
    )


def _privacy(facts: Facts) -> Section:  # 11
    if facts.laboratory:
        who = f"本院，以及受本院委托的{facts.laboratory.name}（只按委托检测，不得另作他用，不得转委托）"
        given = "姓名、性别、年龄、病案号、标本和检测项目；不给身份证号、电话、住址"
    else:
        who = "只有本院。标本和数据不送出医院"
        given = "不对外提供"
    return Section(
        "privacy",
        "您的个人信息和基因数据",
        (
            "基因数据和病情属于敏感个人信息，泄露可能影响您和家人。医院要用到它们，须经您单独同意。",
            "用途只有一个：完成这项检测并用于您的诊疗。" if not facts.is_research else "用途：完成这项研究中的检测。",
            "怎样撤回：向医师、医务科或投诉接待处提出即可，和签字一样方便。撤回以后不再继续使用；已经完成的检测不受影响。",
        ),
        (
            ("用到哪些信息", "姓名、性别、年龄、病情、标本、基因数据和检测报告"),
            ("谁来处理", who),
            ("给检测机构什么", given),
            ("保存多久", "随病历保存：门诊不少于15年，住院不少于30年"),
            ("会不会出境", "不出境，数据存放在中国境内"),
        ),
        items=(11,),
        choice="privacy",
    )


def _leftovers(facts: Facts) -> Section:  # 12
    return Section(
        "leftover",
        "检测剩下的标本",
        (
            "检测完成后可能还有剩余的标本。剩余标本和数据不会用于买卖，也不会未经您同意用于研究。",
            "想把剩余标本用于医学研究的，须另外签一份书面同意书；这里选择“同意联系我”，只表示愿意听一听。",
            "请选择剩余标本怎样处理：",
        ),
        items=(12,),
        choice="leftover",
    )


def _free_will(facts: Facts) -> Section:  # 13
    return Section(
        "free",
        "您可以不同意，也可以反悔",
        (
            "做不做这项检测，完全由您自己决定。没有人可以强迫您。",
            "您可以现在不同意，也可以同意以后再撤回，不需要说明理由。不同意或撤回，都不影响您的其他诊疗。",
            "您可以多想一想，和家人商量以后再签。",
        ),
        (("不同意", "选“我不同意”，或者直接告诉医师"), ("签字后撤回", "告诉医师、医务科或投诉接待处")),
        items=(13,),
    )


def _integrity(facts: Facts) -> Section:  # 14
    phone = facts.referral.institution.complaint_phone or "见医院门诊大厅公示"
    charged = "请向收费处缴费。" if not facts.is_research else "研究检测不收费。"
    return Section(
        "integrity",
        "廉洁告知",
        (
            f"本院未授权任何人私下收取检测费，{charged}凡要求您微信转账、扫个人收款码、把钱交给个人或院外机构的，请拒绝并举报。",
            "医务人员不得介绍您到指定的院外机构检测，不得收取任何好处。举报不影响您的诊疗，医院为您保密。",
        ),
        (("本院举报电话", phone), ("其他举报电话", "12345（政务热线）、12393（医保）、12388（纪检监察）")),
        items=(14,),
    )


def _signing(number: str, edition: int) -> Section:  # 15
    return Section(
        "signing",
        "由谁签字",
        (
            "成年患者由本人签字。未满18周岁的，由监护人签字；已满16周岁、靠自己劳动收入生活的，可以本人签字。",
            "病情不能或者不宜告诉患者本人的，才由近亲属签字，并须写明原因、与患者的关系和证件号码。",
            "不识字或者语言不通的，由见证人在场，把全文念给患者听，并签名见证。",
        ),
        (("同意书编号", number), ("版次", f"第{edition}版"), ("签字栏", "患者或代签人、告知医师、时间、见证人")),
        items=(15,),
    )
