"""Rows of a draft are added, changed and removed, each with its reason (clause A40: nothing is edited in place
without a trace)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog import checking, citing, grading, rows
from catalog.actions.common import DRAFT, held, lapse_sign_offs, reason_of, refused, step
from catalog.models import Edition, GeneTest, Indication, RowChange, RowComment
from catalog.naming import initials, test_name

Kind = RowChange.Kind


@transaction.atomic
def add_row(*, edition: Edition, code: str, values: Mapping[str, Any], reason: str, by: Any) -> Indication:
    """A new row. `values` are its content by field name; without a `test` one is found or made from the genes."""
    edition = _to_write(edition, by)
    reason, code = reason_of(reason), code.strip().upper()
    if not code:
        raise refused("code", _("A row has a code."))
    if Indication.objects.filter(edition=edition, code=code).exists():
        raise refused("code", _("The edition has a row %(code)s already.") % {"code": code})
    line = Indication(edition=edition, code=code)
    with step("catalog.row_written", reason=reason, clause="A40"):
        cited = _fill(line, values)
        line.save(force_insert=True)
        citing.write(line, cited or [])
        _keep(edition, code, Kind.ADDED, {}, rows.values_of(line), reason, by)
    return line


@transaction.atomic
def change_row(
    *, line: Indication, values: Mapping[str, Any], reason: str, by: Any, seen: int | None = None,
    resolves: RowComment | None = None,
) -> Indication:  # fmt: skip
    """Change a row's content. Who confirmed it did not confirm this: the row is 待复核 again.

    `seen` is the last change of the row on the page the person wrote on; a newer one refuses. `resolves` is an
    objection that this change accepts.
    """
    edition = _to_write(line.edition, by)
    reason = reason_of(reason)
    line = Indication.objects.select_for_update(of=("self",)).select_related("test").get(pk=line.pk)
    if seen is not None and last_change(edition, line.code) != seen:
        raise refused("stale", _("Somebody else changed this row meanwhile. Look at it again before you change it."))
    former = rows.values_of(line)
    with step("catalog.row_written", reason=reason, clause="A40"):
        cited = _fill(line, values)
        now = rows.values_of(line)
        if cited is not None:
            now[citing.FIELD] = citing.text(cited)
        before, after = rows.difference(former, now)
        if not after:
            raise refused("row", _("Nothing of the row was changed."), "A40")
        line.reviewed_on = line.reviewed_by = None
        line.save()
        if cited is not None:
            citing.write(line, cited)
        change = _keep(edition, line.code, Kind.CHANGED, before, after, reason, by)
    if resolves is not None:
        from catalog.actions.reviewing import accept_objection

        accept_objection(comment=resolves, note=reason, by=by, change=change)
    return line


@transaction.atomic
def remove_row(*, line: Indication, reason: str, by: Any) -> None:
    """Take a row out of the draft; what it said is kept with the reason."""
    edition = _to_write(line.edition, by)
    reason = reason_of(reason)
    line = Indication.objects.select_for_update(of=("self",)).select_related("test").get(pk=line.pk)
    with step("catalog.row_removed", reason=reason, clause="A40"):
        former, code = rows.values_of(line), line.code
        line.delete()
        _keep(edition, code, Kind.REMOVED, former, {}, reason, by)


@transaction.atomic
def take_from(*, edition: Edition, lines: Iterable[Indication], reason: str, by: Any) -> int:
    """Take rows of the starter library, or of a former edition, into the draft. Codes that it has are passed over."""
    edition = _to_write(edition, by)
    reason = reason_of(reason)
    known = set(Indication.objects.filter(edition=edition).values_list("code", flat=True))
    new = [line for line in lines if line.code not in known]
    with step("catalog.row_written", reason=reason, clause="A40"):
        for line in rows.copy(new, edition):
            _keep(edition, line.code, Kind.ADDED, {}, rows.values_of(line), reason, by)
    return len(new)


def last_change(edition: Edition, code: str) -> int:
    """The number of the row's last change in this edition; 0 before the first."""
    found = RowChange.objects.filter(edition=edition, code=code).order_by("-pk").values_list("pk", flat=True).first()
    return found or 0


