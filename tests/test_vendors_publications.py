"""Lists the public reads without a login, their snapshots, the complaint channel with its five elements, and the checks
on site (clauses A13, B14, B25)."""

import hashlib
import json
from datetime import timedelta

import pypdfium2
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.gates import Refused
from documents import files
from tests import factories as f
from vendors import actions, postings, reminders
from vendors.models import Board, PostingPlace

ELEMENTS = {
    "procedure": "当场登记，5个工作日内反馈", "place": "行政楼206", "hours": "工作日8:00—17:30", "phone": "0598-7000110",
    "email": "jubao@example.cn",
}  # fmt: skip
PHOTO = files.Upload(b"\xff\xd8\xff\xe0photo", "现场.jpg", files.JPEG)


@pytest.fixture
def place(hospital):
    return hospital.institution


@pytest.fixture
def published(hospital, place):
    hospital.at("awaiting_charge")
    actions.publish_list(institution=place, board="prices", by=hospital.prices)
    return actions.publish_list(institution=place, board="outsourced", by=hospital.prices)


@pytest.fixture
def complaints(hospital):
    return f.staff("R16", hospital.institution)


def url(name, place, board="prices", *more):
    return reverse(f"vendors:{name}", args=[place.code, board, *more])


def test_a13_the_price_list_is_read_without_a_login_and_kept_by_its_etag(published, place, client):
    first = client.get(url("board", place))
    again = client.get(url("board", place), headers={"if-none-match": first["ETag"]})

    page = first.content.decode()
    assert "480.00" in page or "元" in page
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert "max-age" in first["Cache-Control"] and "public" in first["Cache-Control"]
    assert "Cookie" not in first.get("Vary", "") and not first.cookies
    assert "<script" not in page


@pytest.mark.parametrize("mode", ["board", "board_screen", "board_embed", "board_data"])
def test_b14_a_list_asks_as_often_for_sixty_tests_as_for_one(hospital, place, client, mode):
    from catalog.models import GeneTest

    def asked():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url(mode, place)).status_code == 200
        return len([one for one in captured if "SAVEPOINT" not in one["sql"]])

    hospital.at("awaiting_charge")
    actions.publish_list(institution=place, board="prices", by=hospital.prices)
    one = asked()
    for n in range(60):
        test = GeneTest.objects.create(code=f"GT-P-{n}", name=f"检测{n}", genes="EGFR", method="PCR", specimen="组织")
        f.PriceFactory(institution=place, test=test)
    actions.publish_list(institution=place, board="prices", by=hospital.prices)

    assert asked() == one <= 6


def test_a13_what_is_not_published_is_not_on_the_list_nor_what_has_ended(hospital, place, client):
    shown = f.PriceFactory(institution=place, item_name="在列项目")
    f.PriceFactory(institution=place, item_name="未公示", published_on=None, test=f.indication("LUNG-02").test)
    actions.publish_list(institution=place, board="prices", by=hospital.prices)
    later = timezone.localdate() + timedelta(days=1)
    f.PriceFactory(institution=place, item_name="明天起", effective_from=later, test=f.indication("LUNG-03").test)

    page = client.get(url("board", place)).content.decode()

    assert shown.item_name in page and "未公示" not in page and "明天起" not in page


def test_a13_the_frame_is_for_the_sites_that_are_named(published, place, client, settings):
    settings.EMBED_ANCESTORS = ["https://www.hospital.example.cn"]

    framed, page = client.get(url("board_embed", place)), client.get(url("board", place))

    assert "frame-ancestors https://www.hospital.example.cn" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"] and page["X-Frame-Options"] == "DENY"


def test_a13_the_poster_is_one_a3_sheet_with_the_list(published, place, client):
    answer = client.get(url("board_poster", place))

    with pypdfium2.PdfDocument(answer.content) as paper:
        width, height = paper[0].get_size()
        text = paper[0].get_textpage().get_text_range()
    assert answer["Content-Type"] == "application/pdf"
    assert (round(width), round(height)) == (1191, 842)  # 420 × 297 mm
    assert place.name in text.replace("\r\n", "") and "12345" in text


