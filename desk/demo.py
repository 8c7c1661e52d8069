"""The demo county: everything in it is invented, marked as demo, and loaded through the same actions as real data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.models import Department, Institution, Post, Role, User
from accounts.queries import DEMO_PASSWORD
from audit import declaring
from catalog.models import (
    CapabilityEquipment,
    CapabilityProduct,
    CapabilityStaff,
    InHouseCapability,
    Qualification,
    QualityRound,
    RequestAuthority,
    Training,
)
from desk import demo_prices
from referrals.actions import studies, teams
from referrals.models import MDTSeat, MDTTeam, Referral, Study
from supervision import actions as supervision
from supervision.models import LedgerImport
from vendors.models import Contract, ContractItem, Laboratory, Price

WORKBOOK = Path(__file__).resolve().parent.parent / "supervision" / "data" / "hospital-ledger.xlsx"
LEDGER_BEGINS = date(2024, 9, 1)
BUREAU = ("LXW", "岚溪县卫生健康局")

# Staff the workbook doesn't name, for the posts the pages serve: number, title, department, roles, and the
# names at the two hospitals.
HOSPITAL_STAFF = [
    ("901", "主任医师", "肿瘤科", ["R02"], "周启明", "黄景行"),
    ("902", "主管护师", "肿瘤科", ["R07"], "郑晓岚", "林秋月"),
    ("903", "主管药师", None, ["R09"], "许文君", "蔡思源"),
    ("904", "经济师", None, ["R11"], "许平", "杨慧敏"),
    ("905", "会计师", None, ["R12"], "何丽萍", "曾雪梅"),
    ("906", "", None, ["R13"], "马建新", "吴振华"),
    ("907", "", None, ["R15"], "叶书华", "邓玉兰"),
    ("908", "工程师", None, ["R19"], "陈志远", "江海涛"),
    ("909", "", None, ["R22"], "孙雅文", "谢一鸣"),
    ("910", "", None, ["R23"], "郭维民", "罗永康"),
    ("911", "", None, ["R24"], "钱国安", "范立新"),
    ("912", "副主任医师", None, ["R04"], "丁一凡", "石静怡"),
    ("913", "副主任医师", None, ["R04"], "薛明辉", "汤怀瑾"),
    ("914", "主任医师", None, ["R04"], "严伯安", "章若虚"),
    ("915", "助理研究员", None, ["R20"], "温知行", "梁若谷"),
    ("916", "", None, ["R21"], "秦守正", "陶以宁"),
    # A second colleague in medical affairs: whoever drafts an edition of the catalog does not check it (X14).
    # The head of pathology decides on loans of blocks.
    ("919", "主任医师", "病理科", ["R02"], "吴承志", "赖文博"),
    ("917", "", None, ["R10"], "沈若云", "许知秋"),
    # Whoever drafts a contract does not check it (X14), and whoever buys does not assess.
    ("918", "", None, ["R14"], "邵启正", "方怀信"),
]
BUREAU_STAFF = [("LXW001", "孙立民", "医政股股长", ["R25"])]
# Staff of the workbook whose logins are opened too: one for each of their posts.
FROM_LEDGER = {
    "LXZ": ["LXZ001", "LXZ003", "LXZ004", "LXZ005", "LXZ028", "LXZ029", "LXZ030", "LXZ031", "LXZ032"],
    "LXY": ["LXY033", "LXY035", "LXY036", "LXY037", "LXY045", "LXY046", "LXY047", "LXY048", "LXY049"],
}
# The hospital's MDT team: staff number of the ledger, or number after the hospital's code, and discipline. The
# experts' logins are opened; pathology, imaging, radiotherapy and pharmacy get a post as expert besides their own.
MDT_TEAMS = {
    "LXZ": {
        "LXZ001": "肿瘤内科", "LXZ002": "肿瘤内科", "LXZ007": "呼吸内科", "LXZ010": "胸外科", "LXZ013": "胃肠外科",
        "LXZ016": "甲乳外科", "LXZ019": "妇科", "LXZ028": "病理", "LXZ912": "医学影像", "LXZ913": "放疗",
        "LXZ903": "药学", "LXZ914": "肿瘤内科",
    },
    "LXY": {
        "LXY033": "肿瘤内科", "LXY034": "肿瘤内科", "LXY039": "外科", "LXY042": "妇科", "LXY045": "病理",
        "LXY912": "医学影像", "LXY913": "放疗", "LXY903": "药学", "LXY914": "肿瘤内科",
    },
}  # fmt: skip
REMOTE = "914"
GRADES_BY_TITLE = {
    "主任医师": ["routine", "discussion", "mdt"],
    "副主任医师": ["routine", "discussion", "mdt"],
    "主治医师": ["routine", "discussion"],
}


def load(*, say: Callable[[str], None] = lambda line: None) -> None:
    """Load what is missing; a second call changes nothing."""
    machine = User.objects.machine()
    if not _imported(machine):
        say("导入演示台账……")
        supervision.import_file(path=WORKBOOK, by=machine, institution=None)
    with declaring.acting(machine, step="demo.loaded"):
        _bureau_and_staff()
        _contracts_run_on()
        _laboratories_are_known()
        _insurance_classes()
        _in_house()
        _authorities(machine)
        _qualifications(machine)
        _capability_parts(machine)
        _teams(machine)
        _study(machine)
        demo_prices.load(machine)
    say("演示数据已就绪")


def _imported(machine: User) -> bool:
    known = hashlib.sha256(WORKBOOK.read_bytes()).hexdigest()
    with declaring.acting(machine, step="demo.looked_up"):
        return LedgerImport.objects.filter(file_sha256=known, status=LedgerImport.Status.DONE, dry_run=False).exists()


@transaction.atomic
def _bureau_and_staff() -> None:
    bureau, _made = Institution.objects.get_or_create(
        code=BUREAU[0], defaults={"name": BUREAU[1], "kind": Institution.Kind.BUREAU}
    )
    for hospital in Institution.objects.filter(kind=Institution.Kind.HOSPITAL, supervised_by__isnull=True):
        hospital.supervised_by = bureau
        hospital.document_prefix = hospital.document_prefix or ("岚总医" if hospital.code == "LXZ" else "岚中医")
        hospital.complaint_phone = hospital.complaint_phone or "0598-0000000"
        hospital.save()
    secret = make_password(DEMO_PASSWORD)
    for place, hospital in enumerate(bureau.supervises.order_by("-code")):
        for number, title, department, roles, *names in HOSPITAL_STAFF:
            _person(f"{hospital.code}{number}", names[place % 2], title, hospital, department, roles, secret)
        for username in FROM_LEDGER.get(hospital.code, []):
            _open_login(username, secret)
    _buyers_check_no_contracts()
    for username, name, title, roles in BUREAU_STAFF:
        _person(username, name, title, bureau, None, roles, secret)


def _person(username, name, title, institution, department, roles, secret) -> None:
    if not User.objects.filter(username=username).exists():
        User.objects.create(username=username, name=name, title=title, is_demo=True, password=secret)
    user = User.objects.get(username=username)
    place = Department.objects.filter(institution=institution, name=department).first() if department else None
    for role in Role.objects.filter(pk__in=roles):
        Post.objects.get_or_create(user=user, institution=institution, department=place, role=role)


def _buyers_check_no_contracts() -> None:
    """A house of an earlier demo, where one person both bought and checked the contracts."""
    both = Post.objects.filter(user__is_demo=True, user__username__endswith="906", role_id="R14", ends_on__isnull=True)
    both.update(ends_on=timezone.localdate() - timedelta(days=1))


def _open_login(username: str, secret: str) -> None:
    user = User.objects.filter(username=username, is_demo=False).first()
    if user:
        user.is_demo, user.password = True, secret
        user.save(update_fields=["is_demo", "password"])


def _contracts_run_on() -> None:
    """Contracts that the workbook ends have one more of their kind in the ledger, past today, so that nothing is shut by
    its age. As rows of the ledger, like the workbook's own: a contract of today is drafted, checked and signed."""
    today = timezone.localdate()
    for institution in Institution.objects.filter(kind=Institution.Kind.HOSPITAL):
        for laboratory in Laboratory.objects.all():
            mine = Contract.objects.filter(institution=institution, laboratory=laboratory).order_by("valid_to")
            last = mine.last()
            if last is None or last.valid_to is None or last.valid_to >= today + timedelta(days=180):
                continue
            ends = date(today.year + 2, 12, 31)
            begins = last.valid_to + timedelta(days=1)
            next_one = Contract.objects.create(
                number=f"{last.number}-续", institution=institution, laboratory=laboratory, valid_from=begins, valid_to=ends,
                procurement_method=last.procurement_method, procurement_no=f"{last.procurement_no}-续", is_demo=True,
            )  # fmt: skip
            ContractItem.objects.bulk_create(
                ContractItem(
                    contract=next_one, test_id=item.test_id, settlement_price=item.settlement_price,
                    institution=institution, laboratory=laboratory, valid_from=begins, valid_to=ends,
                )
                for item in last.items.all()
            )  # fmt: skip


