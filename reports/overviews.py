"""Pages over many cases: the indicators, the bureau's one screen, and the list behind a figure."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.models import Institution
from audit.guards import needs
from documents.paging import address, keyset
from referrals.models import Referral
from reports import charts, drill, periods, queries

PAGE = 50
CAP = 1000


def _hospital(request: HttpRequest) -> Institution:
    """The one the address names among those this person sees, else their own or the first."""
    user: Any = request.user
    hospitals = list(queries.hospitals_of(user))
    wanted = request.GET.get("institution", "")
    if wanted:
        found = next((one for one in hospitals if one.code == wanted), None)
    else:
        own = user.post.institution_id if user.post else None
        found = next((one for one in hospitals if one.pk == own), hospitals[0] if hospitals else None)
    if found is None:
        raise Http404(_("No such institution, or not one of yours."))
    return found


@needs("reports.view_indicators")
def indicators_page(request: HttpRequest) -> HttpResponse:
    """The indicators of one hospital as the records stand now, over the cases this person may see."""
    user: Any = request.user
    hospital = _hospital(request)
    period = queries.period_or_last(request.GET.get("period", ""))
    spans, lines = queries.visible_rates(user, hospital, period)
    rates = [queries.rate_line(code, hospital.code, period.code, found[-1], found[-2]) for code, found in lines.items()]
    labels = [span.short_label for span in spans]
    return render(
        request,
        "reports/indicators.html",
        {
            "hospital": hospital,
            "hospitals": queries.hospitals_of(user),
            "period": period,
            "choices": _choices(period),
            "rates": rates,
            "not_recorded": queries.not_recorded(),
            "charts": charts.rates_over_time(labels, lines, period),
            "part_only": user.scope in ("own", "department"),
            "may_list_cases": user.may("referrals.view_referral"),
        },
    )


def _choices(chosen: periods.Period) -> list[periods.Period]:
    """The running period, the last closed ones, and whatever the address named."""
    found = {chosen, *queries.last_periods(), queries.last_periods()[0].before(-1)}
    return sorted(found, key=lambda span: (span.end, span.start), reverse=True)


@needs("reports.view_county")
def county(request: HttpRequest) -> HttpResponse:
    """Every supervised hospital on one screen: the report's state, the 100 % indicators, volumes, findings."""
    user: Any = request.user
    period = queries.period_or_last(request.GET.get("period", ""))
    lines = queries.county(user, period)
    return render(
        request,
        "reports/county.html",
        {
            "period": period,
            "choices": _choices(period),
            "lines": lines,
            **queries.side_by_side(lines),
            "may_receive": user.may("reports.receive_report"),
            "may_download": user.may("reports.download_report"),
        },
    )


@needs("referrals.view_referral")
def cases(request: HttpRequest) -> HttpResponse:
    """The cases behind one figure, newest first, without names."""
    user: Any = request.user
    hospital = _hospital(request)
    try:
        period = periods.parse(request.GET.get("period", "") or periods.last_closed().code)
        found = drill.cases(Referral.objects.visible_to(user), hospital, period, request.GET)
    except periods.NotAPeriod as fault:
        raise Http404(str(fault)) from None
    except drill.NoSuchFigure:
        raise Http404(_("This address names no figure that is counted here.")) from None
    rows, older, newer = keyset(
        found.cases.select_related("department", "test", "indication", "laboratory", "institution"),
        "id",
        request.GET,
        size=PAGE,
        newest=True,
    )
    total = found.cases.order_by()[: CAP + 1].count()
    was = request.GET.get("was", "")
    return render(
        request,
        "reports/cases.html",
        {
            "found": found,
            "hospital": hospital,
            "period": period,
            "when": request.GET.get("when", ""),
            "rows": rows,
            "total": min(total, CAP),
            "more": total > CAP,
            "was": int(was) if was.isdecimal() and len(was) < 9 else None,
            "differs": was.isdecimal() and total <= CAP and int(was[:9]) != total,
            "parts": _part_tabs(request, found),
            "older_url": address(request, after=older) if older else "",
            "newer_url": address(request, before=newer) if newer else "",
        },
    )


def _part_tabs(request: HttpRequest, found: drill.Drilled) -> list[tuple[Any, str, None, bool]]:
    """All, met, not met: the three lists of one indicator."""
    if found.indicator is None:
        return []
    tabs = []
    for part, words in drill.INDICATOR_PARTS.items():
        query = request.GET.copy()
        for name in ("was", "after", "before", "row"):
            query.pop(name, None)
        query["indicator"], query["part"] = found.indicator.code, part
        tabs.append((words, f"?{query.urlencode()}", None, part == found.part))
    return tabs
