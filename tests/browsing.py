"""People of the demo at their own desks: each signs in once with the demo's password, in a browser of their own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from accounts.queries import DEMO_PASSWORD

PC = {"width": 1366, "height": 768}
TABLET = {"width": 768, "height": 1024}
# Where screenshots go, when somebody wants to look.
SCREENS = os.environ.get("MINGJIAN_SCREENS", "")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
PDF += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj trailer<</Root 1 0 R>>\n%%EOF\n"
REPORT = {"name": "report.pdf", "mimeType": "application/pdf", "buffer": PDF}
PATIENCE = 20_000
SEND = """([path, fields]) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: path });
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  document.body.append(form);
  form.submit();
}"""


class Desk:
    """One person in one post at one screen."""

    def __init__(self, page: Page, server: str):
        self.page, self.server = page, server
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))

    @property
    def main(self) -> Any:
        return self.page.locator("main")

    def sign_in(self, username: str, role: str = "") -> None:
        self.visit("/accounts/login/")
        self.page.get_by_label("工号").fill(username)
        self.page.get_by_label("密码").fill(DEMO_PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.wait_for_url(lambda url: "/login/" not in url)
        if role:
            self.page.locator("header details.menu summary").first.click()
            self.page.get_by_role("button", name=re.compile(role)).first.click()
            expect(self.page.locator("header details.menu summary").first).to_contain_text(role)

    def visit(self, path: str) -> Any:
        return self.page.goto(self.server + path)

    def shows(self, *texts: str) -> None:
        for text in texts:
            expect(self.main).to_contain_text(text, timeout=PATIENCE)

    def shows_not(self, *texts: str) -> None:
        for text in texts:
            expect(self.main).not_to_contain_text(text)

    def refused(self, words: str, clause: str = "", mend: str = "", title: str = "") -> None:
        """The page refuses in these words, with the clause as a link and the way to mend it."""
        box = self.main.locator(".refusal")
        expect(box.first).to_be_visible(timeout=PATIENCE)
        line = box.locator("li").filter(has_text=words).first
        expect(line).to_be_visible()
        if clause:
            expect(line.get_by_role("link", name=re.compile(rf"\b{clause}\b"))).to_be_visible()
        if mend:
            expect(line.locator("a.button", has_text=mend)).to_be_visible()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.main.locator(f"[name='{name.replace('__', '-')}']").first.fill(value)

    def choose(self, name: str, value: str) -> None:
        self.main.locator(f"[name='{name}'][value='{value}']").first.check()

    def press(self, button: str) -> None:
        self.main.get_by_role("button", name=button, exact=True).first.click()

    def submit(self, button: str) -> None:
        """Press a button and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.press(button)

    def send(self, path: str, **fields: str) -> None:
        """A form that no page offers, sent all the same with this person's session."""
        token = self.page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
        with self.page.expect_navigation():
            self.page.evaluate(SEND, [path, {"csrfmiddlewaretoken": token, **fields}])

    def look(self, name: str) -> None:
        """A screenshot of the whole page, where one is wanted; and no page is ever wider than its screen."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: {wide} px too wide"
        assert "---------" not in self.page.locator("body").inner_text(), name
        if SCREENS:
            Path(SCREENS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{SCREENS}/{name}.png", full_page=True)


class Tablet(Desk):
    """The tablet in the patient's hands, with the doctor's session: one topic a screen, signed with a finger."""

    def turn_to(self, heading: str) -> None:
        for _turn in range(25):
            if self.page.get_by_role("heading", name=heading, exact=True).is_visible():
                return
            self.page.get_by_role("button", name="下一页").tap()
        raise AssertionError(heading)

    def tick(self, label: str) -> None:
        self.page.get_by_label(label).tap()

    def write(self) -> None:
        """Two strokes of a finger over the box."""
        canvas = self.page.locator("canvas")
        canvas.scroll_into_view_if_needed()
        box: Any = canvas.bounding_box()
        finger = self.page.context.new_cdp_session(self.page)
        for start in (0.15, 0.55):
            for step in range(12):
                x = box["x"] + box["width"] * (start + 0.025 * step)
                y = box["y"] + box["height"] * (0.3 + 0.3 * (step % 2))
                kind = "touchMove" if step else "touchStart"
                finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
            finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        finger.detach()
        expect(self.page.get_by_text("已签名")).to_be_visible()


class People:
    """Whoever the story calls, by staff number and post; whoever was called before sits where they were."""

    def __init__(self, browser: Browser, server: str):
        self.browser, self.server = browser, server
        self.desks: dict[tuple[str, str], Desk] = {}
        self.tablets: list[Tablet] = []

    def __call__(self, username: str, role: str = "") -> Desk:
        if (username, role) not in self.desks:
            context = self.browser.new_context(viewport=PC, locale="zh-CN")  # type: ignore[arg-type]
            desk = Desk(context.new_page(), self.server)
            desk.sign_in(username, role)
            self.desks[username, role] = desk
        return self.desks[username, role]

    def tablet_of(self, doctor: Desk) -> Tablet:
        """The doctor's page handed over on a tablet."""
        context = self.browser.new_context(
            viewport=TABLET,  # type: ignore[arg-type]
            has_touch=True,
            is_mobile=True,
            locale="zh-CN",
            storage_state=doctor.page.context.storage_state(),
        )
        tablet = Tablet(context.new_page(), self.server)
        self.tablets.append(tablet)
        return tablet

    def look(self, name: str) -> None:
        """Where everybody sits, when somebody wants to see it."""
        if SCREENS:
            for (username, _role), desk in self.desks.items():
                desk.page.screenshot(path=f"{SCREENS}/{name}-{username}.png", full_page=True)

    def go_home(self) -> list[str]:
        """Close every browser; what went wrong in their scripts."""
        desks = [*self.desks.values(), *self.tablets]
        for desk in desks:
            desk.page.context.close()
        self.desks, self.tablets = {}, []
        return [fault for desk in desks for fault in desk.faults]