def _laboratories_are_known() -> None:
    Laboratory.objects.filter(foreign_controlled__isnull=True).update(foreign_controlled=False, in_mainland=True)


def _insurance_classes() -> None:
    """The workbook's prices name no insurance class; of those in force, sequencing is 自费 and the rest is 乙类."""
    unmarked = Price.objects.in_force(timezone.localdate()).filter(insurance_class="")
    unmarked.filter(test__method__contains="NGS").update(insurance_class="自费")
    unmarked.update(insurance_class="乙类")


def _in_house() -> None:
    """What the ledger shows the hospitals do themselves is registered as theirs."""
    done = Referral.objects.filter(collected_at__isnull=False, laboratory__isnull=True, reported_at__isnull=False)
    # Rows of an earlier demo, from before the parts were kept.
    InHouseCapability.objects.filter(is_detailed=False, registered_on=LEDGER_BEGINS).update(
        is_detailed=True, is_established=True
    )
    known = set(InHouseCapability.objects.values_list("institution_id", "test_id"))
    InHouseCapability.objects.bulk_create(
        InHouseCapability(
            institution_id=institution,
            test_id=test,
            registered_on=LEDGER_BEGINS,
            is_detailed=True,
            is_established=True,
            department=Department.objects.filter(institution=institution, name__contains="病理").first(),
        )
        for institution, test in done.order_by().values_list("institution_id", "test_id").distinct()
        if (institution, test) not in known
    )


