"""The experts' part: comments and objections, confirming rows, signing the whole; and opening and closing it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.gates import Refused
from audit.steps import Step, move
from catalog import announcing, readiness
from catalog.actions.common import (
    DRAFT,
    REVIEW,
    held,
    lapse_sign_offs,
    member,
    reason_of,
    refused,
    step,
)
from catalog.actions.drafting import due_day
from catalog.models import CommentAnswer, Edition, EditionSignOff, Indication, RowChange, RowComment
from catalog.pathway import (
    ACCEPT_OBJECTION,
    CHECK,
    CLOSE_REVIEW,
    OPEN_REVIEW,
    REJECT_OBJECTION,
    RETURNS,
    WITHDRAW_OBJECTION,
)

Status = Edition.Status
KINDS = set(RowComment.Kind.values)


# The edition's way


@transaction.atomic
def open_review(*, edition: Edition, by: Any, due: date | None = None) -> Edition:
    """Put the draft before its experts, who are told."""
    edition = held(edition, DRAFT, by)
    _at(edition, OPEN_REVIEW)
    if missing := readiness.before_review(edition):
        raise Refused(missing)
    edition = move(edition, OPEN_REVIEW, by=by, clause="B3", review_due=due_day(due), back_reason="")
    experts = [one.user for one in edition.experts.select_related("user")]
    announcing.their_turn(edition, experts, _("the draft waits for your review."))
    return edition


@transaction.atomic
def close_review(*, edition: Edition, by: Any) -> Edition:
    """Objections resolved and enough experts agreed: on to the check of medical affairs."""
    edition = held(edition, DRAFT, by)
    _at(edition, CLOSE_REVIEW)
    if missing := readiness.before_check(edition):
        raise Refused(missing)
    edition = move(edition, CLOSE_REVIEW, by=by, clause="B3")
    announcing.their_turn(
        edition, announcing.holders(edition.institution_id, CHECK.permission), _("it waits for the check."), but=by
    )
    return edition


@transaction.atomic
def check(*, edition: Edition, by: Any, note: str = "") -> Edition:
    """Medical affairs read it through: on to the vice-president. Not by who wrote it (X14)."""
    edition = held(edition, CHECK.permission, by)
    _at(edition, CHECK)
    missing = readiness.apart(edition, by) + readiness.before_check(edition)
    if edition.experts.filter(user_id=by.pk).exists():
        said = _("You reviewed this edition as an expert; somebody else has to check it.")
        missing.append(readiness.Refusal("X14", said, ("A40",)))
    if missing:
        raise Refused(missing)
    edition = move(
        edition, CHECK, by=by, clause="A40", checked_at=timezone.now(), checked_by=by, check_note=note.strip()
    )
    deciders = announcing.holders(edition.institution_id, "catalog.decide_edition")
    announcing.their_turn(edition, deciders, _("it waits for your approval."))
    return edition


@transaction.atomic
def return_to_draft(*, edition: Edition, reason: str, by: Any) -> Edition:
    """From any station back to the draft, with the reason. What was signed lapses; comments stay."""
    edition = Edition.objects.select_for_update(of=("self",)).get(pk=edition.pk)
    back = RETURNS.get(Status(edition.status))
    if back is None:
        if not any(by.may(one.permission, edition) for one in RETURNS.values()):
            raise PermissionDenied(DRAFT)
        raise Refused.stale(edition, RETURNS[Status.EXPERT_REVIEW])
    if not by.may(back.permission, edition):
        raise PermissionDenied(back.permission)
    reason = reason_of(reason)
    with step(back.name, reason=reason, clause="A40"):
        lapse_sign_offs(edition, by)
    former = _("returned from “%(station)s”: %(reason)s") % {"station": edition.get_status_display(), "reason": reason}
    edition = move(
        edition, back, by=by, reason=reason, clause="A40", back_reason=reason, checked_at=None, checked_by=None,
        check_note="",
    )  # fmt: skip
    drafters = announcing.holders(edition.institution_id, DRAFT)
    announcing.their_turn(edition, drafters, former, but=by)
    return edition


def _at(edition: Edition, wanted: Step) -> None:
    if edition.status not in wanted.sources:
        raise Refused.stale(edition, wanted)


# Comments


@transaction.atomic
def comment(*, edition: Edition, code: str, kind: str, text: str, by: Any) -> RowComment:
    """An expert's remark or objection on a row, or with an empty code on the whole edition."""
    edition = held(edition, REVIEW, by, Status.EXPERT_REVIEW)
    member(edition, by)
    code, text = code.strip().upper(), text.strip()
    if kind not in KINDS:
        raise refused("kind", _("A comment is a remark or an objection."))
    if not text:
        raise refused("text", _("Write what you want to say."))
    if code and not _has_row(edition, code):
        raise refused("code", _("The edition has no row %(code)s.") % {"code": code})
    with step("catalog.commented", clause="B3"):
        made = RowComment.objects.create(edition=edition, code=code, kind=kind, text=text, made_by=by)
        if kind == RowComment.Kind.OBJECTION:
            # One cannot both agree to the whole and object to a part of it.
            mine = EditionSignOff.objects.filter(edition=edition, signed_by=by, lapsed_at__isnull=True)
            mine.update(lapsed_at=timezone.now(), lapsed_by=by)
    if kind == RowComment.Kind.OBJECTION:
        said = _("objection to %(code)s") % {"code": code or _("whole edition")}
        announcing.their_turn(edition, announcing.holders(edition.institution_id, DRAFT), said, but=by)
    return made


