"""What happened to a case, told in two strands that are never mixed.

The records' strand tells when the hospital acted, as its records say, often long before they came here. The
trail's strand tells what happened to these records in this system, with the trail's own times, and who read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Post, User
from audit.models import Event
from audit.steps import STEPS
from referrals.gates import Case
from referrals.gates.words import yuan
from referrals.models import MDTReview

SHOWN = 200


@dataclass
class Entry:
    """One line of the timeline component."""

    at: datetime
    sentence: str
    who: str = ""
    post: str = ""
    badge: str = ""
    kind: str = ""
    changes: list[tuple[Any, Any, Any]] = field(default_factory=list)


def of_records(case: Case) -> list[Entry]:
    """The hospital's own records of the case, oldest first."""
    return sorted(_records(case), key=lambda one: one.at)


def _records(case: Case) -> Iterator[Entry]:
    referral = case.referral
    yield Entry(referral.requested_at, _said(_("request submitted"), referral.requester))
    for one in case.discussions:
        opinion = _("agreed") if one.agreed else _("not agreed")
        yield Entry(one.held_at, _said(_("departmental discussion held: %s") % opinion, one.chair, _("chaired by")))
    for one in case.mdt_reviews:
        conclusion = _("MDT concluded: %s") % one.get_conclusion_display()
        agreed = one.conclusion == MDTReview.Conclusion.AGREE
        yield Entry(one.concluded_at, _said(conclusion, one.chair, _("chaired by")), kind="" if agreed else "bad")
    for one in case.consents:
        signer = one.relation or one.get_signer_display()
        reason = _("reason: %s") % one.reason if one.reason else ""
        yield Entry(one.signed_at, _said(_("informed consent signed by %s") % signer, note=reason))
        if one.withdrawn_at:
            yield Entry(one.withdrawn_at, _("consent withdrawn"), kind="bad")
    for one in case.approvals:
        decided = _("outsourcing approved") if one.approved else _("outsourcing not approved")
        yield Entry(one.decided_at, _said(decided, one.decided_by, _("approved by")))
    for one in case.charges:
        note = _("receipt %s") % one.receipt_no if one.receipt_no else ""
        yield Entry(one.charged_at, _said(_("charged %s") % yuan(one.amount), one.charged_by, note=note))
        if one.settled_at:
            yield Entry(one.settled_at, _said(_("fee settled"), one.settled_by, note=one.receipt_no))
        if one.reversed_at:
            yield Entry(one.reversed_at, _said(_("fee refunded"), one.reversed_by, note=one.reversal_no), kind="bad")
    for one in case.specimens:
        cells = _("tumour cells %s%%") % one.tumour_cell_percent if one.tumour_cell_percent is not None else ""
        yield Entry(one.collected_at, _said(_("sample taken"), one.collected_by, note=cells))
    for one in case.shipments:
        laboratory = case.registers.laboratories[one.laboratory_id].name
        yield Entry(one.shipped_at, _said(_("handed over to %s") % laboratory, one.shipped_by))
        if one.received_at:
            yield Entry(one.received_at, _("received by %s") % laboratory)
        if one.rejected_at:
            what = one.get_failure_display() or _("Rejected by the laboratory")
            yield Entry(one.rejected_at, _said(str(what), note=one.rejection_reason), kind="bad")
    for one in case.results:
        yield Entry(one.reported_at, _said(_("report returned: %s") % one.get_outcome_display(), note=one.findings))
    for one in case.filings:
        yield Entry(one.filed_at, _said(_("filed"), one.filed_by))
    for one in case.prescriptions:
        yield Entry(one.prescribed_at, _said(_("drug ordered: %s") % one.drug, one.prescribed_by))


def _said(sentence: str, person: User | None = None, how: str = "", note: str = "") -> str:
    """A sentence with who and what else in brackets: MDT讨论结论：同意检测（主持：某某）."""
    who = _("%(how)s: %(name)s") % {"how": how or _("by"), "name": person.name} if person else ""
    notes = "；".join(part for part in (who, note) if part)
    return f"{sentence}（{notes}）" if notes else sentence


