"""A sheet is given in for a draft, looked through, and taken in when somebody confirms it: all of it or nothing."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import sheets
from catalog.actions.common import DRAFT, held, reason_of, refused, step
from catalog.actions.rows import add_row, change_row
from catalog.models import Edition, GeneTest, Indication, SheetImport
from documents import files

SHOWN_PROBLEMS = 1000


@transaction.atomic
def give_sheet(*, edition: Edition, content: bytes, name: str, by: Any) -> SheetImport:
    """Read a sheet for this draft and keep what it says and what is wrong with it. Nothing of the draft is changed.

    Raises BadUpload for what is no sheet.
    """
    edition = held(edition, DRAFT, by, *Edition.WRITABLE)
    found = sheets.read(content, edition)
    with step("catalog.sheet_given"):
        return SheetImport.objects.create(
            edition=edition,
            file_name=files.clean_name(name),
            file_sha256=hashlib.sha256(content).hexdigest(),
            rows=found.lines,
            problems=[one.as_json() for one in found.problems[:SHOWN_PROBLEMS]],
            problem_count=len(found.faults),
            read_after=_last_change(edition),
            given_by=by,
        )


@transaction.atomic
def confirm_sheet(*, sheet: SheetImport, reason: str, by: Any) -> int:
    """Take the sheet's rows into the draft, each with this reason; how many were added or changed. Refused while one
    row is wrong, and when the draft has changed since the sheet was read."""
    edition = held(sheet.edition, DRAFT, by, *Edition.WRITABLE)
    sheet = SheetImport.objects.select_for_update(of=("self",)).get(pk=sheet.pk)
    reason = reason_of(reason)
    if sheet.confirmed_at:
        raise refused("sheet", _("This sheet was taken in already."))
    if sheet.problem_count:
        said = _("%(n)d problems stand in the sheet: mend them and give it in again; nothing was changed.")
        raise refused("sheet", said % {"n": sheet.problem_count})
    if sheet.read_after != _last_change(edition):
        raise refused("stale", _("Rows of the draft were changed after the sheet was read: give it in again."))
    changes, _same = sheets.changes(sheet.rows, edition)
    if not changes:
        raise refused("sheet", _("The sheet says what the draft says already; there is nothing to take in."))
    tests = {one.code: one for one in GeneTest.objects.all()}
    here = {one.code: one for one in Indication.objects.filter(edition=edition).select_related("test", "edition")}
    with step("catalog.sheet_taken", reason=reason, clause="A40"):
        for change in changes:
            values = dict(change["after"])
            test = tests.get(values.pop("test", None) or "")
            if change["kind"] == "added":
                fits = test is not None and test.genes == values.get("genes")
                add_row(
                    edition=edition, code=change["code"], values=values | ({"test": test} if fits else {}),
                    reason=reason, by=by,
                )  # fmt: skip
            else:
                line = here[change["code"]]
                change_row(line=line, values=values | ({"test": test} if test else {}), reason=reason, by=by)
        SheetImport.objects.filter(pk=sheet.pk).update(confirmed_at=timezone.now(), confirmed_by=by, reason=reason)
    return len(changes)


def _last_change(edition: Edition) -> int:
    return edition.changes.order_by("-pk").values_list("pk", flat=True).first() or 0
