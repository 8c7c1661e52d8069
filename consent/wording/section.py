"""A text of sections, and its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# Changes when the wording itself changes; printed on every form.
FORM_VERSION = "2026-2"


@dataclass(frozen=True)
class Section:
    """One topic, one screen. `items` are the numbers of the required contents it answers (1 to 15); `facts` are
    what must not be missed; `choice` names the question the patient answers on this screen."""

    key: str
    title: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    items: tuple[int, ...] = ()
    choice: str = ""
    warning: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "items": list(self.items),
            "warning": self.warning,
            "paragraphs": list(self.paragraphs),
            "facts": [list(pair) for pair in self.facts],
            "choice": self.choice,
        }


@dataclass(frozen=True)
class Text:
    """A whole text: what it is called, its number and edition, and its sections."""

    title: str
    number: str
    edition: int
    sections: tuple[Section, ...] = field(default=())

    @property
    def content(self) -> list[dict[str, Any]]:
        """As it is kept: the first section is the head."""
        head = Section(
            "head",
            self.title,
            facts=(("编号", self.number), ("版次", f"第{self.edition}版"), ("文本版本", FORM_VERSION)),
        )
        return [one.as_json() for one in (head, *self.sections)]

    @property
    def sha256(self) -> str:
        return digest(self.content)


def digest(content: Sequence[dict[str, Any]]) -> str:
    """SHA-256 of the text in one fixed form: keys in order, no spaces, UTF-8. Independent of how it was stored."""
    exact = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(exact.encode()).hexdigest()