def _authorities(machine: User) -> None:
    """Request authority by professional title, from this month on; for the ledger's time nothing is recorded."""
    starts_on = timezone.localdate().replace(day=1)
    doctors = Post.objects.filter(role_id="R01").select_related("user", "institution")
    known = set(RequestAuthority.objects.values_list("user_id", "institution_id", "grade"))
    RequestAuthority.objects.bulk_create(
        RequestAuthority(
            user=post.user, institution=post.institution, grade=grade, starts_on=starts_on, granted_by=machine
        )
        for post in doctors
        for grade in GRADES_BY_TITLE.get(post.user.title, ["routine"])
        if (post.user_id, post.institution_id, grade) not in known
    )


def _qualifications(machine: User) -> None:
    """The certificates of the ledger's pathologists and technicians, who sign the assessment of specimens (A3)."""
    known = set(Qualification.objects.values_list("user_id", "institution_id"))
    seen: dict[tuple[int, int], Post] = {
        (post.user_id, post.institution_id): post for post in Post.objects.filter(role_id="R05").select_related("user")
    }
    Qualification.objects.bulk_create(
        Qualification(
            user=post.user, institution_id=institution, number=f"演示{post.user.username}", valid_from=LEDGER_BEGINS,
            kind=Qualification.Kind.TECHNICIAN if "技师" in post.user.title else Qualification.Kind.PATHOLOGIST,
            recorded_by=machine,
        )
        for (person, institution), post in seen.items()
        if (person, institution) not in known
    )  # fmt: skip


