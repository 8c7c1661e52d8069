"""Publishing a list: a snapshot nobody changes, with its digest in the trail (A13, B14, B25); the complaint channel;
the places where lists hang, and the checks on site."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution
from audit import declaring
from documents import files
from vendors import publishing
from vendors.actions.held import may, needed, refused
from vendors.models import Board, ComplaintChannel, PostingPlace, PriceChange, Publication, SiteCheck, canonical

PUBLISH = "vendors.publish_prices"
KEEP_CHANNEL = "vendors.keep_channel"
CHECK = "vendors.check_postings"
# Who publishes which list, and the clauses it answers.
PUBLISHERS = {Board.PRICES: PUBLISH, Board.OUTSOURCED: PUBLISH, Board.COMPLAINTS: KEEP_CHANNEL}
CLAUSES = {Board.PRICES: ("A13", "B14"), Board.OUTSOURCED: ("A13", "B14"), Board.COMPLAINTS: ("B25",)}


@transaction.atomic
def publish_list(*, institution: Institution, board: str, by: Any, change: PriceChange | None = None) -> Publication:
    """The list as it stands today becomes the one the public reads. Refused while an element is missing (B25), and
    when the last publication says the same already."""
    board = Board(board)
    may(by, PUBLISHERS[board], Publication(institution=institution, board=board))
    # One after the other: numbers have no gaps.
    Institution.objects.select_for_update().get(pk=institution.pk)
    if missing := publishing.missing_of(institution, board):
        said = _("Nothing is published while an element is missing: %(elements)s.") % {"elements": "、".join(missing)}
        raise refused("B25", said, CLAUSES[board])
    now = timezone.now()
    content = publishing.content_of(institution, board, timezone.localdate(now))
    last = Publication.objects.latest_of(institution.pk, board)
    digest = hashlib.sha256(canonical(content)).hexdigest()
    if last and last.content_sha256 == digest:
        if change is not None:
            return last
        raise refused("published", _("The list says what its last publication says; there is nothing to publish."))
    with declaring.step("list.published", reason=f"{board} {digest}", clause=",".join(CLAUSES[board])):
        made = Publication.objects.create(
            institution=institution,
            board=board,
            number=last.number + 1 if last else 1,
            content=content,
            content_sha256=digest,
            published_at=now,
            published_by=by,
            change=change,
        )
        if board == Board.COMPLAINTS:
            # Consents and notices name the same telephone.
            phone = content["channel"]["phone"][:40]
            Institution.objects.filter(pk=institution.pk).exclude(complaint_phone=phone).update(complaint_phone=phone)
    return made


@transaction.atomic
def keep_channel(*, institution: Institution, by: Any, **elements: str) -> ComplaintChannel:
    """The five elements of B25 as they are kept; the public reads them once they are published."""
    channel = ComplaintChannel.objects.select_for_update().filter(institution=institution).first()
    channel = channel or ComplaintChannel(institution=institution)
    may(by, KEEP_CHANNEL, channel)
    for name in ComplaintChannel.ELEMENTS:
        setattr(channel, name, (elements.get(name) or "").strip())
    channel.kept_by = by
    channel.full_clean(exclude=["institution", "kept_by"])
    with declaring.step("channel.kept", clause="B25"):
        channel.save()
    return channel


@transaction.atomic
def add_place(*, institution: Institution, board: str, medium: str, name: str, by: Any) -> PostingPlace:
    """A place where a list has to be seen from now on."""
    place = PostingPlace(institution=institution, board=board, medium=medium, name=needed(name=name)["name"][:100])
    may(by, CHECK, place)
    place.full_clean(exclude=["institution"], validate_constraints=False)
    if PostingPlace.objects.filter(institution=institution, board=board, name=place.name, ended_on=None).exists():
        raise ValidationError({"name": _("This place is on the list already.")})
    with declaring.step("posting.place_added", clause="A13,B14,B25"):
        place.save()
    return place


@transaction.atomic
def end_place(*, place: PostingPlace, by: Any) -> PostingPlace:
    place = PostingPlace.objects.select_for_update().get(pk=place.pk)
    may(by, CHECK, place)
    if place.ended_on:
        raise refused("posting", _("This place has ended already."))
    with declaring.step("posting.place_ended", clause="A13,B14,B25"):
        place.ended_on = timezone.localdate()
        place.save(update_fields=["ended_on"])
    return place


@transaction.atomic
def record_check(
    *,
    place: PostingPlace,
    seen_on: date,
    publication: Publication | None,
    matches: bool,
    by: Any,
    note: str = "",
    photo: files.Upload | None = None,
) -> SiteCheck:
    """Somebody stood before it: what hung there, with a photograph, and whether it is the list that counts (A13, B14,
    B25). What matches is the publication of that day; what does not says what is wrong."""
    may(by, CHECK, place)
    note = (note or "").strip()
    wrong: dict[str, Any] = {}
    if seen_on > timezone.localdate():
        wrong["seen_on"] = _("This day lies in the future.")
    if matches and photo is None:
        wrong["photo"] = _("What is found in order is shown: add a photograph.")
    if matches and publication is None:
        wrong["publication"] = _("Say which publication hung there.")
    if not matches and not note:
        wrong["note"] = _("Say what is wrong with it.")
    if place.ended_on:
        raise refused("posting", _("This place has ended already."))
    if publication and (publication.institution_id, publication.board) != (place.institution_id, place.board):
        wrong["publication"] = _("This is a publication of another list.")
    elif publication and matches:
        later = Publication.objects.filter(
            institution=place.institution_id, board=place.board, number__gt=publication.number
        ).order_by("number")
        followed = later.first()
        if followed and timezone.localdate(followed.published_at) < seen_on:
            wrong["matches"] = _("Number %(n)d was followed by number %(later)d on %(day)s: it is not the one that counts.") % {
                "n": publication.number, "later": followed.number,
                "day": f"{timezone.localdate(followed.published_at):%Y-%m-%d}",
            }  # fmt: skip
    if publication and timezone.localdate(publication.published_at) > seen_on:
        wrong["seen_on"] = _("This publication came later than that day.")
    if wrong:
        raise ValidationError(wrong)
    with declaring.step("posting.checked", clause="A13,B14,B25"):
        return SiteCheck.objects.create(
            posting=place,
            institution=place.institution,
            seen_on=seen_on,
            publication=publication,
            matches=matches,
            photo=files.store(photo, by=by, institution=place.institution) if photo else None,
            note=note[:200],
            recorded_by=by,
        )
