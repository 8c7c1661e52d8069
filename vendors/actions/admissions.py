"""The application of a laboratory and what is gathered for it: names, papers, visit, panel (A25, A41, B8, B9)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegations import one_with
from accounts.notices import tell
from accounts.queries import holders
from audit import declaring
from audit.gates import Refused
from audit.refusing import needed
from audit.steps import move
from catalog import changes
from documents.files import Upload
from vendors import admission_pathway as pathway
from vendors import checks, readiness
from vendors.actions.acting import hospital_of, in_order, kept, reason_of, refused
from vendors.models import Admission, AdmissionPaper, Credential, Laboratory, PanelMember, Route, SiteVisit
from vendors.models.admissions import IDENTITY

KEEP, SCORE, BUY = "vendors.keep_admissions", "vendors.score_admission", "vendors.manage_contracts"
HIGHEST = 100
VISITORS = 2


def held(admission: Admission, *statuses: str) -> Admission:
    """The admission, locked. Two acts never cross; one at another station says where it stands."""
    found = Admission.objects.select_for_update(of=("self",)).select_related("laboratory", "institution")
    admission = found.get(pk=admission.pk)
    if statuses and admission.status not in statuses:
        said = _("The admission of %(laboratory)s stands at “%(status)s”; this cannot be done there.")
        values = {"laboratory": admission.laboratory.name, "status": admission.get_status_display()}
        raise refused("out_of_turn", said % values, "A25", mend=admission.get_absolute_url())
    return admission


@transaction.atomic
def apply(
    *, laboratory: Laboratory, tests: Iterable[Any], route: str, route_reason: str, licence_holder: str,
    contract_party: str, invoice_issuer: str, payee: str, by: Any,
) -> Admission:  # fmt: skip
    """A laboratory applies to the hospital, or is assessed again while its admission stands."""
    institution = hospital_of(by, KEEP)
    named = needed(
        route_reason=route_reason, licence_holder=licence_holder, contract_party=contract_party,
        invoice_issuer=invoice_issuer, payee=payee,
    )  # fmt: skip
    tests = list(tests)
    if not tests:
        raise ValidationError({"tests": _("Name the tests the laboratory is to take.")})
    if route not in Route.values:
        raise ValidationError({"route": _("A test goes by one of these ways only: alliance, group or third party.")})
    mine = Admission.objects.select_for_update().filter(institution=institution, laboratory=laboratory)
    barred = mine.filter(status=Admission.Status.BARRED).exclude(barred_until__lt=timezone.localdate())
    if barred.exists():
        said = _("%(laboratory)s is barred by this hospital and cannot apply.") % {"laboratory": laboratory.name}
        raise refused("barred", said, "B8")
    if mine.filter(status__in=Admission.MAKING).exists():
        raise refused("once", _("An application of this laboratory is being worked on already."), "A25")
    with declaring.step("admission.applied", clause="A25,B8"):
        made = Admission.objects.create(
            institution=institution, laboratory=laboratory, route=route, applied_by=by, **named
        )
        made.tests.set(tests)
    return made


@transaction.atomic
def put_names(*, admission: Admission, reason: str, by: Any, **names: str) -> Admission:
    """The four names put right before the conclusion (Q01)."""
    hospital_of(by, KEEP, admission)
    admission = held(admission, *Admission.MAKING)
    reason, named = reason_of(reason), needed(**{name: names[name] for name in IDENTITY})
    with declaring.step("admission.identity", reason=reason, clause="A25,A28"):
        for name, text in named.items():
            setattr(admission, name, text)
        admission.save(update_fields=[*IDENTITY])
    return admission


@transaction.atomic
def record_paper(
    *, admission: Admission, check: str, verdict: str, by: Any, number: str = "", valid_from: date | None = None,
    valid_to: date | None = None, note: str = "", file: Upload | None = None,
) -> AdmissionPaper:  # fmt: skip
    """The finding of one check, with its paper. In force at once; a renewed paper is recorded the same way."""
    institution = hospital_of(by, KEEP, admission)
    admission = held(admission, *Admission.MAKING, *Admission.STANDING)
    wanted = checks.all_checks().get(check)
    if wanted is None:
        raise ValidationError({"check": _("This check is not known.")})
    number, note = number.strip(), note.strip()
    in_order(valid_from, valid_to)
    if verdict == AdmissionPaper.Verdict.MET:
        given = {"number": number, "valid_to": valid_to, "file": file}
        if lacking := [name for name in wanted.needs if not given[name]]:
            said = _("%(code)s cannot be met without this.") % {"code": check}
            raise ValidationError(dict.fromkeys(lacking, said))
        if check == "Q08" and not checks.REGISTRATION.search(number.replace(" ", "")):
            raise ValidationError({"number": _("This is no registration number of a medical device.")})
    elif not note:
        raise ValidationError({"note": _("Say what was found.")})
    with declaring.step("admission.paper", clause="A25,B8"):
        stored = kept(file, by, institution)
        made = AdmissionPaper.objects.create(
            institution=institution, admission=admission, check_code=check, verdict=verdict, number=number,
            valid_from=valid_from, valid_to=valid_to, note=note, file=stored, recorded_by=by,
        )  # fmt: skip
        if wanted.credential and verdict == AdmissionPaper.Verdict.MET:
            # Typed once: the certificate goes into the county's register, which X06 reads.
            first = valid_from or timezone.localdate()
            Credential.objects.get_or_create(
                laboratory=admission.laboratory, kind=wanted.credential, number=number[:60],
                defaults={"valid_from": first, "valid_to": valid_to},
            )  # fmt: skip
    changes.announce()
    return made


@transaction.atomic
def record_visit(
    *, admission: Admission, visited_on: date, place: str, visitors: Iterable[Any], findings: str, passed: bool,
    by: Any, file: Upload | None = None,
) -> SiteVisit:  # fmt: skip
    """At least two people of the hospital went and looked (A25)."""
    institution = hospital_of(by, KEEP, admission)
    admission = held(admission, *Admission.MAKING)
    named = needed(place=place, findings=findings)
    visitors = list(visitors)
    if len({one.pk for one in visitors}) < VISITORS:
        raise ValidationError({"visitors": _("At least two people go.")})
    if visited_on > timezone.localdate():
        raise ValidationError({"visited_on": _("This day is still to come.")})
    with declaring.step("admission.visited", clause="A25"):
        made = SiteVisit.objects.create(
            institution=institution, admission=admission, visited_on=visited_on, passed=passed, recorded_by=by,
            file=kept(file, by, institution), **named,
        )  # fmt: skip
        made.visitors.set(visitors)
    return made


# The panel


@transaction.atomic
def name_member(*, admission: Admission, user: Any, by: Any) -> PanelMember:
    """Name somebody to the panel: not the one who applied, nor anybody who buys (vocab §1: R13 does not score)."""
    institution = hospital_of(by, KEEP, admission)
    admission = held(admission, *Admission.MAKING)
    if user.pk == admission.applied_by_id:
        raise refused("X14", _("Whoever put the application in does not assess it."), "B8")
    if not holders(institution.pk, SCORE).filter(pk=user.pk).exists():
        raise ValidationError({"user": _("This person holds no post here that assesses laboratories.")})
    if holders(institution.pk, BUY).filter(pk=user.pk).exists():
        raise refused(
            "X14", _("Whoever buys does not score: this person holds a post of the procurement office."), "B9"
        )
    if admission.panel.filter(user=user, released_at__isnull=True).exists():
        raise ValidationError({"user": _("This person is named already.")})
    with declaring.step("admission.member_named", clause="B8"):
        made = PanelMember.objects.create(institution=institution, admission=admission, user=user, named_by=by)
    said = _("You are named to assess %(laboratory)s; declare your interests first.")
    tell(user, said % {"laboratory": admission.laboratory.name}, admission.get_absolute_url())
    return made


@transaction.atomic
def release_member(*, admission: Admission, user: Any, reason: str, by: Any) -> PanelMember:
    """Out of the panel, with the reason; what was declared stays."""
    hospital_of(by, KEEP, admission)
    admission, reason = held(admission, *Admission.MAKING), reason_of(reason, "B8")
    member = admission.panel.select_for_update().filter(user=user, released_at__isnull=True).first()
    if member is None:
        raise refused("stale", _("This person is not in the panel."), "B8")
    if member.score is not None:
        raise refused("X14", _("Whoever has scored is not taken out of the panel any more."), "B8")
    with declaring.step("admission.member_released", reason=reason, clause="B8"):
        member.released_at, member.released_by = timezone.now(), by
        member.save(update_fields=["released_at", "released_by"])
    return member


def _seat(admission: Admission, by: Any) -> PanelMember:
    """One's own seat: nobody declares or scores for another, not even in a lent post (X14)."""
    if not by.may(SCORE, admission):
        raise PermissionDenied(SCORE)
    member = admission.panel.select_for_update().filter(user_id=by.pk, released_at__isnull=True).first()
    if member is None:
        raise PermissionDenied(SCORE)
    return member


