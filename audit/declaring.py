"""Saying who acts, before writing.

The trail's triggers read the declaration from settings that live as long as the transaction. A declaration is
bound by an HMAC under a key that the database never sees, so that an event written by hand cannot carry one.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from psycopg.errors import error_from_result
from psycopg.pq import Escaping, ExecStatus, TransactionStatus

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
Scope = Iterable[int] | Literal["*"]


@dataclass(frozen=True)
class Declaration:
    """Who acts in this transaction, in which post, at which step and why, and what they may see."""

    actor: int
    post: int | None = None
    step: str = ""
    reason: str = ""
    clause: str = ""
    request: str = ""
    institutions: str = ""
    identity: str = ""

    @property
    def token(self) -> str:
        return token(self.actor, self.post, self.step, self.reason, self.clause, self.request)


@lru_cache(maxsize=4)
def _key(trail_key: str) -> bytes:
    return hmac.digest(bytes.fromhex(trail_key), b"declare", "sha256")


def token(actor: int, post: int | None, step: str, reason: str, clause: str, request: str) -> str:
    """HMAC-SHA256, hexadecimal, of the declaration as a JSON list, under a key derived for this purpose."""
    message = _ENCODE([actor, post, step, reason, clause, request])
    return hmac.digest(_key(settings.TRAIL_KEY), message.encode(), "sha256").hex()


NOBODY = Declaration(actor=-1)
SETTINGS = ("actor", "post", "step", "reason", "clause", "request", "token", "institutions", "identity")
_NAMES = [name.encode() for name in SETTINGS]
SET_ALL = "SELECT " + ", ".join(f"set_config('mingjian.{name}', %s, true)" for name in SETTINGS)


def declare(
    *,
    actor: int,
    post: int | None = None,
    step: str = "",
    reason: str = "",
    clause: str = "",
    request: str | None = None,
    institutions: Scope = (),
    identity: Scope = (),
) -> Declaration:
    """Declare for the rest of this transaction, in one statement. Must be called inside `atomic()`.

    `request` names one transaction and is made up when not given. `institutions` are those whose rows the
    transaction may see and `identity` those whose patients' identities; "*" is all.
    """
    return _put(
        Declaration(
            actor=actor,
            post=post,
            step=step,
            reason=reason,
            clause=clause,
            request=request or os.urandom(16).hex(),
            institutions=_listed(institutions),
            identity=_listed(identity),
        )
    )


@contextmanager
def step(name: str, *, reason: str = "", clause: str = "") -> Iterator[Declaration]:
    """Name the step the writes inside belong to; who acts stays. The former step comes back afterwards."""
    before = current()
    if before is None:
        raise RuntimeError(f"Nobody has declared who takes the step {name}; see audit.declaring.")
    if (before.step, before.reason, before.clause) == (name, reason, clause):
        yield before
        return
    yield _put(replace(before, step=name, reason=reason, clause=clause))
    # Not in a `finally`: after an error the rollback has put the former settings back.
    _put(before)


@contextmanager
def acting(
    user: Any,
    *,
    step: str,
    post: int | None = None,
    institutions: Scope = "*",
    identity: Scope = "*",
    reason: str = "",
    clause: str = "",
    request: str | None = None,
) -> Iterator[Declaration]:
    """A declared transaction of its own, for tasks and commands; nested, it speaks for its inside only."""
    before = current()
    with transaction.atomic():
        declaration = declare(
            actor=user.pk,
            post=post,
            step=step,
            reason=reason,
            clause=clause,
            request=request,
            institutions=institutions,
            identity=identity,
        )
        yield declaration
        # After an error the rollback puts the former settings back by itself.
        if len(connection.atomic_blocks) > 1:
            _put(before or NOBODY)


def again(declaration: Declaration) -> None:
    """Declare once more what was declared before."""
    _put(declaration)


def current() -> Declaration | None:
    """The declaration of the transaction now open, if it has one."""
    if connection.in_atomic_block:
        for entry in reversed(connection.run_on_commit):
            hook: Any = entry[1]
            if isinstance(hook, _Declared):
                return None if hook.declaration is NOBODY else hook.declaration
    return None


def record_reading(table: str, row: Any, page: str) -> None:
    """Write that whoever is declared read this row on this page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_record_reading(%s, %s, %s)", [table, str(row), page])


def _put(declaration: Declaration) -> Declaration:
    # The connection itself, once: each look through Django's proxy costs as much as the token.
    wrapper = connections[DEFAULT_DB_ALIAS]
    if not wrapper.in_atomic_block:
        raise RuntimeError("A declaration lasts as long as its transaction: declare inside atomic().")
    if declaration is NOBODY:
        values = [""] * len(SETTINGS)
    else:
        values = [
            str(declaration.actor),
            "" if declaration.post is None else str(declaration.post),
            declaration.step,
            declaration.reason,
            declaration.clause,
            declaration.request,
            declaration.token,
            declaration.institutions,
            declaration.identity,
        ]
    if not _begin_with(wrapper, values):
        with wrapper.cursor() as cursor:
            cursor.execute(SET_ALL, values)
    wrapper.on_commit(_Declared(declaration))
    return declaration


@dataclass(frozen=True)
class _Declared:
    """Keeps a declaration among the transaction's commit hooks, which commits and rollbacks (of savepoints
    too) discard exactly when PostgreSQL discards the settings."""

    declaration: Declaration

    def __call__(self) -> None:
        pass


def _begin_with(wrapper: Any, values: list[str]) -> bool:
    """Where the transaction has not begun yet, begin and declare in one round trip; otherwise do nothing.

    Django opens a transaction with its first statement. One more trip a transaction would cost more than all
    of the trail's triggers.
    """
    session = wrapper.connection
    if wrapper.execute_wrappers or session.autocommit or session.isolation_level or session.read_only:
        return False
    if session.info.transaction_status != TransactionStatus.IDLE:
        return False
    quote = Escaping(session.pgconn).escape_literal
    settings_local = b";".join(
        b"SET LOCAL mingjian.%b=%b" % (name, quote(value.encode())) for name, value in zip(_NAMES, values, strict=True)
    )
    result = session.pgconn.exec_(b"BEGIN;" + settings_local)
    if result.status != ExecStatus.COMMAND_OK:
        raise error_from_result(result)
    return True


def _listed(scope: Scope) -> str:
    return "*" if scope == "*" else ",".join(str(int(pk)) for pk in scope)
