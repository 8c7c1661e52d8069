"""Identity: ciphertext in the rows, a blind index to find by, names that are long or rare."""

import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Event
from referrals import identity
from referrals.identity import (
    IdType,
    Tampered,
    blind_index,
    check_id_number,
    decrypt,
    encrypt,
    initials,
    masked,
    name_fields,
    set_identity,
)
from referrals.models import Identity
from tests.factories import InstitutionFactory, PatientFactory, staff

ID = "11010519491231002X"
PHONE = "13812345678"
ADDRESS = "福建省三明市岚溪县城关镇解放路1号"
LONG = "阿卜杜热西提·阿卜杜克热木·买买提依明·吐尔逊江·艾合买提"


@pytest.fixture
def patient(as_machine):
    return PatientFactory()


@pytest.fixture
def recorded(patient):
    return set_identity(
        patient=patient, by=User.objects.machine(), name=LONG, id_number=ID, phone=PHONE, address=ADDRESS
    )


def test_no_row_of_the_database_holds_number_phone_or_address_in_the_clear(recorded):
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(i)::text FROM referrals_identity i")
        (row,) = cursor.fetchone()
    for secret in (ID, PHONE, ADDRESS):
        assert secret not in row
        assert secret.encode().hex() not in row
        assert secret.encode() not in bytes(recorded.address) + bytes(recorded.id_number)


def test_the_trail_knows_identity_only_as_digests(recorded):
    payloads = " ".join(Event.objects.filter(table_name="referrals_identity").values_list("payload", flat=True))
    assert payloads
    for secret in (LONG, ID, PHONE, ADDRESS, bytes(recorded.id_number).hex()):
        assert secret not in payloads


def test_what_was_encrypted_is_read_again(recorded, patient):
    fresh = Identity.objects.get()
    assert decrypt(fresh.id_number, patient=patient.pk, column="id_number") == ID
    assert decrypt(fresh.phone, patient=patient.pk, column="phone") == PHONE
    assert decrypt(fresh.address, patient=patient.pk, column="address") == ADDRESS
    assert decrypt(None, patient=patient.pk, column="address") == ""


@given(st.text(min_size=1, max_size=80))
def test_every_text_comes_back_and_never_twice_the_same_ciphertext(text):
    once, twice = (encrypt(text, patient=7, column="address") for _again in range(2))
    assert once != twice
    assert decrypt(once, patient=7, column="address") == text


@pytest.mark.parametrize("place", [0, 1, 13, -1])
def test_a_ciphertext_that_was_touched_is_refused(place):
    sealed = bytearray(encrypt(PHONE, patient=7, column="phone"))
    sealed[place] ^= 1
    with pytest.raises(Tampered):
        decrypt(bytes(sealed), patient=7, column="phone")


@pytest.mark.parametrize("where", [{"patient": 8, "column": "phone"}, {"patient": 7, "column": "address"}])
def test_a_ciphertext_moved_to_another_patient_or_column_is_refused(where):
    with pytest.raises(Tampered):
        decrypt(encrypt(PHONE, patient=7, column="phone"), **where)


def test_another_key_opens_nothing_and_finds_nothing(settings):
    sealed, index = encrypt(PHONE, patient=7, column="phone"), blind_index(PHONE, "phone")
    settings.IDENTITY_KEY = "ab" * 32
    assert blind_index(PHONE, "phone") != index
    with pytest.raises(Tampered):
        decrypt(sealed, patient=7, column="phone")


@pytest.mark.parametrize(
    "typed", [ID, ID.lower(), "110105 19491231 002x", PHONE, "+86 138-1234-5678", "１３８１２３４５６７８"]
)
def test_a_patient_is_found_by_number_or_phone_however_it_is_typed(recorded, typed):
    assert Identity.objects.filter(identity.found_by(typed)).get() == recorded
    assert not Identity.objects.filter(identity.found_by(typed[:-1])).exists()


def test_the_same_value_in_another_column_has_another_index():
    assert blind_index(PHONE, "phone") != blind_index(PHONE, "id_number")


def test_recording_again_replaces_and_an_empty_field_is_removed(recorded, patient):
    set_identity(patient=patient, by=User.objects.machine(), name="王芳")
    fresh = Identity.objects.get()
    assert (fresh.name, fresh.id_number, fresh.phone_index) == ("王芳", None, None)
    assert bytes(fresh.salt) == bytes(recorded.salt)


def test_only_posts_that_read_identity_of_that_hospital_record_it(patient):
    elsewhere = staff("R10", InstitutionFactory())
    price_office = staff("R11", patient.institution)
    for person in (elsewhere, price_office):
        with pytest.raises(PermissionDenied):
            set_identity(patient=patient, by=person, name="王芳")
    assert set_identity(patient=patient, by=staff("R10", patient.institution), name="王芳")


def test_an_error_names_its_field_and_writes_nothing(patient):
    for wrong, field in (({"name": " "}, "name"), ({"name": "王芳", "id_number": "1"}, "id_number")):
        with pytest.raises(ValidationError) as error:
            set_identity(patient=patient, by=User.objects.machine(), **wrong)
        assert list(error.value.message_dict) == [field]
    assert not Identity.objects.exists()


@pytest.mark.parametrize("number", [ID, "11010519491231002x", " 110105194912310 02X ", "440524188001010014"])
def test_a_residents_number_with_a_right_check_character_is_taken(number):
    """GB 11643-1999; the standard's own examples."""
    assert re.fullmatch(r"\d{17}[\dX]", check_id_number(number))


@pytest.mark.parametrize(
    "number",
    ["110105194912310021", "110105491231002", "11010519491331002X", "110105299912310020", "1101051949123100XX", ""],
)
def test_a_mistyped_number_a_date_that_does_not_exist_or_an_old_number_is_refused(number):
    """GB 11643-1999."""
    with pytest.raises(ValidationError):
        check_id_number(number)


@given(st.integers(0, 16), st.integers(1, 9))
def test_every_single_mistyped_digit_is_noticed(place, more):
    digits = list(ID)
    digits[place] = str((int(digits[place]) + more) % 10)
    with pytest.raises(ValidationError):
        check_id_number("".join(digits))


def test_other_papers_are_taken_by_kind():
    assert check_id_number("e1234 5678", IdType.PASSPORT) == "E12345678"
    assert check_id_number("H1234567800", IdType.TRAVEL_PERMIT) == "H1234567800"
    with pytest.raises(ValidationError):
        check_id_number("??", IdType.PASSPORT)


@pytest.mark.parametrize(
    "name, letters",
    [
        ("曾小贤", "zxx"),
        ("单雄信", "sxx"),
        ("仇英", "qy"),
        ("解缙", "xj"),
        ("尉迟恭", "ycg"),
        ("欧阳修", "oyx"),
        ("王䶮", "wy"),
        ("买买提·吐尔逊", "mmttex"),
        ("John Smith", "j"),
    ],
)
def test_initials_read_surnames_as_surnames(name, letters):
    assert initials(name).startswith(letters)


def test_long_and_rare_names_are_kept_whole_and_found_by_any_pair(patient):
    for name in (LONG, "𠅤𬊈䶮", "㐂㛃"):
        fields = name_fields(name)
        assert fields["name"] == name
        set_identity(patient=patient, by=User.objects.machine(), name=name)
        assert Identity.objects.get(name_grams__contains=[name[1:3][:2]]).name == name
        assert Identity.objects.get(name__contains=name[-1]).name == name


def test_a_name_in_a_list_shows_its_first_character_only():
    assert masked("张三丰") == "张＊＊"
    assert masked(LONG) == "阿＊＊"
    assert masked("") == "—"
