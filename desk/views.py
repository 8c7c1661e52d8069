"""The home page, the search box, help, and the probe."""

from django.db import connection
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from audit.guards import public
from audit.models import Alarm
from desk import today, worklists
from desk.help import TEXTS
from policy import calendar
from referrals import searching
from referrals.models import Referral
from reports import queries as reports
from supervision.models import LedgerImport


@public
def home(request):
    """What waits for this post. Everybody signed in has a home page; the others are asked to sign in."""
    user = request.user
    if not user.is_authenticated:
        return redirect(f"{reverse('accounts:login')}?next={request.path}")
    if user.post is None:
        return render(request, "accounts/choose_post.html", {"posts": []})
    lists = worklists.of(user)
    counts = request.counted_worklists = worklists.counts(user, lists)
    counted = [(item, worklists.shown(item, counts)) for item in lists if item.rows]
    return render(
        request,
        "desk/home.html",
        {
            "tasks": today.tasks(user),
            "main_action": today.main_action(user),
            "due": [(item, n) for item, n in counted if item.is_to_do and counts[item.code]],
            "works_off": any(item.is_to_do for item, _n in counted),
            "counted": [(item, n) for item, n in counted if not item.is_to_do],
            "overdue": counts.get("waiting_overdue", 0),
            "others": [item for item in lists if not item.rows],
            "alarms": Alarm.objects.filter(acknowledged_at__isnull=True)[:1] if user.may("audit.view_trail") else [],
            "nothing_imported": user.may("supervision.import_ledger")
            and not Referral.objects.visible_to(user).exists(),
            "latest_import": LedgerImport.objects.visible_to(user).order_by("-id").first()
            if user.may("supervision.import_ledger")
            else None,
            "today": timezone.localdate(),
            "year_to_mark": calendar.year_to_mark() if user.may(calendar.PERMISSION) else None,
            **_last_period(user),
        },
    )


def _last_period(user) -> dict:
    """The indicators of the last closed period, for posts of a hospital that see them."""
    post = user.post
    if post.institution.is_bureau or not user.may("reports.view_indicators"):
        return {}
    period = reports.period_or_last("")
    _spans, lines = reports.visible_rates(user, post.institution, period, how_many=2)
    rates = [
        reports.rate_line(code, post.institution.code, period.code, found[-1], found[-2])
        for code, found in lines.items()
    ]
    return {"period": period, "rates": rates, "may_list_cases": user.may("referrals.view_referral")}


@public
def search(request):
    """One hit opens; several are listed; none says what can be searched for."""
    user = request.user
    if not user.is_authenticated:
        return redirect(f"{reverse('accounts:login')}?next={request.get_full_path()}")
    text = request.GET.get("q", "").strip()[:80]
    may = user.may("referrals.view_referral")
    found = list(searching.referrals(user, text)) if may and text else []
    if len(found) == 1:
        return redirect("referrals:case", found[0].pk)
    return render(
        request,
        "desk/search.html",
        {
            "search_q": text,
            "found": found[: searching.SHOWN],
            "more": len(found) > searching.SHOWN,
            "may_search": may,
            "own_only": user.scope == Role.Scope.OWN,
        },
    )


@public
def help_page(request):
    return render(request, "desk/help.html", {"texts": TEXTS.values()})


@public
def health(request):
    """For the supervisor and the proxy: the database answers. Says nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