@transaction.atomic
def declare_interest(*, admission: Admission, is_tied: bool, interest: str, by: Any) -> PanelMember:
    """Each member declares first (B9). Said once: a tie is not taken back to be able to score."""
    admission = held(admission, *Admission.MAKING)
    member = _seat(admission, by)
    if member.is_tied is not None:
        raise refused("stale", _("Your declaration is on record already."), "B9")
    interest = interest.strip()
    if is_tied and not interest:
        raise ValidationError({"interest": _("Say what ties you to the laboratory.")})
    with declaring.step("admission.interest_declared", clause="B9"):
        member.is_tied, member.interest, member.declared_at = is_tied, interest[:300], timezone.now()
        member.save(update_fields=["is_tied", "interest", "declared_at"])
    return member


@transaction.atomic
def score(*, admission: Admission, score: int, opinion: str, by: Any) -> PanelMember:
    """A member's score of 0 to 100 with the grounds: after the declaration, and only without a tie (B8, B9)."""
    admission = held(admission, Admission.Status.ASSESSING)
    member = _seat(admission, by)
    here = admission.get_absolute_url() + "#panel"
    if member.is_tied is None:
        raise refused("B9", _("Declare your interests first; then score."), "B9", mend=here)
    tied = admission.panel.filter(user_id__in=one_with(by), is_tied=True)
    if member.is_tied or tied.exists():
        said = _("You declared a tie to %(laboratory)s and do not score it.") % {
            "laboratory": admission.laboratory.name
        }
        raise refused("B9", said, "B9")
    if member.score is not None:
        raise refused("stale", _("Your score is on record already."), "B8")
    if not 0 <= score <= HIGHEST:
        raise ValidationError({"score": _("A score lies between 0 and 100.")})
    opinion = needed(opinion=opinion)["opinion"]
    with declaring.step("admission.scored", clause="B8"):
        member.score, member.opinion, member.scored_at = score, opinion[:500], timezone.now()
        member.save(update_fields=["score", "opinion", "scored_at"])
    return member


# Into the assessment and back


@transaction.atomic
def open_assessment(*, admission: Admission, by: Any) -> Admission:
    """Every check has a finding and the panel is named."""
    hospital_of(by, KEEP, admission)
    admission = held(admission)
    if admission.status in pathway.OPEN.sources and (lacking := readiness.against_opening(admission)):
        raise Refused(lacking)
    moved = move(admission, pathway.OPEN, by=by, clause="A25,B8")
    members = admission.panel.filter(released_at__isnull=True).select_related("user")
    said = _("The assessment of %(laboratory)s is open: give your score.")
    tell([one.user for one in members], said % {"laboratory": admission.laboratory.name}, admission.get_absolute_url())
    return moved


@transaction.atomic
def send_back(*, admission: Admission, reason: str, by: Any) -> Admission:
    """Back to the application, for what is lacking."""
    hospital_of(by, KEEP, admission)
    reason = reason_of(reason)
    return move(held(admission), pathway.RETURN, by=by, reason=reason, clause="A25", last_reason=reason)
