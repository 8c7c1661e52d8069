"""Who the patient is, kept so that a stolen copy of the database tells as little as possible.

ID number, phone and address are encrypted here (AES-256-GCM) before they reach the database, each bound to its
patient and column, so that no ciphertext can be moved to another row unseen. They are found again by a keyed blind
index (HMAC-SHA256). The key comes from outside the database. Names stay readable for those who may read identity,
with grams and pinyin initials to search by (Personal Information Protection Law, arts. 28 and 51).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from datetime import date
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pypinyin import Style, lazy_pinyin

from audit import declaring
from documents.templatetags.formats import masked
from referrals.models import Identity, Patient

__all__ = ["IdType", "Tampered", "blind_index", "check_id_number", "decrypt", "encrypt", "masked", "set_identity"]

KEY_ID = 1
NONCE = 12
ENCRYPTED = ("id_number", "phone", "address")
INDEXED = ("id_number", "phone")

# Surnames read otherwise than the character alone (GB/T 28039-2011 and the usual name lists).
SURNAMES = {
    "万俟": "mq", "尉迟": "yc", "长孙": "zs", "澹台": "tt", "令狐": "lh", "单": "s", "曾": "z", "仇": "q", "解": "x",
    "查": "z", "盖": "g", "区": "o", "朴": "p", "任": "r", "缪": "m", "冼": "x", "翟": "z", "乐": "y", "秘": "b",
    "折": "s", "召": "s", "员": "y", "逄": "p", "繁": "p", "种": "c", "那": "n", "宁": "n", "盛": "s", "晁": "c",
    "句": "g", "车": "c", "都": "d", "瞿": "q", "幺": "y", "祭": "z", "佴": "n", "过": "g", "郇": "x", "钭": "t",
    "相": "x", "宿": "s", "黑": "h", "尉": "w", "洗": "x", "覃": "q", "牟": "m", "隗": "w", "谌": "c", "重": "c",
    "石": "s", "沈": "s", "费": "f", "葛": "g", "纪": "j", "华": "h", "应": "y", "哈": "h", "卜": "b", "行": "x",
}  # fmt: skip


class Tampered(Exception):
    """A ciphertext that was not written here for this patient and column, or under another key."""


class IdType(models.TextChoices):
    """What kind of paper the number is from; only a resident's number has a checksum of its own."""

    RESIDENT = "resident", _("Resident identity card")
    PASSPORT = "passport", _("Passport")
    TRAVEL_PERMIT = "travel_permit", _("Travel permit of Hong Kong, Macao or Taiwan")
    OTHER = "other", _("Other paper")


@lru_cache(maxsize=4)
def _key(master: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"mingjian " + purpose).derive(bytes.fromhex(master))


def encrypt(text: str, *, patient: int, column: str) -> bytes:
    """One byte naming the key, a random nonce, then ciphertext and tag, bound to the patient and the column."""
    nonce = secrets.token_bytes(NONCE)
    sealed = AESGCM(_key(settings.IDENTITY_KEY, b"identity")).encrypt(nonce, text.encode(), _bound(patient, column))
    return bytes([KEY_ID]) + nonce + sealed


def decrypt(sealed: bytes | memoryview | None, *, patient: int, column: str) -> str:
    """The text again; empty when nothing is recorded. Raises Tampered."""
    if sealed is None:
        return ""
    sealed = bytes(sealed)
    if sealed[:1] != bytes([KEY_ID]):
        raise Tampered(f"{column} of patient {patient}: unknown key")
    try:
        opened = AESGCM(_key(settings.IDENTITY_KEY, b"identity")).decrypt(
            sealed[1 : 1 + NONCE], sealed[1 + NONCE :], _bound(patient, column)
        )
    except (InvalidTag, ValueError):
        raise Tampered(f"{column} of patient {patient}") from None
    return opened.decode()


def _bound(patient: int, column: str) -> bytes:
    return f"{int(patient)}:{column}".encode()


def blind_index(value: str, column: str) -> bytes:
    """Equal values have equal indexes; without the key neither the value nor equality across columns shows."""
    message = f"{column}:{normalised(value, column)}".encode()
    return hmac.new(_key(settings.IDENTITY_KEY, b"blind index"), message, hashlib.sha256).digest()


def normalised(value: str, column: str) -> str:
    """As it is compared: width and case folded, blanks and dashes dropped; a phone without +86."""
    plain = re.sub(r"[\s\-—()（）]", "", unicodedata.normalize("NFKC", value)).upper()
    if column == "phone":
        plain = re.sub(r"^(\+|00)86", "", plain)
    return plain


def found_by(value: str) -> Q:
    """The identities with this ID number or phone, for a search among identities one may read."""
    return Q(id_number_index=blind_index(value, "id_number")) | Q(phone_index=blind_index(value, "phone"))


def initials(name: str) -> str:
    """Pinyin initials in small letters, surnames read as surnames: 曾小贤 → zxx, 单雄信 → sxx, 尉迟恭 → ycg."""
    name = re.sub(r"[\s·•‧・.]", "", name)
    surname = next((one for one in (name[:2], name[:1]) if one in SURNAMES), "")
    rest = lazy_pinyin(list(name[len(surname) :]), style=Style.FIRST_LETTER, errors=lambda odd: odd)
    return (SURNAMES.get(surname, "") + "".join(one[:1] for one in rest if one[:1].isascii())).lower()[:40]


