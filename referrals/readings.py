"""A patient's reports as the drug rules read them: this hospital's results, and reviewed reports from outside.

What does not count says why: a research test's result (A49, PCR laboratories measure art. 5), a report from outside that
nobody has reviewed, a report that was corrected since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.targets import reading as words
from catalog.targets.reading import Reading
from referrals.models import OutsideReport, Result

RESULT_RELATED = ("referral__test", "referral__indication", "specimen", "superseded_by")


def readings_of(patients: Iterable[int], at: datetime) -> dict[int, list[Reading]]:
    """By patient: every report known at `at`; three queries whatever the number of patients."""
    keys = list(patients)
    found: dict[int, list[Reading]] = defaultdict(list)
    results = Result.objects.filter(referral__patient_id__in=keys, reported_at__lte=at)
    for result in results.select_related(*RESULT_RELATED).prefetch_related("alterations"):
        found[result.referral.patient_id].append(of_result(result, at))
    for report in OutsideReport.objects.filter(patient_id__in=keys, recorded_at__lte=at):
        found[report.patient_id].append(of_outside(report, at))
    return found


def of_case(case: Any, at: datetime) -> list[Reading]:
    """The case's own reports that count, from the records the case has read already."""
    specimens = {one.pk: one for one in case.specimens}
    later = {one.supersedes_id: one for one in case.results if one.supersedes_id}
    known = [one for one in case.results if one.reported_at <= at]
    for one in known:
        one.referral = case.referral
        if one.specimen_id:
            one.specimen = specimens.get(one.specimen_id) or one.specimen
        one._state.fields_cache["superseded_by"] = later.get(one.pk)
    return [reading for one in known if not (reading := of_result(one, at)).usable]


def of_result(result: Result, at: datetime) -> Reading:
    referral, test = result.referral, result.referral.test
    alteration = referral.indication.alteration if referral.indication else ""
    specimen = result.specimen.kind if result.specimen else ""
    rows = [(one.gene, one.variant, one.significance) for one in result.alterations.all()]
    genes = words.genes_in(f"{test.genes} {test.name}")
    return Reading(
        key=f"result:{result.pk}",
        reported_on=timezone.localdate(result.reported_at),
        collected_on=timezone.localdate(result.specimen.collected_at) if result.specimen else None,
        label=f"{test.name} {result.report_no}".strip(),
        genes=genes,
        exons=words.exons_in(f"{result.findings} {alteration} {test.name}"),
        methods=words.families_of_method(test.method),
        specimens=words.families_of_specimen(specimen or test.specimen),
        specimen=specimen or test.specimen,
        method=test.method,
        outcome=result.outcome,
        observations=_observations(rows, result.outcome, result.findings, genes, test.method),
        usable=_not_usable(result, at),
        more={"referral": str(referral.pk), "number": referral.number},
    )


def _not_usable(result: Result, at: datetime) -> str:
    later = getattr(result, "superseded_by", None)
    if later is not None and later.reported_at <= at:
        return _("replaced by a corrected report")
    if result.referral.is_research:
        return _("of a research test: it does not support a drug")
    return ""


def of_outside(report: OutsideReport, at: datetime) -> Reading:
    genes = words.genes_in(report.genes)
    rows = [(one.get("gene", ""), one.get("variant", ""), one.get("significance", "")) for one in report.alterations]
    return Reading(
        key=f"outside:{report.pk}",
        reported_on=report.reported_on,
        collected_on=report.collected_on,
        label=_("outside report: %(who)s %(number)s") % {"who": report.issuer, "number": report.report_no},
        genes=genes,
        exons=words.exons_in(f"{report.genes} {report.findings}"),
        methods=words.families_of_method(report.method),
        specimens=words.families_of_specimen(report.specimen),
        specimen=report.specimen,
        method=report.method,
        outcome=report.outcome,
        observations=_observations(rows, report.outcome, report.findings, genes, report.method),
        usable=_outside_not_usable(report, at),
        more={"outside": str(report.pk)},
    )


def _outside_not_usable(report: OutsideReport, at: datetime) -> str:
    if report.reviewed_at is None or report.reviewed_at > at:
        return _("a report from outside that has not been reviewed here")
    return "" if report.is_accepted else _("a report from outside that the review did not accept")


def _observations(
    rows: Sequence[tuple[str, str, str]], outcome: str, findings: str, genes: Iterable[str], method: str
) -> tuple[words.Observation, ...]:
    """The listed alterations, and what the findings measure besides; from the findings alone where nothing is listed."""
    listed = tuple(
        one for gene, variant, said in rows for one in words.observe(gene, variant, said, method=method)
    )  # fmt: skip
    if listed:
        return listed
    if outcome == Result.Outcome.NEGATIVE and not findings:
        return ()
    return words.from_findings(findings, genes, method)


def keys_of(used: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """The first result and the first outside report among the keys of readings."""
    first: dict[str, int] = {}
    for one in used:
        kind, _colon, pk = one["key"].partition(":")
        first.setdefault(kind, int(pk))
    return first
