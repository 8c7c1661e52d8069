"""bin/screens: photographs the main pages of a running demo, as small files, into docs/screens.

Start `bin/run` first. The pages are data below. `{YS00007}` in a path is the demo case of that record number.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "mingjian-demo-2026"
HEIGHTS = {1366: 768, 1024: 768, 768: 1024, 390: 844}


class Shot(NamedTuple):
    """One page: its name, whose login ("" for nobody) and post, its path, what is clicked on it first, how wide."""

    name: str
    login: str
    path: str
    widths: tuple[int, ...] = (1366,)
    role: str = ""
    click: str = ""


SHOTS = [
    Shot("prices-public", "", "/vendors/price-list/LXZ/", (390,)),
    Shot("board", "", "/vendors/open/LXZ/prices/"),
    Shot("desk", "LXZ003", "/", (1366, 390)),
    Shot("request", "LXZ003", "/cases/new/?q=EGFR", (1366, 768)),
    Shot("cases", "LXZ003", "/cases/", (1366, 390)),
    Shot("case", "LXZ003", "/cases/{YS00007}/", (1366, 390)),
    Shot(
        "consent",
        "LXZ003",
        "/consent/{YS00007}/",
        (1024, 768),
        click="a[href$='/sign/'], form[action*=told] button[type=submit]",
    ),
    Shot("deliberation", "LXZ001", "/cases/deliberations/", role="MDT专家", click="main a.button:has-text('打开')"),
    Shot("charge", "LXZ905", "/cases/{YS00012}/charge/"),
    Shot("specimen", "LXZ902", "/cases/{YS00013}/specimen/"),
    Shot("batch", "LXZ029", "/cases/batches/", role="外送管理员", click="main [data-row-link]"),
    Shot("result", "LXZ029", "/cases/{YS00021}/result/", role="外送管理员"),
    Shot("desk-affairs", "LXZ030", "/"),
    Shot("admission", "LXZ030", "/vendors/admissions/", click="main tbody a"),
    Shot("allocation", "LXZ030", "/cases/{YS00010}/"),
    Shot("month", "LXZ905", "/bills/", click="main tr:nth-child(2) [data-row-link]"),
    Shot("findings", "LXZ030", "/supervision/findings/"),
    Shot("differences", "LXZ030", "/supervision/differences/"),
    Shot("indicators", "LXZ030", "/reports/indicators/"),
    Shot("policy", "LXZ030", "/policy/"),
    Shot("trail", "LXZ908", "/trail/"),
    Shot("county", "LXW001", "/reports/county/"),
]


def main(arguments: list[str]) -> int:
    """Installs what the tests need (the browser too) and photographs in that environment."""
    from . import PYTHON, environment, fonts, system, testing

    address = (arguments[0] if arguments else "http://127.0.0.1:8000").rstrip("/")
    environment.ensure("test")
    system.ensure(testing.NEEDS)
    env = {**os.environ, **system.library_path(), **fonts.configure(ROOT / "var")}
    env["MINGJIAN_BROWSER"] = system.program("chromium-headless-shell") or ""
    return subprocess.call([PYTHON, __file__, address], env=env)


def photograph(address: str) -> None:
    from playwright.sync_api import sync_playwright

    folder = ROOT / "docs" / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    browser_path = os.environ["MINGJIAN_BROWSER"]
    arguments = ["--no-sandbox", "--lang=zh-CN"] if os.geteuid() == 0 else ["--lang=zh-CN"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=arguments)
        for login, role in dict.fromkeys((shot.login, shot.role) for shot in SHOTS):
            context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
            page = context.new_page()
            if login:
                sign_in(page, address, login, role)
            for shot in (one for one in SHOTS if (one.login, one.role) == (login, role)):
                take(page, address, shot, folder)
                print(shot.name, flush=True)
            context.close()
        browser.close()


def sign_in(page, address: str, login: str, role: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=username]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    if role:
        page.locator("header details.menu summary").first.click()
        page.get_by_role("button", name=re.compile(role)).first.click()
        page.wait_for_load_state()


def take(page, address: str, shot: Shot, folder: Path) -> None:
    path = re.sub(r"\{(\w+)\}", lambda found: case_id(page, address, found[1]), shot.path)
    answer = page.goto(address + path)
    if answer is None or not answer.ok:
        sys.exit(f"bin/screens: {path} answered {answer.status if answer else 'nothing'} for {shot.login}")
    if shot.click:
        page.locator(shot.click).first.click()
        page.wait_for_load_state()
    for width in shot.widths:
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        page.wait_for_timeout(200)
        # The whole page where it is a desk's; as much as a screen holds where it is a hand's.
        whole = width == 1366
        height = min(page.evaluate("document.documentElement.scrollHeight"), 1400) if whole else HEIGHTS[width]
        clip = {"x": 0, "y": 0, "width": width, "height": height}
        shrink(page.screenshot(full_page=whole, clip=clip), folder / f"{shot.name}-{width}.png")
    page.set_viewport_size({"width": 1366, "height": 768})


def case_id(page, address: str, record_no: str) -> str:
    """The case of that record number, as the search box finds it."""
    page.goto(f"{address}/search/?q={record_no}")
    found = re.search(r"/cases/(\d+)/", page.url)
    if not found:
        sys.exit(f"bin/screens: no case of {record_no}; is this the demo?")
    return found[1]


def shrink(png: bytes, path) -> None:
    """64 colours are enough for a page, and a tenth of the bytes."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    photograph(sys.argv[1])
