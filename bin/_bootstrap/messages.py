"""Compiles `locale/*/LC_MESSAGES/*.po` to `.mo` without the gettext programs, which a fresh machine lacks."""

import ast
import struct
from pathlib import Path

from . import ROOT


def compile_all(root: Path = ROOT) -> list[Path]:
    """Compile every catalogue whose `.mo` is missing or older; returns those written."""
    written = []
    for po in sorted(root.glob("**/locale/*/LC_MESSAGES/*.po") if root != ROOT else ours()):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            fresh = mo.with_suffix(".mo.new")
            fresh.write_bytes(binary(entries(po)))
            fresh.replace(mo)
            written.append(mo)
    return written


def ours() -> list[Path]:
    return [*ROOT.glob("locale/*/LC_MESSAGES/*.po"), *ROOT.glob("*/locale/*/LC_MESSAGES/*.po")]


def entries(po: Path) -> dict[str, str]:
    """Translated, not fuzzy entries, keyed as gettext keys them: context EOT msgid NUL plural."""
    found: dict[str, str] = {}
    parts: dict[str, str] = {}
    field, fuzzy = "", False

    def keep() -> None:
        texts = [parts[key] for key in sorted(parts) if key.startswith("msgstr")]
        # The header counts even when the tools have marked it fuzzy: it names the character set.
        if "msgid" in parts and any(texts) and (not fuzzy or not parts["msgid"]):
            key = parts["msgid"]
            if "msgid_plural" in parts:
                key += "\0" + parts["msgid_plural"]
            if "msgctxt" in parts:
                key = parts["msgctxt"] + "\x04" + key
            found[key] = "\0".join(texts)

    for raw in [*po.read_text(encoding="utf-8").splitlines(), ""]:
        line = raw.strip()
        if not line or (line.startswith(("#", "msgctxt")) and field.startswith("msgstr")):
            keep()
            parts, field, fuzzy = {}, "", False
        if line.startswith("#,") and "fuzzy" in line:
            fuzzy = True
        if not line or line.startswith("#"):
            continue
        if line.startswith("msgid ") and field.startswith("msgstr"):
            keep()
            parts, fuzzy = {}, False
        if not line.startswith('"'):
            field, _, line = line.partition(" ")
            parts[field] = ""
        parts[field] += ast.literal_eval(line)
    return found


def binary(messages: dict[str, str]) -> bytes:
    """The `.mo` format: a header, two tables of (length, offset), then the texts."""
    pairs = sorted((key.encode(), text.encode()) for key, text in messages.items())
    ids = b"".join(key + b"\0" for key, _ in pairs)
    texts = b"".join(text + b"\0" for _, text in pairs)
    start = 28 + 16 * len(pairs)
    id_table, text_table, id_at, text_at = b"", b"", start, start + len(ids)
    for key, text in pairs:
        id_table += struct.pack("<II", len(key), id_at)
        text_table += struct.pack("<II", len(text), text_at)
        id_at += len(key) + 1
        text_at += len(text) + 1
    header = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return header + id_table + text_table + ids + texts
