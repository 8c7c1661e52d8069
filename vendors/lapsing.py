"""What lapses, by when, and who renews it: credentials, papers, admissions, quality rounds, contracts (A25, B8, B9).

One list for the worklist of renewals and for the reminders 90, 30 and 7 days before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import reminding
from accounts.models import Institution
from accounts.queries import holders
from documents.templatetags.formats import day
from vendors import checks
from vendors.models import Admission, AdmissionPaper, Contract, Credential, LaboratoryRound

LEADS = (90, 30, 7)
KEEPS, ADMITS, BUYS = "vendors.keep_laboratories", "vendors.keep_admissions", "vendors.manage_contracts"


@dataclass(frozen=True)
class Lapse:
    """One thing that lapses: the last day it holds, and the permission of those who renew it."""

    subject: str
    on: date
    what: str
    laboratory: str
    institution_id: int
    permission: str
    url: str


def lapses(institution: int, until: date) -> list[Lapse]:
    """Everything of a hospital's laboratories that lapses up to a day or has lapsed and was not renewed."""
    found = [
        *_contracts(institution, until), *_admissions(institution, until), *_credentials(institution, until),
        *_rounds(institution, until),
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.on, one.subject))


def _laboratories(institution: int) -> set[int]:
    """Those the hospital works with: under a contract not long over, or with a standing admission."""
    since = timezone.localdate().replace(day=1)
    under = Contract.objects.filter(institution_id=institution).exclude(valid_to__lt=since)
    admitted = Admission.objects.filter(institution_id=institution).standing()
    return {*under.values_list("laboratory_id", flat=True), *admitted.values_list("laboratory_id", flat=True)}


def _last(rows: Iterable[Any], *fields: str) -> list[Any]:
    """Of the rows that follow one another, the one that ends last; an open end never lapses."""
    latest: dict[tuple, Any] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in fields)
        former = latest.get(key)
        if former is None or (former.valid_to and (row.valid_to is None or row.valid_to > former.valid_to)):
            latest[key] = row
    return [row for row in latest.values() if row.valid_to is not None]


def _contracts(institution: int, until: date) -> Iterator[Lapse]:
    mine = Contract.objects.filter(institution_id=institution, laboratory__in=_laboratories(institution))
    for one in _last(mine.select_related("laboratory"), "laboratory_id"):
        if one.valid_to <= until:
            yield Lapse(
                f"contract:{one.pk}", one.valid_to, _("contract %(number)s") % {"number": one.number},
                one.laboratory.name, institution, BUYS, f"{one.laboratory.get_absolute_url()}#contracts",
            )  # fmt: skip


def _admissions(institution: int, until: date) -> Iterator[Lapse]:
    standing = Admission.objects.filter(institution_id=institution).standing().select_related("laboratory")
    for one in standing:
        if one.valid_to and one.valid_to <= until:
            yield Lapse(
                f"admission:{one.pk}", one.valid_to, _("admission, to be assessed again"), one.laboratory.name,
                institution, ADMITS, one.get_absolute_url(),
            )  # fmt: skip
    papers = AdmissionPaper.objects.filter(admission__in=standing).exclude(
        check_code__in=[one.code for one in checks.all_checks().values() if one.credential]
    )
    for paper in _last(papers.select_related("admission__laboratory").order_by("pk"), "admission_id", "check_code"):
        if paper.valid_to <= until:
            title = checks.all_checks()[paper.check_code].title
            yield Lapse(
                f"paper:{paper.pk}", paper.valid_to, f"{paper.check_code} {title}", paper.admission.laboratory.name,
                institution, ADMITS, f"{paper.admission.get_absolute_url()}#{paper.check_code}",
            )  # fmt: skip


def _credentials(institution: int, until: date) -> Iterator[Lapse]:
    papers = Credential.objects.filter(laboratory__in=_laboratories(institution)).select_related("laboratory")
    for one in _last(papers, "laboratory_id", "kind", "kind_name"):
        if one.valid_to <= until:
            yield Lapse(
                f"credential:{one.pk}", one.valid_to, str(one.label), one.laboratory.name, institution, KEEPS,
                f"{one.laboratory.get_absolute_url()}#credentials",
            )  # fmt: skip


def _rounds(institution: int, until: date) -> Iterator[Lapse]:
    rounds = LaboratoryRound.objects.filter(laboratory__in=_laboratories(institution))
    for one in _last(rounds.select_related("laboratory", "test").order_by("held_on"), "laboratory_id", "test_id"):
        if one.valid_to <= until:
            yield Lapse(
                f"round:{one.pk}", one.valid_to, _("quality assessment of %(test)s") % {"test": one.test.name},
                one.laboratory.name, institution, KEEPS, f"{one.laboratory.get_absolute_url()}#quality",
            )  # fmt: skip


def due(until: date) -> Iterator[reminding.Due]:
    """For the reminders: each hospital's people are told of what is theirs to renew."""
    for institution in Institution.objects.filter(kind=Institution.Kind.HOSPITAL):
        for one in lapses(institution.pk, until):
            text = _("%(laboratory)s: %(what)s holds until %(day)s; then the way out is shut.")
            yield reminding.Due(
                subject=f"{institution.pk}:{one.subject}",
                on=one.on,
                text=text % {"laboratory": one.laboratory, "what": one.what, "day": day(one.on)},
                people=holders(institution.pk, one.permission),
                url=one.url,
            )


def register() -> None:
    reminding.register("vendors.lapse", gettext_lazy("What lapses of laboratories and contracts"), due, leads=LEADS)
