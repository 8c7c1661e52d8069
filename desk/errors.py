"""What a person sees when something cannot be done: what happened, whether anything was lost, and the way on."""

import re

from django.http import HttpResponseServerError
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.translation import gettext as _

from accounts.models import Role

# get_object_or_404 speaks of models, in English; a person is told in our words.
DJANGOS_OWN = re.compile(r"No .+ (matches|found matching) the .*query\.?")


def csrf_failure(request, reason=""):
    """The page was open too long or in another window: nothing was saved, and the way back keeps what was typed."""
    return render(request, "errors/csrf.html", {"reason": reason}, status=403)


def not_found(request, exception=None):
    return render(request, "errors/404.html", {"message": _reason(exception)}, status=404)


def forbidden(request, exception=None):
    """Names the posts that may do it: another of one's own to switch to, else whom to ask."""
    permission = str(exception) if exception else ""
    known = "." in permission and " " not in permission
    roles = list(Role.objects.filter(permissions__contains=[permission])) if known else []
    mine = [post for post in request.user.posts_now if post.role in roles] if request.user.is_authenticated else []
    context = {"holders": roles, "posts": mine, "message": "" if known else permission}
    return render(request, "errors/403.html", context, status=403)


def bad_request(request, exception=None):
    return render(request, "errors/400.html", {"message": _reason(exception)}, status=400)


def server_error(request):
    """Drawn without context or database: whatever broke may be either."""
    return HttpResponseServerError(get_template("errors/500.html").render())


def _reason(exception) -> str:
    text = str(exception.args[0]) if exception and exception.args and isinstance(exception.args[0], str) else ""
    if DJANGOS_OWN.fullmatch(text):
        text = ""
    return text or _("The address may be wrong, or the record is not one of yours.")