def of_trail(case: Case) -> list[Entry]:
    """What the trail holds of this case's rows, newest first: who wrote, who read, at which step.

    Events of one transaction are one entry, and so are readings of one person in one day.
    """
    events = list(Event.objects.of_rows(_rows(case)).newest_first()[:SHOWN])
    people = User.objects.in_bulk({one.actor_id for one in events if one.actor_id})
    posts = Post.objects.select_related("role", "user").in_bulk({one.post_id for one in events if one.post_id})
    entries: dict[Any, Entry] = {}
    counts: dict[Any, int] = {}
    for event in events:
        reading = event.op == Event.Op.READ
        key = (event.actor_id, event.post_id, event.page, event.at.date()) if reading else event.xid
        counts[key] = counts.get(key, 0) + 1
        if key not in entries:
            person, post = people.get(event.actor_id), posts.get(event.post_id)
            entries[key] = Entry(
                event.at,
                "",
                who=person.name if person else "" if event.declared else event.db_user,
                post=_post(post, event.actor_id),
                kind="muted" if reading else "" if event.declared else "bad",
                badge="" if event.declared else _("Not declared"),
            )
        entries[key].sentence = _reading(event, counts[key]) if reading else _writing(event, counts[key])
        entries[key].changes += _changes(event)
    return list(entries.values())


def _post(post: Post | None, actor: int) -> str:
    """The role, and for whom when somebody stood in: 医务科，代 张三."""
    if post is None:
        return ""
    if post.user_id == actor:
        return post.role.name
    return _("%(role)s, for %(name)s") % {"role": post.role.name, "name": post.user.name}


def _rows(case: Case) -> Iterable[tuple[str, Any]]:
    referral = case.referral
    yield referral._meta.db_table, referral.pk
    yield "referrals_identity", referral.patient_id
    for name in ("discussions", "mdt_reviews", "consents", "approvals", "charges", "specimens"):
        yield from ((row._meta.db_table, row.pk) for row in getattr(case, name))
    for name in ("shipments", "results", "filings", "evidence", "prescriptions"):
        yield from ((row._meta.db_table, row.pk) for row in getattr(case, name))


def _reading(event: Event, times: int) -> str:
    if times == 1:
        return _("read this case")
    return _("read this case %s times that day") % times


def _writing(event: Event, records: int) -> str:
    step = STEPS.get(event.step)
    label = str(step.label) if step else WORDS.get(event.step.split(".")[0], lambda: _("changed the records"))()
    return _("%(step)s: %(n)s records written") % {"step": label, "n": records} if records > 1 else label


# Steps that are no arrow of the chart, by the first word of their name.
WORDS = {
    "ledger": lambda: _("imported from the ledger"),
    "patient": lambda: _("identity recorded"),
    "migrate": lambda: _("taken over by an update of the system"),
    "case": lambda: _("let somebody into this case"),
    "correction": lambda: _("corrected a mistake"),
    "patients": lambda: _("records of the patient merged or parted"),
}


def _changes(event: Event) -> list[tuple[Any, Any, Any]]:
    """The changed fields that have a name for people; identity shows as digests and is left out."""
    if event.op != Event.Op.UPDATE or event.table_name == "referrals_identity":
        return []
    model = _models().get(event.table_name)
    if model is None:
        return []
    named = {one.column: one for one in model._meta.concrete_fields if isinstance(one.verbose_name, Promise)}
    return [
        (named[column].verbose_name, _shown(named[column], before), _shown(named[column], after))
        for column, before, after in event.changes()
        if column in named and not named[column].is_relation
    ]


def _shown(column: models.Field, value: str | None) -> Any:
    return dict(column.flatchoices).get(value, value) if column.choices else value


def _models() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models()}