def _has_row(edition: Edition, code: str) -> bool:
    """A row of the draft, or one the draft has taken out: leaving it out may be objected to as well."""
    known = Indication.objects.filter(edition=edition, code=code).exists()
    return known or RowChange.objects.filter(edition=edition, code=code).exists()


@transaction.atomic
def answer(*, comment: RowComment, text: str, by: Any) -> CommentAnswer:
    """Answer a comment: the drafter's office, or an expert of the group."""
    permission = DRAFT if by.may(DRAFT, comment.edition) else REVIEW
    edition = held(comment.edition, permission, by, *Edition.WRITABLE)
    if permission == REVIEW:
        member(edition, by)
    if not text.strip():
        raise refused("text", _("Write what you want to say."))
    with step("catalog.answered", clause="B3"):
        made = CommentAnswer.objects.create(comment=comment, text=text.strip(), made_by=by)
    people = [comment.made_by] if comment.made_by_id != by.pk else announcing.holders(edition.institution_id, DRAFT)
    announcing.their_turn(
        edition, people, _("an answer on %(code)s") % {"code": comment.code or _("whole edition")}, but=by
    )
    return made


@transaction.atomic
def accept_objection(*, comment: RowComment, note: str, by: Any, change: RowChange | None = None) -> RowComment:
    """The objection is right and the row was changed for it. Without a change it is not accepted."""
    edition = held(comment.edition, DRAFT, by, *Edition.WRITABLE)
    comment = _objection(comment, by)
    made = RowChange.objects.filter(edition=edition, made_at__gte=comment.made_at)
    change = change or (made.filter(code=comment.code) if comment.code else made).order_by("-pk").first()
    if change is None:
        said = _("Nothing has been changed since this objection: change the row first, or reject it with the reason.")
        raise refused("objections", said, mend=edition.get_absolute_url())
    return _resolve(comment, ACCEPT_OBJECTION, reason_of(note), by, change=change)


@transaction.atomic
def reject_objection(*, comment: RowComment, reason: str, by: Any) -> RowComment:
    """The objection is not followed; the reason is kept and shown to whoever approves."""
    held(comment.edition, DRAFT, by, *Edition.WRITABLE)
    return _resolve(_objection(comment, by), REJECT_OBJECTION, reason_of(reason), by)


def _objection(comment: RowComment, by: Any) -> RowComment:
    comment = RowComment.objects.select_for_update(of=("self",)).select_related("made_by", "edition").get(pk=comment.pk)
    if comment.kind != RowComment.Kind.OBJECTION:
        raise refused("kind", _("A remark asks for no resolution."))
    if comment.made_by_id == by.pk:
        raise refused("X14", _("Whoever raised an objection does not decide on it; they may withdraw it."), "A40")
    return comment