def _to_write(edition: Edition, by: Any) -> Edition:
    """Rows are written by the drafter's office, and not by an expert of the group that judges them (X14)."""
    edition = held(edition, DRAFT, by, *Edition.WRITABLE)
    if edition.experts.filter(user_id=by.pk).exists():
        raise refused("X14", _("Who drafts an edition or changes its rows does not review it as an expert."), "A40")
    return edition


def _fill(line: Indication, values: Mapping[str, Any]) -> list[citing.Cited] | None:
    """Put the values on the row, checked; its citations to be, or None when they stay as they are."""
    known = {field.name for field in rows.content_fields()} | {citing.FIELD}
    before = rows.values_of(line) if line.pk else {}
    for name, value in values.items():
        if name not in known:
            raise refused("row", _("A row has no field %(name)s.") % {"name": name})
        if name not in ("test", citing.FIELD):
            setattr(line, name, value.strip() if isinstance(value, str) else value)
    if bare := rows.lacking(line):
        said = _("A row has to say: %(fields)s.") % {"fields": "、".join(bare)}
        raise refused("row", said, "B2")
    differs = {name: values[name] for name in values if before.get(name) != values[name]}
    renamed = any(name in differs for name in citing.NAMING)
    if renamed:
        differs |= {name: getattr(line, name) for name in (*citing.NAMING, "issuer")}
    register = citing.register_of(line.edition.institution_id)
    faults = [one.message for one in checking.problems(differs, register=register) if one.is_fault]
    if faults:
        raise refused("row", " ".join(faults), "B2")
    _grade(line)
    line.tumour_initials = initials(line.tumour)[:60]
    line.test = _test_for(line, values.get("test"))
    if differs.get(citing.FIELD) or (line.pk and citing.FIELD in differs):
        return citing.read(str(differs[citing.FIELD] or ""), register)[0]
    if not renamed:
        return None
    named = {name: getattr(line, name) for name in citing.NAMING}
    return citing.drawn(named, register, citing.of(line))


def _grade(line: Indication) -> None:
    """Clause A23: the criteria stand whole and with their reasoning, and another grade than theirs says why."""
    rules = grading.rules_on(line.edition.institution, timezone.now())
    if wrong := [said for _field, said in grading.problems(line, rules)]:
        raise refused("row", " ".join(wrong), "A23")
    if grading.proposed(grading.criteria_of(line), rules) == line.grade:
        line.grade_reason = ""


def _test_for(line: Indication, wanted: Any) -> GeneTest:
    """The test a row names: the one chosen, the one it has, or one made of its genes, alteration and method.

    A row never names a test of other genes: price, contract and consent follow the test.
    """
    chosen = wanted or (line.test if line.test_id else None)
    if chosen is not None and chosen.genes == line.genes:
        return chosen
    if wanted is not None:
        said = _(
            "The test %(test)s is for %(genes)s, the row for %(row)s: choose another test, or none to have one made."
        )
        raise refused("test", said % {"test": wanted.code, "genes": wanted.genes, "row": line.genes}, "B2")
    name = test_name(line.genes, line.alteration, line.method_primary)
    alike = list(GeneTest.objects.filter(genes=line.genes, method=line.method_primary, name=name).order_by("pk"))
    own = next((one for one in alike if one.code == f"GT-{line.code}"), None)
    return own or (alike[0] if alike else _new_test(line, name))


def _new_test(line: Indication, name: str) -> GeneTest:
    code, n = f"GT-{line.code}"[:20], 2
    while GeneTest.objects.filter(code=code).exists():
        code, n = f"GT-{line.code}"[:17] + f"-{n}", n + 1
    return GeneTest.objects.create(
        code=code, name=name, genes=line.genes, method=line.method_primary, specimen=line.specimen,
        initials=initials(name)[:80],
    )  # fmt: skip


def _keep(
    edition: Edition, code: str, kind: str, before: dict[str, Any], after: dict[str, Any], reason: str, by: Any
) -> RowChange:
    lapse_sign_offs(edition, by)
    return RowChange.objects.create(
        edition=edition, code=code, kind=kind, before=before, after=after, reason=reason, made_by=by,
        made_at=timezone.now(),
    )  # fmt: skip
