"""One's own reminders and the e-mail address they go to; that of somebody else, for whoever keeps the staff."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import actions, queries
from accounts.forms import EmailForm
from accounts.models import Reminder
from accounts.views_delegation import signed_in
from audit.guards import needs

SHOWN = 100


@signed_in
def reminders(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = EmailForm(request.POST or None, initial={"email": user.email})
    if form.is_valid():
        actions.set_email(user=user, by=user, **form.cleaned_data)
        messages.success(request, _("The e-mail address is set."))
        return redirect("accounts:reminders")
    context = {
        "form": form,
        "reminders": Reminder.objects.filter(user=user)[:SHOWN],
        "sends": bool(settings.EMAIL_HOST),
    }
    return render(request, "accounts/reminders.html", context, status=422 if form.errors else 200)


@require_POST
@needs("accounts.manage_staff")
def staff_email(request: HttpRequest, pk: int) -> HttpResponse:
    user: Any = request.user
    found = get_object_or_404(queries.staff(user), pk=pk)
    form = EmailForm(request.POST)
    if not form.is_valid():
        context = {"person": found, "may_manage": True, "email_form": form}
        return render(request, "accounts/person.html", context, status=422)
    actions.set_email(user=found, by=user, **form.cleaned_data)
    messages.success(request, _("The e-mail address is set."))
    return redirect("accounts:person", pk=pk)