def _capability_parts(machine: User) -> None:
    """What the hospitals' own tests stand on: equipment, a trained person, registrations, a passed round."""
    for one in InHouseCapability.objects.filter(is_detailed=True, qualityround__isnull=True).select_related("test"):
        if one.department is None:
            one.department = Department.objects.filter(institution=one.institution_id).order_by("pk").first()
            one.save(update_fields=["department"])
        post = Post.objects.filter(role_id="R05", institution=one.institution_id).order_by("pk").first()
        if post is None:
            continue
        kept = {"institution_id": one.institution_id, "recorded_by": machine}
        Qualification.objects.get_or_create(
            user=post.user, institution_id=one.institution_id, kind=Qualification.Kind.AMPLIFICATION,
            defaults={"number": f"演示PCR{post.user.username}", "valid_from": LEDGER_BEGINS, "recorded_by": machine},
        )  # fmt: skip
        Training.objects.get_or_create(
            user=post.user, institution_id=one.institution_id, title="病理分子检测质量控制培训", held_on=LEDGER_BEGINS,
            defaults={"passed": True, "recorded_by": machine},
        )  # fmt: skip
        CapabilityStaff.objects.create(capability=one, user=post.user, valid_from=LEDGER_BEGINS, **kept)
        CapabilityEquipment.objects.create(
            capability=one, name="演示设备", serial=f"演示{one.pk}", valid_from=LEDGER_BEGINS, **kept
        )
        for kind in CapabilityProduct.Kind:
            CapabilityProduct.objects.create(
                capability=one, kind=kind, name=f"演示{kind.label}", basis=CapabilityProduct.Basis.REGISTERED,
                number=f"国械注准2024340{one.pk:04}", valid_from=LEDGER_BEGINS, **kept,
            )  # fmt: skip
        QualityRound.objects.create(
            capability=one, organiser="演示质评机构", name="2025年第一次", held_on=date(2025, 6, 1), passed=True, **kept
        )


def _teams(machine: User) -> None:
    """One MDT team a hospital, of experts of several departments, with pathology; their logins are opened."""
    secret = make_password(DEMO_PASSWORD)
    expert = Role.objects.get(pk="R04")
    for hospital in Institution.objects.filter(code__in=MDT_TEAMS):
        team = MDTTeam.objects.filter(institution=hospital).order_by("pk").first()
        if team is None:
            team = teams.save_team(institution=hospital, name="肿瘤多学科讨论组", by=machine)
        seated = set(MDTSeat.objects.filter(team=team).values_list("expert__username", flat=True))
        for username, discipline in MDT_TEAMS[hospital.code].items():
            user = User.objects.filter(username=username).first()
            if user is None or username in seated:
                continue
            _open_login(username, secret)
            if not user.posts.filter(role=expert, institution=hospital).exists():
                Post.objects.create(user=user, institution=hospital, role=expert)
            remote = username.endswith(REMOTE)
            teams.give_seat(team=team, expert=user, discipline=discipline, is_remote=remote, by=machine)


STUDY = ("LXZ", "2026-EC-017", "一线靶向联合化疗治疗晚期肺腺癌的多中心Ⅲ期临床试验")


def _study(machine: User) -> None:
    """One study with its ethics approval in force, so that a research test can be asked for."""
    code, number, title = STUDY
    hospital = Institution.objects.filter(code=code).first()
    if hospital is None or Study.objects.filter(institution=hospital, number=number).exists():
        return
    begins = timezone.localdate().replace(day=1)
    study = studies.register_study(
        institution=hospital, number=number, title=title, hospital_approved_on=begins, by=machine
    )
    studies.register_ethics_approval(
        study=study,
        number=f"{number}-伦审",
        protocol_version="v2.1",
        valid_from=begins,
        valid_to=date(begins.year + 1, 12, 31),
        by=machine,
    )
