"""What the actions of prices and publications share."""

from __future__ import annotations

from typing import Any

from audit.gates import Refusal, Refused
from audit.refusing import may, needed

__all__ = ["may", "needed", "refused"]


def refused(code: str, message: Any, clauses: tuple[str, ...] = (), mend: str = "", label: Any = "") -> Refused:
    return Refused(Refusal(code, message, clauses, mend, label))
