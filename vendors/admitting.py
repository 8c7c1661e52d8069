"""May this laboratory take this test from this hospital at this moment? One judgement, read by X06, by the allocation
and by every page (clauses A25, A41, B8).

A laboratory needs an admission of the hospital that stands at the moment, covers the test, has not run out, whose
vetoing papers hold, and whose latest quality round of the test was passed (Q05). A laboratory read from the hospital's
ledger (`Origin.LEDGER`), of which the hospital has concluded no admission yet, counts as admitted by its contract: the
ledger knows no admissions, and its history stays as it was. The first conclusion ends that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from documents.templatetags.formats import day
from vendors import checks
from vendors.models import Admission, AdmissionPaper, AdmissionSpan, Laboratory, LaboratoryRound, Origin

NOT_ADMITTED = _("%(laboratory)s is not admitted by this hospital: the way out is shut.")
ENDED = _("The admission of %(laboratory)s ended on %(day)s (%(status)s): the way out is shut.")
SUSPENDED = _("%(laboratory)s is suspended since %(day)s (%(reason)s): the way out is shut.")
NOT_THIS_TEST = _("%(laboratory)s is not admitted for the test “%(test)s”: the way out is shut.")
RUN_OUT = _("The admission of %(laboratory)s ran out on %(day)s; it has to be assessed again: the way out is shut.")
PAPER_LAPSED = _("%(paper)s of %(laboratory)s lapsed on %(day)s: the way out is shut.")
PAPER_NOT_MET = _("%(paper)s of %(laboratory)s is no longer met: the way out is shut.")
ROUND_FAILED = _(
    "%(laboratory)s did not pass the latest quality assessment of “%(test)s” (%(round)s, %(day)s): the way out is shut."
)


def querysets(institutions: Iterable[int], tests: Iterable[int]) -> dict[str, QuerySet]:
    """The rows a batch of cases is judged by, under the names `Admissions.of` takes them."""
    here = {"institution_id__in": list(institutions)}
    # The three credentials are judged from their own register, wherever they were renewed.
    vetoing = [one.code for one in checks.all_checks().values() if one.is_veto and not one.credential]
    return {
        "admissions": Admission.objects.filter(**here, concluded_at__isnull=False).order_by("pk"),
        "admission_spans": AdmissionSpan.objects.filter(**here).order_by("starts_at", "pk"),
        "admission_papers": AdmissionPaper.objects.filter(
            **here, check_code__in=vetoing, admission__concluded_at__isnull=False
        ).order_by("pk"),
        "laboratory_rounds": LaboratoryRound.objects.filter(test_id__in=list(tests)).order_by("held_on", "pk"),
    }


class Admissions:
    """Admissions of some hospitals, judged without further queries."""

    def __init__(self, rows: dict[str, list[Any]]):
        self.admissions = _by(rows["admissions"], "institution_id", "laboratory_id")
        self.spans = _by(rows["admission_spans"], "institution_id", "laboratory_id")
        self.papers = _by(rows["admission_papers"], "admission_id", "check_code")
        self.rounds = _by(rows["laboratory_rounds"], "laboratory_id", "test_id")
        self.held = {one.pk: one for one in rows["admissions"]}

    @classmethod
    def of(cls, institutions: Iterable[int], tests: Iterable[int]) -> Admissions:
        return cls({name: list(found) for name, found in querysets(institutions, tests).items()})

    def span(self, institution: int, laboratory: int, at: datetime) -> AdmissionSpan | None:
        """How the laboratory stood there at that moment; None: not admitted, or judged by its contract."""
        found = self.spans.get((institution, laboratory), [])
        return next(
            (one for one in reversed(found) if one.starts_at <= at and (not one.ends_at or one.ends_at > at)), None
        )

    def by_contract(self, institution: int, laboratory: Laboratory, at: datetime) -> bool:
        """Whether a ledger's laboratory is admitted by its contract: no admission was concluded by then."""
        return laboratory.origin == Origin.LEDGER and not self._concluded(institution, laboratory, at)

    def against(self, institution: int, laboratory: Laboratory, test: Any, at: datetime) -> list[str]:
        """Every reason why the test may not go there at that moment, in words; none: it may."""
        return [
            str(one) for one in (*self._standing(institution, laboratory, test, at), *self._round(laboratory, test, at))
        ]

    def _concluded(self, institution: int, laboratory: Laboratory, at: datetime) -> list[Admission]:
        found = self.admissions.get((institution, laboratory.pk), [])
        return [one for one in found if one.concluded_at <= at]

    def _standing(self, institution: int, laboratory: Laboratory, test: Any, at: datetime) -> Iterator[Any]:
        if self.by_contract(institution, laboratory, at):
            return
        named = {"laboratory": laboratory.name, "test": test.name}
        span = self.span(institution, laboratory.pk, at)
        if span is None:
            ended = [one for one in self._concluded(institution, laboratory, at) if one.ended_at and one.ended_at <= at]
            if not ended:
                yield NOT_ADMITTED % named
                return
            last = max(ended, key=lambda one: (one.ended_at or at, one.pk))
            yield ENDED % {
                **named, "day": day(timezone.localdate(last.ended_at)), "status": last.get_status_display(),
            }  # fmt: skip
            return
        if span.kind == AdmissionSpan.Kind.SUSPENDED:
            yield SUSPENDED % {**named, "day": day(timezone.localdate(span.starts_at)), "reason": span.reason}
        elif test.pk not in span.test_ids:
            yield NOT_THIS_TEST % named
        admission = self.held.get(span.admission_id)
        on = timezone.localdate(at)
        if admission and admission.valid_to and admission.valid_to < on:
            yield RUN_OUT % {**named, "day": day(admission.valid_to)}
        yield from self._papers(span.admission_id, laboratory, on, at)

    def _papers(self, admission: int, laboratory: Laboratory, on: date, at: datetime) -> Iterator[Any]:
        for check in checks.all_checks().values():
            known = [one for one in self.papers.get((admission, check.code), []) if one.recorded_at <= at]
            if not known:
                continue
            named = {"laboratory": laboratory.name, "paper": check.title}
            if known[-1].verdict == AdmissionPaper.Verdict.NOT_MET:
                yield PAPER_NOT_MET % named
            elif not any(holds(one, on) for one in known):
                yield PAPER_LAPSED % {**named, "day": day(max(one.valid_to for one in known if one.valid_to))}

    def _round(self, laboratory: Laboratory, test: Any, at: datetime) -> Iterator[Any]:
        last = self.latest_round(laboratory.pk, test.pk, timezone.localdate(at))
        if last is not None and not last.passed:
            named = {"laboratory": laboratory.name, "test": test.name, "round": str(last)}
            yield ROUND_FAILED % {**named, "day": day(last.held_on)}

    def latest_round(self, laboratory: int, test: int, on: date) -> LaboratoryRound | None:
        known = [one for one in self.rounds.get((laboratory, test), []) if one.held_on <= on]
        return known[-1] if known else None


def holds(paper: AdmissionPaper, on: date) -> bool:
    """Whether a finding holds that day: met or not applicable, and not lapsed. Without days it holds until the next."""
    fine = paper.verdict in (AdmissionPaper.Verdict.MET, AdmissionPaper.Verdict.NOT_APPLICABLE)
    return fine and (paper.valid_to is None or paper.valid_to >= on)


def _by(rows: Iterable[Any], *fields: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[tuple(getattr(row, name) for name in fields)].append(row)
    return found
