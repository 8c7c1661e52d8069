"""What the public reads: each list as it was last published, on paper, on a screen, in a frame, and for programs
(A13, B14, B25). One query for the hospital and one for the publication, however long the list."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Institution
from documents import pdf, qr
from vendors import publishing
from vendors.models import Board, Publication, canonical

ELEMENTS = ("procedure", "place", "hours", "phone", "email")
SCREENFUL = 8  # rows legible at once at 1920×1080


@dataclass(frozen=True)
class Shown:
    """One list as the public sees it on a day."""

    institution: Institution
    board: Board
    on: date
    publication: Publication | None
    rows: list[dict[str, Any]] = field(default_factory=list)
    channel: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.board.label)

    @property
    def digest(self) -> str:
        """What the page depends on: the list, and the day it is read."""
        said = {"rows": self.rows, "channel": self.channel, "on": self.on.isoformat(), "board": str(self.board)}
        number = self.publication.content_sha256 if self.publication else ""
        return hashlib.sha256(canonical(said) + number.encode()).hexdigest()

    @property
    def elements(self) -> list[tuple[str, str, str]]:
        """The five elements of B25 in the order of the clause: (name, heading, value)."""
        named = publishing.headings()
        return [(name, named[name], self.channel.get(name, "")) for name in ELEMENTS]


def shown(institution: Institution, board: Board, on: date) -> Shown:
    """The last publication, of which the rows that hold today. Before the first one, the published prices themselves;
    of the other lists nothing."""
    last = Publication.objects.latest_of(institution.pk, board)
    content: dict[str, Any] = {}
    if last is not None:
        content = last.content
    elif board == Board.PRICES:
        content = publishing.price_rows(institution, on)
    rows = [row for row in content.get("rows", []) if _holds(row, on)]
    return Shown(institution, board, on, last, rows, content.get("channel", {}))


def _holds(row: dict[str, Any], on: date) -> bool:
    day = on.isoformat()
    begins, ends = row.get("effective_from") or "", row.get("effective_to") or row.get("contract_to")
    return begins <= day and (not ends or day <= ends)


def matching(rows: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """The rows that name the words anywhere a reader sees."""
    words = text.casefold().split()
    return [row for row in rows if all(word in canonical(row).decode().casefold() for word in words)]


STYLES = ("paper.css", "poster.css")


def poster(html: str) -> bytes:
    """The list on A3 paper."""
    return pdf.make(html, styles=STYLES).content


def poster_styles() -> str:
    """What a poster looks like beside its words: a kept one is set anew when this changes."""
    return "".join((pdf.STYLES / name).read_text("utf-8") for name in STYLES)


def code_of(address: str) -> str:
    return qr.svg(address, label=_("QR code to this page"), size=132)


__all__ = ["SCREENFUL", "Shown", "canonical", "code_of", "matching", "poster", "shown"]