def name_fields(name: str) -> dict[str, Any]:
    """The columns of a name: as written, its initials, and its single characters and pairs to search by."""
    name = name.strip()
    plain = re.sub(r"\s+", "", name)
    grams = {plain[i : i + n] for n in (1, 2) for i in range(len(plain) - n + 1)}
    return {"name": name, "name_initials": initials(name), "name_grams": sorted(grams)}


WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_id_number(number: str, kind: str = IdType.RESIDENT) -> str:
    """The number as it is stored. Raises ValidationError for a resident's number against GB 11643-1999: eighteen
    places, a date of birth that exists and is past, the check character. Other papers only have a length."""
    number = normalised(number, "id_number")
    if kind != IdType.RESIDENT:
        if not re.fullmatch(r"[A-Z0-9]{3,30}", number):
            raise ValidationError(_("The number of this paper has 3 to 30 letters and digits."))
        return number
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise ValidationError(_("A resident's ID number has 18 places: digits, the last one perhaps X."))
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise ValidationError(_("The date of birth in this ID number does not exist.")) from None
    if not date(1850, 1, 1) <= born <= timezone.localdate():
        raise ValidationError(_("The date of birth in this ID number does not exist."))
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
    if "10X98765432"[total % 11] != number[17]:
        raise ValidationError(_("The check digit of the ID number is wrong, please check it."))
    return number


@transaction.atomic
def set_identity(
    *,
    patient: Patient,
    by: Any,
    name: str,
    id_number: str = "",
    id_type: str = IdType.RESIDENT,
    phone: str = "",
    address: str = "",
) -> Identity:
    """Record or replace who the patient is; what is left empty is removed.

    PermissionDenied for a post that may not read this patient's identity; ValidationError by field.
    """
    if patient.institution_id not in by.institution_ids or not by.sees_identity:
        raise PermissionDenied("referrals.read_identity")
    if not name.strip():
        raise ValidationError({"name": _("Enter the patient's name.")})
    values = {"id_number": "", "phone": normalised(phone, "phone"), "address": address.strip()}
    if id_number.strip():
        try:
            values["id_number"] = check_id_number(id_number, id_type)
        except ValidationError as wrong:
            raise ValidationError({"id_number": wrong.messages}) from None
    columns: dict[str, Any] = {
        column: encrypt(values[column], patient=patient.pk, column=column) if values[column] else None
        for column in ENCRYPTED
    }
    columns |= {
        f"{column}_index": blind_index(values[column], column) if values[column] else None for column in INDEXED
    }
    with declaring.step("patient.identity_recorded"):
        identity, _made = Identity.objects.update_or_create(
            patient=patient, defaults={"institution_id": patient.institution_id, **name_fields(name), **columns}
        )
    return identity


def _may_write(patient: Patient, by: Any) -> None:
    if patient.institution_id not in by.institution_ids or not by.sees_identity:
        raise PermissionDenied("referrals.read_identity")


@transaction.atomic
def correct_name(*, patient: Patient, by: Any, name: str) -> None:
    """Another name; number, phone and address stay. ValidationError at `value`."""
    _may_write(patient, by)
    if not name.strip():
        raise ValidationError({"value": _("Enter the patient's name.")})
    Identity.objects.filter(patient=patient).update(**name_fields(name))


@transaction.atomic
def correct_id_number(*, patient: Patient, by: Any, id_number: str) -> None:
    """Another ID number: a resident's, or of another paper when it has not eighteen places. ValidationError at
    `value`, also when the number is another patient's here: those two records are merged instead."""
    _may_write(patient, by)
    plain = normalised(id_number, "id_number")
    try:
        number = check_id_number(plain, IdType.RESIDENT if len(plain) == 18 else IdType.OTHER)
    except ValidationError as wrong:
        raise ValidationError({"value": wrong.messages}) from None
    index = blind_index(number, "id_number")
    same = Identity.objects.filter(institution_id=patient.institution_id, id_number_index=index)
    if same.filter(patient=patient).exists():
        raise ValidationError({"value": _("This is what stands already.")})
    if other := same.select_related("patient").first():
        message = _(
            "This ID number is on record here under record number %(record_no)s: if it is the same patient, medical "
            "affairs merges the two records."
        )
        raise ValidationError({"value": message % {"record_no": other.patient.record_no}})
    if len(number) == 18 and patient.birth_year and number[6:10] != str(patient.birth_year):
        message = _("The year of birth on record (%(year)s) differs from the one in this ID number: correct it first.")
        if birth_year(patient.pk) is None:
            raise ValidationError({"value": message % {"year": patient.birth_year}})
    Identity.objects.filter(patient=patient).update(
        id_number=encrypt(number, patient=patient.pk, column="id_number"), id_number_index=index
    )


def birth_year(patient: int) -> int | None:
    """The year in a resident's ID number on record; None for other papers and none."""
    known = Identity.objects.filter(pk=patient).first()
    number = decrypt(known.id_number, patient=patient, column="id_number") if known else ""
    return int(number[6:10]) if re.fullmatch(r"\d{17}[\dX]", number) else None


def tail(number: str) -> str:
    """An ID number in view: its last four places."""
    plain = normalised(number, "id_number")
    return f"＊{plain[-4:]}" if plain else ""
