"""The styleguide shows every component, and no page of it needs an inline style, script or handler."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template.loader import get_template
from django.test import RequestFactory

from desk import styleguide

COMPONENTS = sorted(path.stem for path in (settings.BASE_DIR / "templates/components").glob("*.html"))
# Parts of other components, and those every page has by itself.
SHOWN_INSIDE_OTHERS = {
    "chart_table", "clauses", "demo", "error_summary", "field",
    "gate", "header", "messages", "page_head", "post_name",
    "shortcut_list", "shortcuts", "styles", "worklists",
}  # fmt: skip


def render(page: str) -> str:
    request = RequestFactory().get("/styleguide/")
    request.user, request.session, request.htmx = AnonymousUser(), {}, False
    return styleguide.styleguide.__wrapped__(request, page).content.decode()


@pytest.mark.parametrize("page", styleguide.PAGES)
def test_pages_bring_no_inline_style_script_or_handler(page):
    html = render(page)

    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:", html)
    assert html.count("<h1>") == 1
    ids = re.findall(r"\sid=\"([^\"]+)\"", html)
    assert len(ids) == len(set(ids))


def test_every_component_is_in_the_styleguide():
    written = "".join(
        Path(get_template(template).origin.name).read_text() for template, _title in styleguide.PAGES.values()
    )

    missing = [name for name in COMPONENTS if f"components/{name}.html" not in written]
    assert set(missing) <= SHOWN_INSIDE_OTHERS


def test_every_component_says_its_parameters():
    silent = [
        name
        for name in COMPONENTS
        if "{% comment %}" not in (settings.BASE_DIR / f"templates/components/{name}.html").read_text()
    ]
    assert set(silent) <= {"demo", "shortcut_list", "styles"}


@pytest.mark.parametrize("sheet", sorted(path.name for path in (settings.BASE_DIR / "static/css").glob("*.css")))
def test_sheets_use_nothing_newer_than_chromium_86_and_colours_only_from_the_tokens(sheet):
    css = re.sub(r"/\*.*?\*/", "", (settings.BASE_DIR / "static/css" / sheet).read_text(), flags=re.DOTALL)

    too_new = (
        r":has\(|:is\(|:where\(|@layer|@container|@property|color-mix\(|aspect-ratio|[\s;{]inset:"
        r"|(margin|padding)-(inline|block):|overflow:\s*clip|\d[dsl]v[hw]\b"
    )
    assert not re.search(too_new, css)
    assert "@import" not in css
    assert "http" not in css
    if sheet not in ("tokens.css", "print.css", "frame.css"):
        assert not re.search(r":\s*#[0-9a-f]{6}\b", css)
