"""The first hour of a hospital: what has to stand before the first case, each read from the records themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Department, Institution, Post, Role
from catalog import queries as catalog
from catalog.models import RequestAuthority
from referrals import deliberating
from referrals.models import MDTSeat, Referral
from supervision.models import LedgerImport
from vendors.models import Contract, ContractItem, Laboratory, Price
from vendors.queries import missing_credentials

# Without these posts a case cannot travel from request to filing.
NEEDED_ROLES = ("R01", "R02", "R03", "R04", "R05", "R07", "R08", "R10", "R12", "R15")


@dataclass(frozen=True)
class Step:
    """One line of the checklist: whether it is done, what stands, where it is done, and by whom."""

    title: Any
    done: bool
    stands: str
    url: str
    who: Any


def steps(institution: Institution, on: date | None = None) -> list[Step]:
    """In the order they are best taken."""
    on = on or timezone.localdate()
    checks = (
        (gettext_lazy("Staff and posts"), _staff, "accounts:staff", gettext_lazy("Information department")),
        (gettext_lazy("MDT teams with their seats"), _teams, "referrals:teams", gettext_lazy("Medical affairs")),
        (gettext_lazy("Catalog of indications in force"), _catalog, "catalog:browse", gettext_lazy("Vice president")),
        (gettext_lazy("Request authority of doctors"), _authorities, "catalog:authorities",
         gettext_lazy("Medical affairs")),
        (gettext_lazy("Laboratories with their credentials"), _laboratories, "vendors:laboratories",
         gettext_lazy("Procurement office")),
        (gettext_lazy("Contracts in force"), _contracts, "vendors:laboratories", gettext_lazy("Procurement office")),
        (gettext_lazy("Prices published"), _prices, "vendors:prices", gettext_lazy("Price office")),
        (gettext_lazy("Ledger of earlier cases imported"), _ledger, "supervision:imports",
         gettext_lazy("Medical affairs")),
        (gettext_lazy("The first request"), _first, "referrals:new", gettext_lazy("A doctor")),
    )  # fmt: skip
    found = []
    for title, check, page, who in checks:
        done, stands = check(institution, on)
        found.append(Step(title, done, stands, _address(page), who))
    return found


def _address(page: str) -> str:
    try:
        return reverse(page)
    except NoReverseMatch:
        return ""


def _staff(institution: Institution, on: date) -> tuple[bool, str]:
    posts = Post.objects.in_force(on).filter(institution=institution, user__is_active=True)
    people = posts.values("user").distinct().count()
    missing = Role.objects.filter(pk__in=NEEDED_ROLES).exclude(pk__in=posts.values("role"))
    departments = Department.objects.filter(institution=institution).exists()
    names = [role.name for role in missing]
    if not departments:
        return False, _("No department is recorded yet.")
    if names:
        return False, _("%(n)s people have posts; nobody yet as %(roles)s.") % {"n": people, "roles": "、".join(names)}
    return True, _("%(n)s people have posts; every station of a case has somebody.") % {"n": people}


def _teams(institution: Institution, on: date) -> tuple[bool, str]:
    teams = list(deliberating.teams(institution.pk))
    whole = [team for team in teams if _can_sit(team)]
    if not teams:
        return False, _("No team yet.")
    if not whole:
        return False, _("%(n)s teams, none with enough disciplines to sit.") % {"n": len(teams)}
    return True, _("%(n)s teams can sit.") % {"n": len(whole)}


def _can_sit(team: Any) -> bool:
    disciplines = {seat.discipline for seat in deliberating.seats(team)}
    pathology = any(MDTSeat.PATHOLOGY in one for one in disciplines)
    return len(disciplines) >= team.quorum and (pathology or not team.needs_pathology)


def _catalog(institution: Institution, on: date) -> tuple[bool, str]:
    edition = catalog.edition_in_force(institution.pk, on)
    return edition is not None, str(edition) if edition else _("No edition is in force.")


def _authorities(institution: Institution, on: date) -> tuple[bool, str]:
    n = RequestAuthority.objects.in_force(on).filter(institution=institution).values("user").distinct().count()
    if not n:
        return False, _("No doctor may request a test yet.")
    return True, ngettext("%(n)s doctor may request tests.", "%(n)s doctors may request tests.", n) % {"n": n}


def _laboratories(institution: Institution, on: date) -> tuple[bool, str]:
    used = list(_contracted(institution, on))
    if not used:
        return False, _("No laboratory has a contract with this hospital.")
    lacking = [one.name for one in used if missing_credentials(one, on)]
    if lacking:
        return False, _("A required credential is missing or has ended: %(names)s.") % {"names": "、".join(lacking)}
    return True, _("%(n)s laboratories, all required credentials in force.") % {"n": len(used)}


def _contracted(institution: Institution, on: date) -> Any:
    now = Contract.objects.filter(institution=institution).in_force(on)  # type: ignore[attr-defined]
    return Laboratory.objects.filter(pk__in=now.values("laboratory")).prefetch_related("credentials")


def _contracts(institution: Institution, on: date) -> tuple[bool, str]:
    items = ContractItem.objects.filter(institution=institution).in_force(on)  # type: ignore[attr-defined]
    contracts, tests = items.values("contract").distinct().count(), items.values("test").distinct().count()
    if not contracts:
        return False, _("No contract with a test list is in force.")
    return True, _("%(n)s contracts list %(tests)s tests.") % {"n": contracts, "tests": tests}


def _prices(institution: Institution, on: date) -> tuple[bool, str]:
    in_force = Price.objects.filter(institution=institution).in_force(on)
    published = in_force.published(on)
    wanted = ContractItem.objects.filter(institution=institution).in_force(on).values("test").distinct()  # type: ignore[attr-defined]
    lacking = wanted.exclude(test__in=published.values("test")).count()
    if not published.exists():
        return False, _("No price is published.")
    if lacking:
        return False, _("%(n)s contracted tests have no published price.") % {"n": lacking}
    return True, _("%(n)s prices published; every contracted test has one.") % {"n": published.count()}


def _ledger(institution: Institution, on: date) -> tuple[bool, str]:
    done = LedgerImport.objects.filter(status=LedgerImport.Status.DONE, dry_run=False)
    n = Referral.objects.filter(institution=institution, origin="ledger").count()
    if n or done.filter(institution=institution).exists():
        return True, _("%(n)s earlier cases imported.") % {"n": n}
    return False, _("Nothing imported yet. A hospital without a ledger may leave this out.")


def _first(institution: Institution, on: date) -> tuple[bool, str]:
    n = Referral.objects.filter(institution=institution, origin="live").exclude(status="draft").count()
    return bool(n), _("%(n)s requests made here.") % {"n": n} if n else _("No request has been made yet.")
