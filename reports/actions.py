"""Every write of a report: asking for it, its text, and its way to the bureau and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from accounts.models import Institution, User
from audit import declaring
from audit.gates import Refusal, Refused
from audit.steps import Step, in_turn, move
from referrals.models import Referral
from reports import building, indicators, pdf, status_table, wording
from reports import figures as counted_figures
from reports.compiling import figures_of
from reports.models import Report, ReportReceipt, Status
from reports.pathway import (
    EDITED,
    RECEIVED,
    RETRIED,
    RETURNED,
    REVIEWED,
    SIGNED_OFF,
    SUBMITTED,
)
from reports.periods import Period

NUMBER_FORM = re.compile(r"[^\s〔〕]{1,20}〔20\d\d〕[1-9]\d{0,4}号")


def _refuse(code: str, message: str, *, mend: str = "", mend_label: str = "") -> Refused:
    return Refused(Refusal(code, message, (), mend, mend_label))


def _person(by: User) -> None:
    """A machine builds; it reviews, signs and sends nothing."""
    if by.is_machine:
        raise PermissionDenied("reports.machine")


# --- Asking for a report ---


@transaction.atomic
def ask(*, institution: Institution, period: Period, by: User) -> tuple[Report, bool]:
    """The report of that period, and whether a new revision was asked for now.

    There is nothing to do while one is being built or while the figures are what they were; a failed one is tried
    again. A new revision is made when figures changed, or after the bureau returned the last one.
    """
    asked = Report(
        institution=institution,
        period_kind=period.kind,
        period=period.code,
        period_start=period.start,
        period_end=period.end,
    )
    if not by.may("reports.build_report", asked):
        raise PermissionDenied("reports.build_report")
    if not period.is_closed:
        raise _refuse(
            "open", _("%(period)s has not ended yet; its report is built once it has.") % {"period": period.label}
        )
    if not Referral.objects.filter(institution=institution).exists():
        raise _refuse(
            "empty", _("%(institution)s has no referrals yet; import its ledger first.") % {"institution": institution}
        )
    last = Report.objects.of(institution, period).first()
    if last is not None:
        if last.status == Status.BUILDING:
            return last, False
        if last.status == Status.FAILED:
            return retry(report=last, by=by), True
        if last.status != Status.RETURNED and not figures_changed(last):
            return last, False
        _carry_over(last, asked)
    asked.requested_by, asked.stage = by, "waiting"
    try:
        with transaction.atomic(), declaring.step("report.asked"):
            asked.save(force_insert=True)
    except IntegrityError:
        # Somebody asked in the same moment: theirs is the one.
        return Report.objects.of(institution, period).get(revision=asked.revision), False
    return asked, True


def _carry_over(last: Report, asked: Report) -> None:
    """A new revision goes on from the text of the one before."""
    asked.revision = last.revision + 1
    asked.narrative = {key: text for key, text in last.narrative.items() if key != "preamble"}
    asked.contact_name, asked.contact_phone = last.contact_name, last.contact_phone


def figures_changed(report: Report) -> bool:
    """Whether counting today gives other figures than the report froze."""
    now = figures_of(report.institution, report.span).to_json()
    return counted_figures.sha256(now) != report.figures_sha256


def retry(*, report: Report, by: User) -> Report:
    """Let a report that failed be built once more, from the start."""
    return move(report, RETRIED, by=by, attempts=0, error="", stage="waiting", percent=0)


# --- Its text ---


@transaction.atomic
def edit_narrative(
    *, report: Report, version: int, texts: Mapping[str, str], contact: Mapping[str, str], by: User
) -> Report:
    """Replace the office's own words. `version` is the one the person started from: nobody's words are lost to
    someone who began earlier."""
    _person(by)
    texts = {key: text.replace("\r\n", "\n").strip() for key, text in texts.items() if key in wording.WRITTEN}
    locked = Report.objects.select_for_update().get(pk=report.pk)
    if locked.status in EDITED.sources and locked.narrative_version != version:
        raise _refuse(
            "stale",
            _("Someone else saved this text in the meantime. Yours is still in the form, theirs stands beside it."),
        )
    return move(
        locked,
        EDITED,
        by=by,
        narrative={**locked.narrative, **texts},
        narrative_version=version + 1,
        contact_name=contact.get("contact_name", locked.contact_name).strip(),
        contact_phone=contact.get("contact_phone", locked.contact_phone).strip(),
        reviewed_at=None,
        reviewed_by=None,
    )


def current_paper(*, report: Report, by: User) -> Report:
    """The report with a paper that shows its text as it is now."""
    if report.is_editable and report.paper_version != report.narrative_version:
        with transaction.atomic(), declaring.step("report.paper"):
            changes = building.set_paper(report, by=by)
            Report.objects.filter(pk=report.pk, narrative_version=report.narrative_version).update(**changes)
        report.refresh_from_db()
    return report


# --- Its way ---


def _latest_only(report: Report, step: Step, by: User) -> None:
    if not report.is_latest:
        raise _refuse("superseded", _("There is a newer revision of this report; go on with that one."))
    in_turn(report, step, by=by)


def _as_read(report: Report, version: int | None) -> None:
    """The text is the one the person has read; None where nobody read it on a page."""
    if version is not None and version != report.narrative_version:
        raise _refuse("stale", _("The text has changed since you opened this page; read it again first."))


@transaction.atomic
def review(*, report: Report, by: User, version: int | None = None) -> Report:
    """核稿: figures and text were read through."""
    _person(by)
    if not by.may(REVIEWED.permission, report):
        raise PermissionDenied(REVIEWED.permission)
    _latest_only(report, REVIEWED, by)
    _as_read(report, version)
    return move(report, REVIEWED, by=by, reviewed_at=timezone.now(), reviewed_by=by)


@transaction.atomic
def sign_off(*, report: Report, document_number: str, by: User, version: int | None = None) -> Report:
    """签发: the report gets its number and day, and the paper is set anew with both. Nobody signs what they
    reviewed (X14)."""
    _person(by)
    if not by.may(SIGNED_OFF.permission, report):
        raise PermissionDenied(SIGNED_OFF.permission)
    _latest_only(report, SIGNED_OFF, by)
    _as_read(report, version)
    if report.reviewed_by_id in one_with(by):
        raise _refuse("X14", _("You reviewed this report; someone else has to sign it off."))
    number = document_number.strip()
    if not NUMBER_FORM.fullmatch(number):
        raise _refuse(
            "number", _("A document number looks like 岚总医〔2026〕58号: hexagonal brackets, no leading zero.")
        )
    # Whoever signs off second waits here, and then finds no reviewed report.
    locked = (
        Report.objects.select_for_update(of=("self",)).select_related("institution__supervised_by").get(pk=report.pk)
    )
    in_turn(locked, SIGNED_OFF, by=by, was=report.status)
    if Report.objects.filter(institution=locked.institution_id, document_number=number).exists():
        raise _refuse("number", _("The document number %(number)s has been given already.") % {"number": number})
    now = timezone.now()
    signature = pdf.Signature(number, by.name, timezone.localtime(now).date())
    with declaring.step(SIGNED_OFF.name):
        paper = building.set_paper(locked, by=by, signature=signature)
    return move(locked, SIGNED_OFF, by=by, document_number=number, signed_off_at=now, signed_off_by=by, **paper)


def suggested_number(report: Report, year: int) -> str:
    """The next number of the year in the hospital's own series here; the office may have another."""
    prefix = report.institution.document_prefix or report.institution.name
    start = f"{prefix}〔{year}〕"
    given = Report.objects.filter(institution=report.institution_id, document_number__startswith=start).values_list(
        "document_number", flat=True
    )
    last = max((int(number[len(start) : -1]) for number in given if number[len(start) : -1].isdigit()), default=0)
    return f"{start}{last + 1}号"