def test_b14_the_screen_scrolls_or_turns_pages(published, place, client):
    scrolling, turning = client.get(url("board_screen", place)), client.get(url("board_screen", place), {"page": "7"})

    assert "led-scrolls" in scrolling.content.decode() and "led-scrolls" not in turning.content.decode()
    assert turning["Refresh"].startswith("15; url=") and turning["Refresh"].endswith("?page=1")


def test_a13_anybody_can_verify_what_was_published(published, place, client):
    data = client.get(url("board_data", place)).json()
    raw = client.get(url("publication_content", place, "prices", 1)).content
    page = client.get(url("publication", place, "prices", 1)).content.decode()

    assert hashlib.sha256(raw).hexdigest() == data["publication"]["sha256"]
    assert data["publication"]["sha256"] in page and "校验值一致" in page
    assert json.loads(raw)["rows"][0]["amount"] == data["rows"][0]["amount"]


def test_b14_the_outsourced_list_names_test_and_laboratory_but_no_settlement_price(published, hospital, place, client):
    data = client.get(url("board_data", place, "outsourced")).content.decode()

    assert hospital.laboratory.name in data
    assert "settlement" not in data


def test_a_list_that_is_none_and_a_hospital_that_is_none_do_not_exist(place):
    client = Client()

    assert client.get(url("board", place, "anything")).status_code == 404
    assert client.get("/vendors/open/NOBODY/prices/").status_code == 404
    assert client.post(url("board", place)).status_code == 405


# The complaint channel


@pytest.mark.parametrize("missing", sorted(ELEMENTS))
def test_b25_nothing_is_published_while_one_of_the_five_elements_is_missing(place, complaints, missing, client):
    actions.keep_channel(institution=place, by=complaints, **(ELEMENTS | {missing: ""}))

    with pytest.raises(Refused) as refused:
        actions.publish_list(institution=place, board="complaints", by=complaints)

    assert refused.value.refusals[0].clauses == ("B25",)
    assert ELEMENTS["place"] not in client.get(url("board", place, "complaints")).content.decode()


def test_b25_all_five_elements_stand_on_the_public_page_once_published(place, complaints, client):
    actions.keep_channel(institution=place, by=complaints, **ELEMENTS)
    before = client.get(url("board", place, "complaints")).content.decode()
    actions.publish_list(institution=place, board="complaints", by=complaints)
    after = client.get(url("board", place, "complaints")).content.decode()
    actions.keep_channel(institution=place, by=complaints, **(ELEMENTS | {"phone": "0598-0000000"}))
    kept_only = client.get(url("board", place, "complaints")).content.decode()

    assert not any(text in before for text in ELEMENTS.values())
    assert all(text in after for text in ELEMENTS.values())
    assert ELEMENTS["phone"] in kept_only and "0598-0000000" not in kept_only
    place.refresh_from_db()
    assert place.complaint_phone == ELEMENTS["phone"]


def test_the_price_office_does_not_keep_the_complaint_channel(hospital, place):
    with pytest.raises(PermissionDenied):
        actions.keep_channel(institution=place, by=hospital.prices, **ELEMENTS)
    with pytest.raises(PermissionDenied):
        actions.publish_list(institution=place, board="complaints", by=hospital.prices)


# Checks on site


@pytest.fixture
def wall(hospital, place, published):
    return actions.add_place(institution=place, board="prices", medium="poster", name="门诊大厅", by=hospital.prices)


def check(wall, by, number=1, **given):
    listed = wall.institution.publications.get(board="prices", number=number)
    return actions.record_check(
        place=wall, by=by, **({"seen_on": timezone.localdate(), "publication": listed, "matches": True, "photo": PHOTO} | given)
    )  # fmt: skip


