"""Alerts on laboratories' bills: the discipline office's list, and one alert with its line, explanation and opinion."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from audit.guards import needs
from audit.refusing import tried
from documents.fields import long_text
from documents.paging import address, newest_first
from referrals.models import Reconciliation
from supervision import alerting, queries
from supervision.models import Alert


class ExplainForm(forms.Form):
    explanation = forms.CharField(label=gettext_lazy("What lies behind it"), max_length=2000, widget=long_text(3))


class ReviewForm(forms.Form):
    outcome = forms.ChoiceField(label=gettext_lazy("Opinion"), choices=Alert.Outcome.choices, widget=forms.RadioSelect)
    opinion = forms.CharField(label=gettext_lazy("Grounds"), max_length=2000, widget=long_text(3))


@require_GET
@needs(alerting.VIEW)
def index(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    visible = Alert.objects.visible_to(user)
    show = request.GET.get("show", "")
    lists = {"": visible.open(), "judged": visible.filter(reviewed_at__isnull=False)}
    show = show if show in lists else ""
    rows, older, newer = newest_first(
        lists[show].select_related("laboratory", "institution", "reviewed_by", "line__statement"),
        "raised_at",
        request.GET,
        size=queries.PAGE,
    )
    context = {
        "rows": rows,
        "tabs": [
            (_("To be judged"), "?", lists[""].count(), show == ""),
            (_("Judged"), "?show=judged", lists["judged"].count(), show == "judged"),
        ],
        "several": len(user.institution_ids) > 1,
        "older_url": address(request, after=older) if older else "",
        "newer_url": address(request, before=newer) if newer else "",
    }
    return render(request, "supervision/alerts.html", context)


@needs(alerting.VIEW, on=Alert)
def detail(request: HttpRequest, alert: Alert) -> HttpResponse:
    user: Any = request.user
    sent = request.POST.get("do", "") if request.method == "POST" else ""
    needed = {"explain": alerting.EXPLAIN, "review": alerting.REVIEW}.get(sent)
    if needed and not user.may(needed, alert):
        raise PermissionDenied(needed)
    explain = ExplainForm(request.POST if sent == "explain" else None, initial={"explanation": alert.explanation})
    review = ReviewForm(request.POST if sent == "review" else None)
    done: Any = None
    refusals: list = []
    if sent == "explain":
        done, refusals = tried(explain, lambda: alerting.explain(alert=alert, by=user, **explain.cleaned_data))
    elif sent == "review":
        done, refusals = tried(review, lambda: alerting.review(alert=alert, by=user, **review.cleaned_data))
    if done:
        messages.success(request, _("Recorded."))
        return redirect(alert)
    one = Alert.objects.select_related(
        "laboratory", "institution", "referral", "line__statement", "explained_by", "reviewed_by"
    ).get(pk=alert.pk)
    month = Reconciliation.objects.visible_to(user).filter(
        institution=one.institution_id, laboratory=one.laboratory_id, month=one.month
    )
    around = Alert.objects.visible_to(user).filter(laboratory=one.laboratory_id, institution=one.institution_id)
    context = {
        "one": one,
        "month": month.first() if user.may("referrals.view_statement_differences") else None,
        "of_laboratory": around.count(),
        "refusals": refusals,
        "explain": explain if not one.reviewed_at and user.may(alerting.EXPLAIN, one) else None,
        "review": review if not one.reviewed_at and user.may(alerting.REVIEW, one) else None,
        "see_case": user.may("referrals.view_referral"),
    }
    return render(request, "supervision/alert.html", context, status=422 if sent else 200)
