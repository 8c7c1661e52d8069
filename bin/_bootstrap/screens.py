"""bin/screens: photographs every page of a running demo at five widths, as small files, into docs/screens.

Start `bin/run` first. The pages are data below: (name, whose login or "" for nobody, path).
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WIDTHS = (1366, 1440, 1024, 768, 390)
PASSWORD = "mingjian-demo-2026"
PAGES = [
    ("login", "", "/accounts/login/"),
    ("prices-public", "", "/vendors/price-list/LXZ/"),
    ("desk", "LXZ030", "/"),
    ("cases", "LXZ030", "/cases/"),
    ("case", "LXZ030", "/search/?q=LXZ20260812003"),
    ("imports", "LXZ030", "/supervision/imports/"),
    ("findings", "LXZ030", "/supervision/findings/"),
    ("differences", "LXZ030", "/supervision/differences/"),
    ("indicators", "LXZ030", "/reports/indicators/"),
    ("reports", "LXZ030", "/reports/"),
    ("laboratories", "LXZ030", "/vendors/laboratories/"),
    ("prices", "LXZ904", "/vendors/prices/"),
    ("catalog", "LXZ003", "/catalog/"),
    ("policy", "LXZ030", "/policy/"),
    ("staff", "LXZ908", "/accounts/staff/"),
    ("trail", "LXZ908", "/trail/"),
    ("county", "LXW001", "/reports/county/"),
    ("styleguide", "LXZ030", "/styleguide/"),
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
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=arguments)
        for login in dict.fromkeys(login for _name, login, _path in PAGES):
            context = browser.new_context(viewport={"width": 1366, "height": 768})
            page = context.new_page()
            if login:
                page.goto(f"{address}/accounts/login/")
                page.fill("[name=username]", login)
                page.fill("[name=password]", PASSWORD)
                page.click("main button[type=submit]")
            for name, _login, path in (row for row in PAGES if row[1] == login):
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 768})
                    answer = page.goto(address + path)
                    if answer is None or not answer.ok:
                        sys.exit(f"bin/screens: {path} answered {answer.status if answer else 'nothing'} for {login}")
                    shrink(page.screenshot(full_page=width == 1366), folder / f"{name}-{width}.png")
                print(name, flush=True)
            context.close()
        browser.close()


def shrink(png: bytes, path) -> None:
    """64 colours are enough for a page, and a tenth of the bytes."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        image.convert("RGB").quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    photograph(sys.argv[1])
