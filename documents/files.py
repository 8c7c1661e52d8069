"""Taking in a file: what it truly is, how large it may be, and what it may not hide.

The name's ending decides nothing; the content does. Everything that makes a workbook dangerous to open is
refused with a sentence that says what to do: macros, a password, a bomb of zeros, another format in disguise.
"""

import hashlib
import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from documents.models import StoredFile

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
PNG = "image/png"
JPEG = "image/jpeg"
KINDS = {XLSX: "xlsx", PDF: "pdf", PNG: "png", JPEG: "jpg"}

# A workbook of 20,000 referrals unpacks to some 60 MB; a bomb to thousands of times its size.
UNPACKED_MAX_BYTES = 600 * 1024 * 1024
RATIO_MAX = 200
RATIO_FREE_BYTES = 10 * 1024 * 1024
PARTS_MAX = 2000

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class BadUpload(ValidationError):
    """The file is not one we take; the message says why and what to do."""


@dataclass(frozen=True)
class Upload:
    """A file that passed: its bytes, its clean name and what it truly is."""

    content: bytes
    name: str
    content_type: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def check(upload: Any, *, kinds: Iterable[str] = (XLSX,), name: str = "") -> Upload:
    """Read an uploaded file (or bytes) and return it checked, or raise BadUpload.

    `kinds` are the content types taken here.
    """
    size = len(upload) if isinstance(upload, bytes) else upload.size
    limit = settings.UPLOAD_MAX_BYTES
    if size > limit:
        raise BadUpload(
            _("The file is %(size).1f MB; at most %(limit).0f MB are taken.")
            % {"size": size / 1048576, "limit": limit / 1048576},
            code="too_large",
        )
    if isinstance(upload, bytes):
        content = upload
    else:
        upload.seek(0)
        content = upload.read()
        upload.seek(0)
        name = name or upload.name
    if not content:
        raise BadUpload(_("The file is empty."), code="empty")
    name = clean_name(name or "file")
    kind = true_kind(content)
    if kind not in set(kinds):
        raise BadUpload(
            _("“%(name)s” is not a file of the kind asked for here (%(kinds)s), whatever its ending says.")
            % {"name": name, "kinds": "、".join(KINDS[k] for k in kinds)},
            code="wrong_kind",
        )
    return Upload(content, name, kind)


def true_kind(content: bytes) -> str:
    """The content type by the bytes themselves; "" when unknown. A dangerous workbook raises BadUpload."""
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(OLE):
        # An encrypted workbook and an old .xls share this container; the first names an EncryptedPackage.
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise BadUpload(
                _("The workbook is protected by a password. Remove the password and upload it again."),
                code="encrypted",
            )
        raise BadUpload(
            _("This is a workbook in the old .xls format. Save it as .xlsx and upload it again."),
            code="old_format",
        )
    if content.startswith(b"PK"):
        return _workbook(content)
    return ""


def _workbook(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            _refuse_bomb(parts, len(content))
            if any(part.flag_bits & 1 for part in parts):
                raise BadUpload(
                    _("The file is protected by a password. Remove the password and upload it again."),
                    code="encrypted",
                )
            if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
                return ""
            if archive.testzip() is not None:
                raise zipfile.BadZipFile
            if archive.getinfo("[Content_Types].xml").file_size > 1024 * 1024:
                return ""
            types = archive.read("[Content_Types].xml")
            if any(n.lower().endswith(("vbaproject.bin", "vbadata.xml")) for n in names) or b"macroEnabled" in types:
                raise BadUpload(
                    _("The workbook contains macros. Save it as .xlsx without macros and upload it again."),
                    code="macros",
                )
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise BadUpload(_("The file is damaged and cannot be opened."), code="damaged") from None
    return XLSX


def _refuse_bomb(parts: list[zipfile.ZipInfo], packed: int) -> None:
    """By what the archive declares of itself; the reader stops at the declared size of each part."""
    unpacked = sum(part.file_size for part in parts)
    if (
        len(parts) > PARTS_MAX
        or unpacked > UNPACKED_MAX_BYTES
        or (unpacked > RATIO_FREE_BYTES and unpacked > RATIO_MAX * packed)
    ):
        raise BadUpload(
            _("The file unpacks to an unreasonable size and was not opened. Save it anew and try again."),
            code="bomb",
        )


def clean_name(name: str) -> str:
    """A name to show and to download under: no path, no control or reserved characters, 100 characters."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C")
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if dot and len(name) > 100:
        name = f"{stem[: 99 - len(ending)]}.{ending}"
    return name[:100] or "file"


@transaction.atomic
def store(upload: Upload, *, by: Any, institution: Any = None, holds_identity: bool = False) -> StoredFile:
    """Keep a checked file. The bytes lie under their hash, so the same file is kept on the disk once."""
    stored = StoredFile(
        sha256=upload.sha256,
        name=upload.name,
        size=len(upload.content),
        content_type=upload.content_type,
        institution=institution,
        holds_identity=holds_identity,
        uploaded_by=by,
    )
    storage = StoredFile._meta.get_field("file").storage
    place = stored.file.field.generate_filename(stored, upload.name)
    if storage.exists(place):
        stored.file.name = place
    else:
        stored.file.save(upload.name, ContentFile(upload.content), save=False)
    stored.save()
    return stored


def read(stored: StoredFile) -> bytes:
    """The bytes of a stored file, proven against its hash; a changed file raises ValueError."""
    with stored.file.open("rb") as handle:
        content = handle.read()
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise ValueError(f"Stored file {stored.pk} no longer has the content it was stored with.")
    return content
