"""Which clauses the register and the hospital's rules carry out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from policy import coverage
from policy.models import HospitalRule, PolicyDocument


def _documents(institution: int) -> Any:
    return PolicyDocument.objects.all()


def _issued(institution: int) -> Any:
    return HospitalRule.objects.filter(institution_id=institution, status=HospitalRule.Status.ISSUED)


def claim_all() -> None:
    register = _("Register of policy documents")
    coverage.claim(["A1", "A52"], "record", register, "policy:coverage", rows=_documents, at="issued_on")
    issued = _("Rules issued by the hospital")
    coverage.claim(["A53", "A54", "B33", "B52"], "record", issued, "policy:rules", rows=_issued, at="issued_on")
