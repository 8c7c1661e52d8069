"""One difference: the two records side by side, what becomes of it, and the second person's word."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.declaring import record_reading
from audit.guards import needs
from audit.refusing import tried
from documents import files
from referrals.actions import settling
from referrals.billing import waiting
from referrals.forms.bills import NoteForm, SettleForm
from referrals.models import StatementDifference
from referrals.views.bill_months import VIEW
from referrals.views.common import who
from referrals.views.station import pdf


@needs(VIEW, on=StatementDifference)
def difference(request: HttpRequest, found: StatementDifference) -> HttpResponse:
    user = who(request)
    month = found.reconciliation
    shut = month is not None and month.is_closed
    sent = request.POST.get("do", "") if request.method == "POST" else ""
    needed = {"settle": settling.SETTLE, "confirm": settling.CONFIRM, "send_back": settling.CONFIRM}.get(sent)
    if needed and not user.may(needed, found):
        raise PermissionDenied(needed)
    settle = SettleForm(
        request.POST if sent == "settle" else None, request.FILES if sent == "settle" else None, kind=found.kind
    )
    note = NoteForm(request.POST if sent == "send_back" else None)
    done: Any = None
    refusals: list = []
    if sent == "settle":
        done, refusals = tried(settle, lambda: settling.settle(differences=[found], by=user, **settle.cleaned_data))
        said = _("Settled; a second person confirms it.")
    elif sent == "confirm":
        plain = _Plain()
        done, refusals = tried(plain, lambda: settling.confirm(differences=[found], by=user))
        said = _("The settlement is confirmed.")
    elif sent == "send_back":
        done, refusals = tried(note, lambda: settling.send_back(differences=[found], by=user, **note.cleaned_data))
        said = _("The settlement is sent back.")
    if done:
        messages.success(request, said)
        return redirect(found)
    related = (
        "laboratory",
        "reconciliation",
        "line__statement",
        "earlier_line__statement",
        "referral__test",
        "evidence",
    )
    one = StatementDifference.objects.select_related(*related, "settled_by", "confirmed_by").get(pk=found.pk)
    second = user.may(settling.CONFIRM, found) and waiting.may_confirm(one, user)
    context = {
        "one": one,
        "month": month,
        "refusals": refusals,
        "settle": settle if one.stands == "open" and not shut and user.may(settling.SETTLE, found) else None,
        "shut": shut,
        "waits_for_another": one.stands == "awaiting" and not shut and user.may(settling.CONFIRM, found) and not second,
        "note": note if one.stands == "awaiting" and not shut and second else None,
        "charges": list(one.referral.charges.order_by("charged_at")) if one.referral else [],
        "shipments": list(one.referral.shipments.select_related("laboratory").order_by("pk")) if one.referral else [],
        "results": one.referral.results.count() if one.referral else 0,
        "see_case": user.may("referrals.view_referral"),
    }
    return render(request, "bills/difference.html", context, status=422 if sent else 200)


class _Plain:
    """A button without anything to type."""

    is_bound = True

    def is_valid(self) -> bool:
        return True

    def add_error(self, _field: Any, error: Any) -> None:
        raise error


@require_GET
@needs(VIEW, on=StatementDifference)
def evidence(request: HttpRequest, found: StatementDifference) -> HttpResponse:
    if found.evidence is None:
        raise Http404
    record_reading("referrals_statementdifference", found.pk, request.path)
    return pdf(files.read(found.evidence), found.evidence.name)