def test_b14_a_place_waits_until_somebody_saw_the_list_that_counts_and_again_after_the_next(hospital, place, wall):
    officer = hospital.prices

    def waiting():
        return list(postings.waiting(officer))

    assert waiting() == [wall]
    made = check(wall, officer)
    assert waiting() == [] and made.photo.sha256 == PHOTO.sha256
    f.PriceFactory(institution=place, test=f.indication("LUNG-03").test)
    actions.publish_list(institution=place, board="prices", by=officer)
    assert waiting() == [wall]
    due = list(reminders.checks_due(timezone.localdate() + timedelta(days=7)))
    assert [one.subject for one in due] == [f"posting:{wall.pk}"] and officer in due[0].people
    check(wall, officer, number=2)
    assert waiting() == [] == list(reminders.checks_due(timezone.localdate() + timedelta(days=30)))


def test_b14_what_is_found_wrong_says_what_and_keeps_waiting(hospital, wall):
    check(wall, hospital.prices, matches=False, note="仍是旧版", photo=None)

    assert list(postings.waiting(hospital.prices)) == [wall]


@pytest.mark.parametrize(
    "given, field",
    [
        ({"photo": None}, "photo"),
        ({"publication": None}, "publication"),
        ({"matches": False, "note": " "}, "note"),
        ({"seen_on": timezone.localdate() + timedelta(days=2)}, "seen_on"),
        ({"seen_on": timezone.localdate() - timedelta(days=400)}, "seen_on"),
    ],
)
def test_a_check_that_shows_nothing_is_not_recorded(hospital, wall, given, field):
    with pytest.raises(ValidationError) as wrong:
        check(wall, hospital.prices, **given)

    assert field in wrong.value.message_dict and not wall.checks.exists()


def test_the_staff_publish_keep_and_check_by_their_pages(hospital, place, complaints, client):
    def signed_in(person):
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    hospital.at("awaiting_charge")
    signed_in(complaints).post(reverse("vendors:channel"), ELEMENTS)
    client.post(reverse("vendors:publications"), {"board": "complaints"})
    forbidden = client.post(reverse("vendors:publications"), {"board": "prices"})
    client.post(reverse("vendors:places"), {"board": "complaints", "medium": "poster", "name": "服务台"})
    wall = PostingPlace.objects.get(name="服务台")
    listed = place.publications.get(board="complaints")
    from django.core.files.uploadedfile import SimpleUploadedFile

    photo = SimpleUploadedFile("现场.jpg", PHOTO.content)
    typed = {"seen_on": timezone.localdate().isoformat(), "publication": listed.pk, "matches": "yes", "photo": photo}
    recorded = client.post(reverse("vendors:place", args=[wall.pk]), typed)
    pages = [client.get(reverse(f"vendors:{name}")) for name in ("publications", "channel", "places")]

    assert forbidden.status_code == 403
    assert recorded.status_code == 302 and wall.checks.get().matches
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert str(Board.COMPLAINTS.label) in pages[0].content.decode()


def test_a_program_publishes_keeps_and_checks_by_the_same_rules(hospital, place, complaints, program):
    speaker = program(complaints)
    incomplete = speaker.post("complaint-channel/", ELEMENTS | {"email": ""})
    refused = speaker.post("publications/", {"board": "complaints"})
    speaker.post("complaint-channel/", ELEMENTS)
    made = speaker.post("publications/", {"board": "complaints"})
    wall = speaker.post("posting-places/", {"board": "complaints", "medium": "poster", "name": "服务台"})
    bare = speaker.post(
        f"posting-places/{wall.json()['id']}/checks/",
        {"seen_on": timezone.localdate().isoformat(), "number": 1, "matches": True},
    )

    assert incomplete.json()["missing"] == ["举报电子邮箱"]
    assert refused.status_code == 422 and "举报电子邮箱" in refused.content.decode()
    assert (made.status_code, made.json()["number"]) == (201, 1)
    assert bare.status_code == 400 and "photo" in bare.content.decode()
