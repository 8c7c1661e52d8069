"""Reading the differences of two editions of the drug rules, and their criteria in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from catalog.models import DrugTargetRule, RuleEdition
from catalog.targets.criteria import Condition
from catalog.targets.matching import METHOD_WORDS, SPECIMEN_WORDS

COMPARED = (
    "drugs", "indication", "line", "biomarker", "need_as_written", "accepted_result", "accepted_specimen",
    "not_sufficient", "basis", "confidence", "mark", "names", "uses",
)  # fmt: skip


def in_words(rule: DrugTargetRule) -> list[str]:
    """The machine's reading of a rule, a line each use, so that a pharmacist can hold it against the wording."""
    lines = []
    for use in rule.read_uses:
        where = "、".join(use.indications) or _("every indication")
        line = f"（{'、'.join(use.lines)}）" if use.lines else ""
        if use.need == "test":
            groups = [" ＋ ".join(_condition(one) for one in group) for group in use.any_of]
            asked = _(" or ").join(groups)
        else:
            asked = str(DrugTargetRule.Need(use.need).label)
        fresh = _("; report made after %(event)s") % {"event": use.fresh_after} if use.fresh_after else ""
        lines.append(f"{where}{line}：{asked}{fresh}")
    return lines


def _condition(one: Condition) -> str:
    more = []
    if one.methods:
        more.append("/".join(str(METHOD_WORDS[name]) for name in one.methods))
    if one.specimens:
        more.append("/".join(str(SPECIMEN_WORDS[name]) for name in one.specimens))
    if one.classified:
        more.append(_("classed as pathogenic or likely pathogenic"))
    return f"{one.target}（{'；'.join(more)}）" if more else one.target


def differences(edition: RuleEdition) -> list[tuple[str, DrugTargetRule | None, DrugTargetRule | None, list[tuple]]]:
    """Against the edition it was drafted from: (code, before, after, [(field, before, after)]), changed rules only."""
    if edition.based_on_id is None:
        return []
    before = {one.code: one for one in DrugTargetRule.objects.filter(edition_id=edition.based_on_id)}
    after = {one.code: one for one in edition.rules.all()}
    found = []
    for code in sorted({*before, *after}):
        old, new = before.get(code), after.get(code)
        changed: list[tuple[Any, Any, Any]] = []
        if old and new:
            for name in COMPARED:
                if getattr(old, name) != getattr(new, name):
                    label = DrugTargetRule._meta.get_field(name).verbose_name  # type: ignore[union-attr]
                    pair = (
                        (in_words(old), in_words(new)) if name == "uses" else (getattr(old, name), getattr(new, name))
                    )
                    changed.append((label, _text(pair[0]), _text(pair[1])))
        if changed or old is None or new is None:
            found.append((code, old, new, changed))
    return found


def _text(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list) else str(value)