@transaction.atomic
def withdraw_objection(*, comment: RowComment, reason: str, by: Any) -> RowComment:
    """The author takes the objection back, and says why."""
    held(comment.edition, REVIEW, by, *Edition.WRITABLE)
    comment = RowComment.objects.select_for_update(of=("self",)).select_related("made_by", "edition").get(pk=comment.pk)
    if comment.kind != RowComment.Kind.OBJECTION:
        raise refused("kind", _("A remark asks for no resolution."))
    if comment.made_by_id != by.pk:
        raise refused("X14", _("Only who raised an objection withdraws it."), "A40")
    return _resolve(comment, WITHDRAW_OBJECTION, reason_of(reason), by)


def _resolve(comment: RowComment, how: Step, text: str, by: Any, **changes: Any) -> RowComment:
    done = {"resolved_at": timezone.now(), "resolved_by": by, "resolution": text}
    comment = move(comment, how, by=by, reason=text, clause="B3", **done, **changes)
    announcing.their_turn(
        comment.edition, [comment.made_by],
        _("your objection to %(code)s: %(how)s") % {"code": comment.code, "how": comment.get_status_display()}, but=by,
    )  # fmt: skip
    return comment


# Confirming rows, signing the whole


@transaction.atomic
def confirm_rows(*, edition: Edition, codes: Iterable[str], by: Any) -> int:
    """A named expert has read these rows against their sources: from today they are 已复核. All of them or none.

    A row that itself says 待核 or 按当年版核对 is first given what the source says.
    """
    edition = held(edition, REVIEW, by, Status.EXPERT_REVIEW)
    member(edition, by)
    wanted = {code.strip().upper() for code in codes if code.strip()}
    lines = list(Indication.objects.select_for_update().filter(edition=edition, code__in=wanted).order_by("code"))
    if not lines or len(lines) != len(wanted):
        gone = sorted(wanted - {line.code for line in lines})
        said = _("The edition has no row %(code)s.") % {"code": "、".join(gone) or "—"}
        raise refused("code", said)
    missing = []
    for line in lines:
        if line.unchecked:
            said = _(
                "%(code)s itself says that it is not settled (%(fields)s): medical affairs first writes what the source says."
            )
            values = {"code": line.code, "fields": "、".join(line.unchecked)}
            missing.append(readiness.refusal("marks", said % values, clause="B2"))
    objected = edition.comments.filter(
        kind=RowComment.Kind.OBJECTION, status=RowComment.Status.OPEN, made_by=by, code__in=wanted
    )
    for one in objected:
        said = _("Your own objection to %(code)s is open; withdraw it or wait for its answer.")
        missing.append(readiness.refusal("objections", said % {"code": one.code}))
    if missing:
        raise Refused(missing)
    with step("catalog.row_confirmed", clause="B2"):
        keys = [line.pk for line in lines if not line.is_reviewed]
        return Indication.objects.filter(pk__in=keys).update(reviewed_on=timezone.localdate(), reviewed_by=by)


@transaction.atomic
def take_back_confirmation(*, line: Indication, by: Any) -> None:
    """An expert of the group no longer stands by a confirmation; anybody of the group may question it."""
    edition = held(line.edition, REVIEW, by, Status.EXPERT_REVIEW)
    member(edition, by)
    with step("catalog.row_confirmation_taken_back", clause="B2"):
        Indication.objects.filter(pk=line.pk).update(reviewed_on=None, reviewed_by=None)


@transaction.atomic
def sign_off(*, edition: Edition, agreed: bool, by: Any, note: str = "") -> EditionSignOff:
    """An expert's yes or no to the whole list as it stands now; a no says why. A later one takes its place."""
    edition = held(edition, REVIEW, by, Status.EXPERT_REVIEW)
    seat = member(edition, by)
    if not agreed and not note.strip():
        raise refused("note", _("Say what you do not agree with."))
    mine = edition.comments.filter(kind=RowComment.Kind.OBJECTION, status=RowComment.Status.OPEN, made_by=by)
    if agreed and mine.exists():
        raise refused("objections", _("Your own objection is still open: withdraw it or wait until it is resolved."))
    with step("catalog.signed_off", clause="B3"):
        EditionSignOff.objects.filter(expert=seat, lapsed_at__isnull=True).update(
            lapsed_at=timezone.now(), lapsed_by=by
        )
        return EditionSignOff.objects.create(
            edition=edition, expert=seat, agreed=agreed, note=note.strip(), signed_by=by
        )
