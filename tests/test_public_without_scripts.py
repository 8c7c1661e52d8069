"""What the public reads stands whole with JavaScript off (A13, B14, B25): lists, frame, screen, publication, channel."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from audit import declaring
from referrals.models import Referral
from tests import factories as f
from tests.fixtures.stations import Hospital
from tests.test_vendors_publications import ELEMENTS, url
from vendors import actions
from vendors.models import Price

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, PC, LED = {"width": 390, "height": 844}, {"width": 1366, "height": 768}, {"width": 1920, "height": 1080}
BOARDS = ("prices", "outsourced", "complaints")


@pytest.fixture
def place():
    with declaring.acting(User.objects.machine(), step="test"):
        return _published()


def _published():
    hospital = Hospital(f.InstitutionFactory(), f.LaboratoryFactory())
    case: Referral = hospital.at("awaiting_charge")
    Price.objects.filter(test=case.test).update(item_name="基因测序（示例）")
    office = f.staff("R16", hospital.institution)
    for board in ("prices", "outsourced"):
        actions.publish_list(institution=hospital.institution, board=board, by=hospital.prices)
    actions.keep_channel(institution=hospital.institution, by=office, **ELEMENTS)
    actions.publish_list(institution=hospital.institution, board="complaints", by=office)
    return hospital.institution


@pytest.fixture
def plain(browser) -> Iterator:
    """A browser that runs no script, at a size."""
    opened = []

    def sized(size) -> Page:
        opened.append(browser.new_context(java_script_enabled=False, viewport=size))
        return opened[-1].new_page()

    yield sized
    for one in opened:
        one.close()


def seen(page: Page, text: str, size) -> None:
    """The text is on the page, drawn, and within its width."""
    found = page.get_by_text(text).locator("visible=true").first
    expect(found).to_be_visible()
    box = found.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= size["width"] + 1


def what_counts(place, board):
    with declaring.acting(User.objects.machine(), step="test"):
        return _what_counts(place, board)


def _what_counts(place, board):
    if board == "complaints":
        return list(ELEMENTS.values())
    price = Price.objects.get(institution=place)
    laboratory = Referral.objects.get(institution=place).laboratory
    return [price.test.name, f"{price.amount:.2f}"] if board == "prices" else [price.test.name, laboratory.name]


@pytest.mark.parametrize("size", [PHONE, PC], ids=["phone", "pc"])
@pytest.mark.parametrize("board", BOARDS)
def test_lists_frames_and_publications_stand_whole_without_scripts(live_server, place, plain, board, size):
    page = plain(size)
    for address in (url("board", place, board), url("board_embed", place, board), url("publication", place, board, 1)):
        answer = page.goto(live_server.url + address)
        assert answer and answer.status == 200
        for text in what_counts(place, board):
            seen(page, text, size)
        assert "<noscript" not in page.content()


@pytest.mark.parametrize("board", BOARDS)
def test_the_screen_shows_its_rows_without_scripts(live_server, place, plain, board):
    """1920×1080: the scroll is the style sheet's own; by pages, the browser is sent on by the answer itself."""
    page = plain(LED)
    for address in (url("board_screen", place, board), url("board_screen", place, board) + "?page=1"):
        answer = page.goto(live_server.url + address)
        assert answer and answer.status == 200
        for text in what_counts(place, board):
            expect(page.get_by_text(text).first).to_be_attached()
            box = page.get_by_text(text).first.bounding_box()
            assert box and box["width"] > 0 and box["height"] >= 20


def test_who_wants_no_movement_reads_the_screen_as_it_stands(browser, live_server, place):
    context = browser.new_context(java_script_enabled=False, viewport=LED, reduced_motion="reduce")
    page = context.new_page()
    page.goto(live_server.url + url("board_screen", place))
    for text in what_counts(place, "prices"):
        seen(page, text, LED)
    context.close()


def test_the_lists_are_searched_and_walked_without_scripts(live_server, place, plain):
    page = plain(PHONE)
    page.goto(live_server.url + url("board", place))
    name = what_counts(place, "prices")[0]
    page.get_by_label("检测、价格项目或瘤种").first.fill("没有这样的项目")
    page.get_by_role("button", name="查找").first.click()
    expect(page.locator("main")).not_to_contain_text(name)
    page.get_by_label("检测、价格项目或瘤种").first.fill(name[:4])
    page.get_by_role("button", name="查找").first.click()
    seen(page, name, PHONE)
    page.locator(f"a[href='{url('board', place, 'complaints')}']").first.click()
    seen(page, ELEMENTS["phone"], PHONE)