@transaction.atomic
def submit(*, report: Report, by: User) -> Report:
    """Send the signed report to the bureau, which sees it from now on."""
    _person(by)
    if not by.may(SUBMITTED.permission, report):
        raise PermissionDenied(SUBMITTED.permission)
    _latest_only(report, SUBMITTED, by)
    return move(report, SUBMITTED, by=by, submitted_at=timezone.now(), submitted_by=by)


@transaction.atomic
def receive(*, report: Report, by: User) -> Report:
    """The bureau takes the report in; from now on it is locked for good."""
    _person(by)
    return move(report, RECEIVED, by=by, received_at=timezone.now(), received_by=by)


@transaction.atomic
def return_with_comment(*, report: Report, comment: str, by: User) -> Report:
    """The bureau gives the report back and says why; the hospital answers with a new revision."""
    _person(by)
    if not comment.strip():
        raise _refuse("comment", _("Say what has to be put right."))
    return move(
        report,
        RETURNED,
        by=by,
        reason=comment.strip(),
        returned_at=timezone.now(),
        returned_by=by,
        return_comment=comment.strip(),
    )


# --- Copies ---


def leave_receipt(*, report: Report, kind: str, sha256: str, by: User) -> ReportReceipt:
    """Record that a copy was taken, and of exactly what."""
    if not by.may("reports.download_report", report):
        raise PermissionDenied("reports.download_report")
    with transaction.atomic(), declaring.step("report.downloaded"):
        return ReportReceipt.objects.create(
            report=report,
            institution_id=report.institution_id,
            kind=kind,
            sha256=sha256,
            downloaded_by=by,
            post=str(by.post or ""),
        )


def summary(report: Report) -> dict[str, Any]:
    """What a program gets of a built report: `build_report --json` and the API print the same."""
    figures = counted_figures.Figures.from_json(report.figures or {})
    names = {one.code: one for one in indicators.recorded()}
    return {
        "institution": report.institution.code,
        "period": report.period,
        "revision": report.revision,
        "status": report.status,
        "indicators": {
            one.code: {
                "numerator": one.current.numerator,
                "denominator": one.current.denominator,
                "clauses": list(names[one.code].clauses),
            }
            for one in figures.indicators
        },
        "status_table": {
            str(form.number): {when: figures.of_row(form.number, when) for when in ("current", "previous", "year")}
            for form in status_table.forms()
        },
        "checkpoint": report.checkpoint or {},
        "sha256": report.sha256,
        "figures_sha256": report.figures_sha256,
    }
