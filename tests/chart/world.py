"""The hospital in which `tests/test_chart_machine.py` lets people act: posts, laboratories, prices, and what may
change under them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts import delegations
from accounts.models import Delegation, Post, User
from catalog.models import Grade, RequestAuthority
from consent import tasks
from referrals import tasks as referral_tasks
from referrals.actions import teams
from referrals.models import EthicsApproval, Referral
from tests import factories as f
from vendors.models import Contract, ContractItem, Credential, NotOutsourcingStatement, Price

BEGIN = datetime(2026, 6, 1, 8, 30, tzinfo=f.SHANGHAI)
DISCIPLINES = ("肿瘤内科", "病理", "医学影像", "药学")
PAPER = {"title": "某药治疗该肿瘤的疗效", "source": "某杂志", "year": 2024, "level": "2B"}

# What is asked for: code of the catalog's line, diagnosis, and what makes the case its own kind.
KINDS: dict[str, dict[str, Any]] = {
    "in_house": {"line": "LUNG-01", "diagnosis": "C34.1", "first_visit": False},
    "outsourced": {"line": "CRC-01", "diagnosis": "C18.2", "first_visit": False},
    "research": {"line": "BRE-01", "diagnosis": "C50.1", "first_visit": False, "research": True},
    "first_visit": {"line": "BRE-04", "diagnosis": "C50.4", "first_visit": True},
    "risky": {"line": "BRE-03", "diagnosis": "C50.2", "first_visit": False},
    "risky_first_visit": {"line": "BRE-03", "diagnosis": "C50.3", "first_visit": True},
    "graded_mdt": {"line": "BRE-02", "diagnosis": "C50.5", "first_visit": False},
    "self_paid": {"line": "BIL-04", "diagnosis": "C23", "first_visit": False},
}
# What an MDT that wants another test is given: the same disease, asked by the department first.
OTHER_LINES = {"BRE-04": "BRE-05", "BRE-03": "BRE-05", "BRE-02": "BRE-04"}
PEOPLE = (
    ("doctor", "R01"), ("colleague", "R01"), ("third", "R01"), ("fourth", "R01"), ("head", "R02"), ("secretary", "R03"),
    ("expert0", "R04"), ("expert1", "R04"), ("expert2", "R04"), ("expert3", "R04"), ("pathologist", "R05"),
    ("nurse", "R07"), ("carrier", "R08"), ("pharmacist", "R09"), ("affairs", "R10"), ("affairs2", "R10"),
    ("cashier", "R12"), ("cashier2", "R12"), ("records", "R15"), ("complaints", "R16"), ("guard", "R18"),
)  # fmt: skip


@dataclass(frozen=True)
class Worker:
    """A person in one of their posts."""

    user: int
    post: int
    role: str

    def __call__(self) -> User:
        """As the next request knows them."""
        user = User.objects.get(pk=self.user)
        return user.act_as(next((one for one in user.posts_now if one.pk == self.post), None))


class World:
    """Made once; every run of the machine starts from it again."""

    def __init__(self) -> None:
        self.hospital = f.InstitutionFactory(name="岚溪县总医院", complaint_phone="0598-1234567")
        self.department = f.DepartmentFactory(institution=self.hospital, name="肿瘤科")
        self.machine = User.objects.machine()
        self.workers = [self._worker(role) for _name, role in PEOPLE]
        self._many_posts()
        self.team = teams.save_team(institution=self.hospital, name="联合门诊", quorum=3, by=self.machine)
        experts = [one for one in self.workers if one.role == "R04"]
        for worker, discipline in zip(experts, (*DISCIPLINES, "肿瘤内科"), strict=True):
            expert = User.objects.get(pk=worker.user)
            teams.give_seat(team=self.team, expert=expert, discipline=discipline, by=self.machine)
        for worker in [one for one in self.workers if one.role == "R01"]:
            self._authority(worker.user)
        self._registers()
        elsewhere = f.InstitutionFactory(name="邻县医院")
        self.strangers = [
            self._worker(role, elsewhere, f.DepartmentFactory(institution=elsewhere) if role == "R01" else None)
            for role in ("R01", "R10", "R12", "R08")
        ]

    def _worker(self, role: str, hospital: Any = None, department: Any = None) -> Worker:
        own = self.department if role in ("R01", "R02") and hospital is None else department
        user = f.staff(role, hospital or self.hospital, own)
        return Worker(user.pk, user.posts.get().pk, role)

    def _many_posts(self) -> None:
        """One person who requests, approves, takes the fee, hands over and sits on the MDT: a county hospital's."""
        user = User.objects.get(pk=self._worker("R01").user)
        self.many_posts = [Worker(user.pk, user.posts.get().pk, "R01")]
        for role in ("R04", "R10", "R12", "R05", "R08"):
            post = f.PostFactory(user=user, institution=self.hospital, role=role)
            self.many_posts.append(Worker(user.pk, post.pk, role))
        self.workers += self.many_posts

    def _authority(self, user: int) -> None:
        for grade in Grade.values:
            f.RequestAuthorityFactory(user_id=user, institution=self.hospital, grade=grade, granted_by=self.machine)

    def _registers(self) -> None:
        lines = {one["line"] for one in KINDS.values()} | set(OTHER_LINES.values())
        tests = {code: f.indication(code).test for code in sorted(lines)}
        self.tests = list({test.pk: test for test in tests.values()}.values())
        in_house = tests["LUNG-01"]
        f.in_house(self.hospital, in_house)
        sent = [one for one in self.tests if one.pk != in_house.pk]
        self.laboratories = [f.LaboratoryFactory(), f.LaboratoryFactory()]
        for laboratory, price in zip(self.laboratories, (Decimal("600.00"), Decimal("650.00")), strict=True):
            f.ContractFactory(institution=self.hospital, laboratory=laboratory, tests=sent, tests__price=price)
        for test in self.tests:
            own = "自费" if test.pk == tests["BIL-04"].pk else "乙类"
            f.PriceFactory(institution=self.hospital, test=test, insurance_class=own)
        self.study = f.StudyFactory(institution=self.hospital)

    # What changes under the cases

    def change(self, what: str, which: int) -> None:
        getattr(self, f"_{what}")(which)

    def _price_changes(self, which: int) -> None:
        """A new price from tomorrow, published today; the former ends today: nobody changes the price of a day gone by."""
        test, today = self.tests[which % len(self.tests)], timezone.localdate()
        price = Price.objects.filter(institution=self.hospital, test=test).order_by("-effective_from").first()
        if price is None or price.effective_from > today:
            return
        Price.objects.filter(pk=price.pk).update(effective_to=today)
        f.PriceFactory(
            institution=self.hospital, test=test, amount=price.amount + Decimal("0.01") * (which % 4),
            insurance_class=price.insurance_class, effective_from=today + timedelta(days=1), published_on=today,
        )  # fmt: skip

    def _sweep(self, which: int) -> None:
        tasks.lapse_stale()
        referral_tasks.watch_ways()

    def _laboratory_suspended(self, which: int) -> None:
        self._licence(which, timezone.localdate())

    def _laboratory_restored(self, which: int) -> None:
        self._licence(which, date(2028, 12, 31))

    def _licence(self, which: int, until: date) -> None:
        laboratory = self.laboratories[which % 2]
        Credential.objects.filter(laboratory=laboratory, kind=Credential.Kind.PRACTICE_LICENCE).update(valid_to=until)

    def _contract_lapses(self, which: int) -> None:
        self._contract(which, timezone.localdate())

    def _contract_renewed(self, which: int) -> None:
        self._contract(which, date(2027, 12, 31))

    def _contract(self, which: int, until: date) -> None:
        mine = {"institution": self.hospital, "laboratory": self.laboratories[which % 2]}
        Contract.objects.filter(**mine).update(valid_to=until)
        ContractItem.objects.filter(**mine).update(valid_to=until)

    def _authority_withdrawn(self, which: int) -> None:
        doctors = sorted({one.user for one in self.workers if one.role == "R01"})
        RequestAuthority.objects.filter(user=doctors[which % len(doctors)]).update(
            suspended_on=timezone.localdate(), suspended_by=self.machine, suspended_reason="待核"
        )

    def _authority_given_back(self, which: int) -> None:
        RequestAuthority.objects.filter(institution=self.hospital).update(
            suspended_on=None, suspended_by=None, suspended_reason=""
        )

    def _ethics_lapses(self, which: int) -> None:
        EthicsApproval.objects.filter(study=self.study).update(valid_to=timezone.localdate())

    def _ethics_renewed(self, which: int) -> None:
        EthicsApproval.objects.filter(study=self.study).update(valid_to=date(2027, 4, 30))

    def _nothing_sent_outside(self, which: int) -> None:
        today = timezone.localdate()
        if not NotOutsourcingStatement.objects.filter(institution=self.hospital).exists():
            NotOutsourcingStatement.objects.create(
                institution=self.hospital, number="声明1号", valid_from=today, valid_to=today + timedelta(days=2)
            )

    def _staff_delegate(self, which: int) -> None:
        """One lends the post to another for three days; who stands in acts in it from now on."""
        lender, to = self.workers[which % len(self.workers)], self.workers[(which * 7 + 3) % len(self.workers)]
        today, post = timezone.localdate(), Post.objects.get(pk=lender.post)
        others = Delegation.objects.filter(from_post=post, revoked_at__isnull=True, ends_on__gte=today)
        person = User.objects.get(pk=to.user)
        if lender.user == to.user or others.exists() or person.posts.filter(role_id=post.role_id).exists():
            return
        delegations.delegate(
            post=post, to=person, starts_on=today, ends_on=today + timedelta(days=2), reason="外出学习", by=lender()
        )
        worker = Worker(to.user, lender.post, lender.role)
        if worker not in self.lent:
            self.lent.append(worker)

    lent: list[Worker]


CHANGES = (
    "price_changes", "sweep", "laboratory_suspended", "laboratory_restored", "contract_lapses", "contract_renewed",
    "authority_withdrawn", "authority_given_back", "ethics_lapses", "ethics_renewed", "nothing_sent_outside",
    "staff_delegate",
)  # fmt: skip


def known(case: Referral) -> Referral:
    return Referral.objects.select_related("test", "indication", "laboratory", "patient").get(pk=case.pk)
