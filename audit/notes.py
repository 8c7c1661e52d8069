"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint), and the key that signs them.

The key lies in a file outside the database, and outside the database's backup: whoever can rewrite the trail
cannot sign it. Its public half may be handed to anyone.
"""

from __future__ import annotations

import base64
import hashlib
import os
from binascii import Error as Base64Error
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils.translation import gettext as _

ORIGIN = "mingjian/trail"
KEY_FILE = "trail_ed25519"
ED25519 = b"\x01"


class BadNote(ValueError):
    """Not a checkpoint, or not signed by a key we trust."""


@dataclass(frozen=True)
class PublicKey:
    """A verifier key: `name+key id+base64`, as C2SP writes it."""

    raw: bytes
    name: str = ORIGIN

    @property
    def id(self) -> str:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4].hex()

    def __str__(self) -> str:
        return f"{self.name}+{self.id}+{base64.b64encode(ED25519 + self.raw).decode()}"

    def verifies(self, signature: bytes, text: str) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True

    @classmethod
    def read(cls, line: str) -> PublicKey:
        """From a verifier key line, or 64 hexadecimal digits."""
        try:
            if len(line) == 64:
                return cls(bytes.fromhex(line))
            name, key_id, encoded = line.split("+", 2)
            packed = base64.b64decode(encoded, validate=True)
            key = cls(packed[1:], name)
        except (ValueError, Base64Error) as fault:
            raise BadNote(_("This is not a public key: %(line)s") % {"line": line[:80]}) from fault
        if packed[:1] != ED25519 or len(key.raw) != 32 or key.id != key_id:
            raise BadNote(_("This is not a public key: %(line)s") % {"line": line[:80]})
        return key


@dataclass(frozen=True)
class SignedRoot:
    """What a checkpoint says: the root of the first `size` leaves. `key_id` names the key that signed it."""

    size: int
    root: bytes
    note: str
    key_id: str = ""


def read(note: str, keys: list[PublicKey]) -> SignedRoot:
    """The checkpoint in `note`, if one of `keys` signed it; otherwise BadNote."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    try:
        if not separator or lines[0] != ORIGIN or len(lines) < 3:
            raise ValueError
        size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
        if str(size) != lines[1] or len(root) != 32:
            raise ValueError
    except (ValueError, Base64Error):
        raise BadNote(_("it is not a checkpoint of this trail")) from None
    for line in signatures.splitlines():
        dash, _gap, rest = line.partition(" ")
        name, _gap, encoded = rest.partition(" ")
        try:
            packed = base64.b64decode(encoded, validate=True)
        except Base64Error:
            continue
        for key in keys:
            known = dash == "—" and name == key.name and packed[:4].hex() == key.id
            if known and key.verifies(packed[4:], text + "\n"):
                return SignedRoot(size, root, note, key.id)
    raise BadNote(_("no key we trust has signed it"))


def write(size: int, root: bytes, key: Ed25519PrivateKey) -> SignedRoot:
    """A checkpoint signed with `key`."""
    text = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\n"
    public = public_half(key)
    signature = base64.b64encode(bytes.fromhex(public.id) + key.sign(text.encode())).decode()
    return SignedRoot(size, root, f"{text}\n— {public.name} {signature}\n", public.id)


def public_half(key: Ed25519PrivateKey) -> PublicKey:
    return PublicKey(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def signing_key(*, make: bool = False) -> Ed25519PrivateKey | None:
    """From TRAIL_SIGNING_KEY or the key file (32 bytes, hexadecimal); None where there is none.

    With `make`, a missing key file is made, readable by its owner only.
    """
    if given := os.environ.get("TRAIL_SIGNING_KEY"):
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(given))
    path = Path(settings.KEYS) / KEY_FILE
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(os.urandom(32).hex() + "\n")
        except FileExistsError:
            pass
    if not path.exists():
        return None
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    public = path.with_suffix(".pub")
    if make and not public.exists():
        public.write_text(f"{public_half(key)}\n")
    return key


def trusted_keys(file: Path | None = None) -> list[PublicKey]:
    """The keys whose signature counts: those in `file`, else those beside the key file and the key itself.

    A file holds one key a line, so that checkpoints of a retired key stay good.
    """
    if file is not None:
        return [PublicKey.read(line.strip()) for line in file.read_text().splitlines() if line.strip()]
    public = (Path(settings.KEYS) / KEY_FILE).with_suffix(".pub")
    keys = trusted_keys(public) if public.exists() else []
    if (key := signing_key()) and public_half(key) not in keys:
        keys.append(public_half(key))
    return keys
