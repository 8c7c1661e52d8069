"""Hands on the keyboard alone: keys are counted, and where the focus is lost or trapped the walk fails."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browsing import PATIENCE, Desk

FOCUSED = "element => element === document.activeElement"
WHERE = "() => { const e = document.activeElement; return e && e.outerHTML.slice(0, 120); }"
RING = """() => { const s = getComputedStyle(document.activeElement);
  return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0 || s.boxShadow !== "none"; }"""


@dataclass
class Tally:
    """What one post's work on a case took."""

    post: str
    keys: int = 0
    characters: int = 0
    acts: int = 0
    seconds: float = 0.0


@dataclass
class Keyboard:
    desk: Desk
    tally: Tally
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.page = self.desk.page
        self.page.on("request", self._heard)

    def _heard(self, request: Any) -> None:
        if request.method == "POST" and request.is_navigation_request():
            self.tally.acts += 1

    def done(self) -> Tally:
        self.page.remove_listener("request", self._heard)
        self.tally.seconds += time.monotonic() - self.began
        return self.tally

    def press(self, key: str, times: int = 1) -> None:
        for _n in range(times):
            self.page.keyboard.press(key)
        self.tally.keys += times

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.tally.characters += len(text)

    def at(self, target: Locator) -> None:
        """The focus is here without a key pressed: where the page begins."""
        expect(target).to_be_focused(timeout=PATIENCE)

    def to(self, target: Locator, limit: int = 40) -> None:
        """Tab until the focus is on `target`; every stop on the way shows its ring, and none comes twice."""
        target.wait_for(state="attached")
        stops: list[str] = []
        for _n in range(limit):
            if target.evaluate(FOCUSED):
                return
            self.press("Tab")
            assert self.page.evaluate(RING), f"no ring: {self.page.evaluate(WHERE)}"
            stops.append(str(self.page.evaluate(WHERE)))
        raise AssertionError("not reached:\n" + "\n".join(stops))

    def write(self, target: Locator, text: str) -> None:
        self.to(target)
        self.type(text)

    def enter(self, key: str = "Enter") -> None:
        """Enter, and the page it leads to."""
        with self.page.expect_navigation(timeout=PATIENCE):
            self.press(key)

    def pick(self, group: Locator, value: str) -> None:
        """One of some answers: into the group by Tab, to the answer by arrows, or the first by the space bar."""
        wanted = group.and_(self.page.locator(f"[value='{value}']")).first
        if not wanted.is_checked():
            stop = group.and_(self.page.locator(":checked"))
            self.to(stop.first if stop.count() else group.first)
            for _n in range(12):
                if wanted.evaluate(FOCUSED):
                    break
                self.press("ArrowDown")
            if not wanted.is_checked():
                self.press("Space")
        expect(wanted).to_be_checked()

    def find(self, number: str) -> None:
        """A case by its number, from wherever one is."""
        self.press("/")
        self.at(self.page.locator("#search-box"))
        self.type(number)
        self.enter()
