"""The county's register of policy documents (A1, A52), and what a hospital says it does about a clause by itself."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import declaring
from audit.gates import Refusal, Refused
from audit.refusing import may, needed
from documents import files
from policy.models import Clause, Fulfilment, PolicyDocument

KEEP_REGISTER = "policy.keep_register"
STATE = "policy.state_fulfilment"
CODE = re.compile(r"[A-Z][A-Z0-9]{0,11}")


@transaction.atomic
def register_document(
    *,
    code: str,
    title: str,
    kind: str,
    issuer: str,
    by: Any,
    doc_no: str = "",
    issued_on: date | None = None,
    in_force_from: date | None = None,
    in_force_to: date | None = None,
    duty: str = "",
    supersedes: PolicyDocument | None = None,
) -> PolicyDocument:
    """A document of a higher level enters the register. Its dates count as checked once somebody says so."""
    may(by, KEEP_REGISTER)
    texts = needed(code=code, title=title, issuer=issuer)
    code = texts["code"].upper()
    if not CODE.fullmatch(code):
        raise ValidationError({"code": _("A code is a letter and up to eleven letters or digits, such as M16.")})
    if PolicyDocument.objects.filter(code=code).exists():
        raise ValidationError({"code": _("This code is taken.")})
    if kind not in PolicyDocument.Kind.values:
        raise ValidationError({"kind": _("Choose the kind of document.")})
    _in_order(in_force_from, in_force_to)
    last = PolicyDocument.objects.order_by("-order").values_list("order", flat=True).first() or 0
    with declaring.step("policy.document_registered", clause="A1"):
        document = PolicyDocument.objects.create(
            code=code, title=texts["title"][:200], kind=kind, issuer=texts["issuer"][:100], doc_no=doc_no.strip()[:80],
            issued_on=issued_on, in_force_from=in_force_from, in_force_to=in_force_to, duty=duty.strip(), order=last + 1,
            kept_here=True,
        )  # fmt: skip
        if supersedes is not None:
            _supersede(document, supersedes)
    return document


@transaction.atomic
def check_dates(
    *,
    document: PolicyDocument,
    by: Any,
    source: str,
    issued_on: date | None,
    in_force_from: date | None,
    in_force_to: date | None,
    doc_no: str = "",
) -> PolicyDocument:
    """The dates are compared with the gazette or the document itself: they lose the mark 待核. `source` says where."""
    document = _held(document)
    may(by, KEEP_REGISTER)
    source = needed(source=source)["source"]
    _in_order(in_force_from, in_force_to)
    if issued_on is None and in_force_from is None:
        raise ValidationError({"issued_on": _("Name the day it was issued or the day it took force.")})
    with declaring.step("policy.dates_checked", reason=source, clause="A1"):
        document.issued_on, document.in_force_from, document.in_force_to = issued_on, in_force_from, in_force_to
        document.doc_no = doc_no.strip()[:80] or document.doc_no
        document.dates_verified = document.kept_here = True
        document.save(
            update_fields=["issued_on", "in_force_from", "in_force_to", "doc_no", "dates_verified", "kept_here"]
        )
    return document


@transaction.atomic
def supersede(*, document: PolicyDocument, former: PolicyDocument, by: Any) -> PolicyDocument:
    """`document` takes the place of `former`, which ends the day before unless its end is known already."""
    document = _held(document)
    may(by, KEEP_REGISTER)
    with declaring.step("policy.superseded", clause="A1"):
        _supersede(document, former)
    return document


def _supersede(document: PolicyDocument, former: PolicyDocument) -> None:
    if former.pk == document.pk or former.supersedes_id == document.pk:
        raise ValidationError({"supersedes": _("A document does not supersede itself or its successor.")})
    if document.supersedes_id and document.supersedes_id != former.pk:
        message = _("This document supersedes %(other)s already.") % {"other": document.supersedes}
        raise Refused(Refusal("policy", message, ("A1",)))
    document.supersedes, document.kept_here = former, True
    document.save(update_fields=["supersedes", "kept_here"])
    begins = document.in_force_from or document.issued_on
    if former.in_force_to is None and begins is not None:
        started = former.in_force_from or former.issued_on
        former.in_force_to = max(begins - timedelta(days=1), started or date.min)
        former.kept_here = True
        former.save(update_fields=["in_force_to", "kept_here"])


@transaction.atomic
def state(
    *,
    institution: Any,
    clause: Clause,
    how: str,
    department: str,
    review_by: date,
    by: Any,
    upload: files.Upload | None = None,
) -> Fulfilment:
    """The hospital says how it carries out a clause outside this system. The former statement ends; its proof stays
    with it."""
    made = Fulfilment(institution=institution, clause=clause, stated_by=by, review_by=review_by)
    may(by, STATE, made)
    texts = needed(how=how, department=department)
    if review_by <= timezone.localdate():
        raise ValidationError({"review_by": _("This day has passed.")})
    standing = Fulfilment.objects.select_for_update().standing().filter(institution=institution, clause=clause)
    with declaring.step("policy.fulfilment_stated", clause=clause.code):
        for former in standing:
            former.ended_at, former.ended_by = timezone.now(), by
            former.save(update_fields=["ended_at", "ended_by"])
        made.how, made.department = texts["how"][:1000], texts["department"][:60]
        if upload:
            made.file = files.store(upload, by=by, institution=institution)
        made.save()
    return made


@transaction.atomic
def take_back(*, fulfilment: Fulfilment, by: Any, reason: str) -> Fulfilment:
    """The statement no longer holds: the clause is open again."""
    fulfilment = Fulfilment.objects.select_for_update(of=("self",)).select_related("clause").get(pk=fulfilment.pk)
    may(by, STATE, fulfilment)
    reason = needed(reason=reason)["reason"]
    if fulfilment.ended_at:
        raise Refused(Refusal("stale", _("This statement has ended already."), (fulfilment.clause.code,)))
    with declaring.step("policy.fulfilment_ended", reason=reason, clause=fulfilment.clause.code):
        fulfilment.ended_at, fulfilment.ended_by = timezone.now(), by
        fulfilment.save(update_fields=["ended_at", "ended_by"])
    return fulfilment


def _held(document: PolicyDocument) -> PolicyDocument:
    return PolicyDocument.objects.select_for_update(of=("self",)).select_related("supersedes").get(pk=document.pk)


def _in_order(first: date | None, last: date | None) -> None:
    if first and last and last < first:
        raise ValidationError({"in_force_to": _("The last day lies before the first.")})
