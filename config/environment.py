"""Reading the environment: each setting has one name, one type and one clear error."""

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def flag(name: str, default: bool = False) -> bool:
    """A yes or a no. Accepts 1/0, true/false, yes/no, on/off."""
    raw = os.environ.get(name, "").strip().lower()
    if not raw:
        return default
    if raw in {"1", "true", "yes", "on"}:
        return True
    if raw in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} must be yes or no, not {raw!r}")


def number(name: str, default: int) -> int:
    raw = os.environ.get(name, "").strip()
    try:
        return int(raw) if raw else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {raw!r}") from None


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def numbers(name: str, default: str = "") -> dict[str, int]:
    """Whole numbers by word: `NGS=30,PCR=10,20`. A number alone stands under "", for every other word."""
    found = {}
    for part in words(name, default):
        word, _is, text = part.rpartition("=")
        try:
            found[word.strip()] = int(text)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} holds words with whole numbers, such as NGS=30,20, not {part!r}"
            ) from None
    return found


def ranges(name: str, default: str = "") -> dict[str, tuple[Decimal, Decimal]]:
    """Ranges by word: `血浆=15~30,骨髓=2~8`."""
    found = {}
    for part in words(name, default):
        word, _is, text = part.rpartition("=")
        low, _to, high = text.partition("~")
        try:
            found[word.strip()] = (Decimal(low.strip()), Decimal(high.strip()))
        except InvalidOperation:
            raise ImproperlyConfigured(f"{name} holds words with ranges, such as 骨髓=2~8, not {part!r}") from None
    return found


def secret(name: str, folder: Path, default: str = "") -> str:
    """A secret from NAME, from the file NAME_FILE names, or from `folder`/name, in this order.

    Empty files and unset names give `default`; production refuses an empty secret.
    """
    if value := os.environ.get(name):
        return value
    path = Path(os.environ.get(f"{name}_FILE") or folder / name.lower())
    if path.is_file():
        return path.read_text().strip()
    return default


def database(url: str) -> dict:
    """A Django database from `postgresql://user:password@host:port/name?host=/socket/folder`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    query = parse_qs(parts.query)
    return {
        "ENGINE": "config.postgres",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": query.get("port", [parts.port or ""])[0],
    }


def celery_broker(url: str) -> str:
    """Celery's spelling of a Redis address: `unix:///path?db=0` is `redis+socket:///path?virtual_host=0`."""
    if not url.startswith("unix://"):
        return url
    parts = urlsplit(url)
    db = parse_qs(parts.query).get("db", ["0"])[0]
    login = f"{parts.username or ''}:{parts.password}@" if parts.password else ""
    return f"redis+socket://{login}{parts.path}?virtual_host={db}"
