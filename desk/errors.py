"""What a person sees when something cannot be done: what happened, whether anything was lost, and the way on."""

from django.shortcuts import render


def csrf_failure(request, reason=""):
    """The page was open too long or in another window: nothing was saved, and the way back keeps what was typed."""
    return render(request, "errors/csrf.html", {"reason": reason}, status=403)
