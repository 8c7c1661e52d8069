"""The record is whole: consent, order and result are filed (X11)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from audit.gates import Act, Judgement, cannot_judge, passes, refuses
from referrals.gates.case import Case, brought, latest, rule
from referrals.gates.words import say, when

INCOMPLETE = _("Consent, order and test result are not all in the patient's record, so the case cannot be closed.")
DOCUMENTS = {
    "consent_filed": _("informed consent"),
    "order_filed": _("order"),
    "result_filed": _("test result"),
}


@rule("X11", clauses=["A27", "B12"], title=_("Three documents in the record"))
def record_is_complete(case: Case, at: datetime, act: Act | None) -> Judgement:
    """A case is closed when consent, order and result are all in the patient's record (A27, B12). What the
    ledger leaves blank cannot be judged, unless another document is known to be missing."""
    filing = latest(case.filings, "filed_at", at)
    filed = {name: brought(act, name, getattr(filing, name, None if filing else False)) for name in DOCUMENTS}
    facts = [(DOCUMENTS[name], _state(value)) for name, value in filed.items()]
    if filing:
        facts.append((_("filed at"), when(filing.filed_at)))
    if missing := [str(DOCUMENTS[name]) for name, value in filed.items() if value is False]:
        return refuses(
            say(INCOMPLETE, _("Missing: %(documents)s.") % {"documents": "、".join(missing)}),
            mend=case.page("filing"),
            mend_label=_("To the filing"),
            facts=facts,
        )
    if unknown := [DOCUMENTS[name] for name, value in filed.items() if value is None]:
        return cannot_judge(*unknown, mend=case.page("filing"), facts=facts)
    return passes(*facts)


def _state(value: bool | None):
    return _("not recorded") if value is None else _("in the record") if value else _("not in the record")
