"""The person's post, and one declared transaction around each view."""

import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import translation

from accounts import tokens
from audit import declaring

SESSION_KEY = "post"
API = "/api/"


class CurrentPost:
    """Put the post chosen at the top of the page on the user; a post that ended falls back to the first in force."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = request.user
        if user.is_authenticated and (chosen := request.session.get(SESSION_KEY)):
            user.act_as(next((post for post in user.posts_now if post.pk == chosen), user.post))
        return self.get_response(request)


class Bearer:
    """A program that names a token (`Authorization: Bearer …`) acts as the token's post, whatever the session says.

    Stands before the declared transaction, so that the trail names the account behind the token. A token that does
    not hold leaves nobody signed in; the API then says why (401).
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        kind, _blank, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and request.path.startswith(API):
            request.token, request.token_fault = tokens.holder(secret.strip())
            request.user = request.token.user if request.token else AnonymousUser()
        return self.get_response(request)


class ChosenLanguage:
    """Chinese, unless the person chose English. What the browser says of itself does not count: hospital
    computers are often set up in English by their makers."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        with translation.override(chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            return response


class DeclaredTransaction:
    """One transaction a request, declaring to the trail who acts and to row level security what they may see.

    A server error undoes everything the request wrote; a refusal (4xx) has written nothing by itself.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with transaction.atomic():
            user = request.user
            known = user.is_authenticated
            outside = declaring.current()
            declaring.declare(
                actor=user.pk if known else 0,
                post=user.post.pk if known and user.post else None,
                step=f"web.{request.method.lower()}",
                request=uuid.uuid4().hex,
                institutions=user.institution_ids if known else (),
                identity=user.institution_ids if known and user.sees_identity else (),
            )
            response = self.get_response(request)
            # Only marked in process_exception: the page that explains a refusal still has to read the database.
            if response.status_code >= 500 or getattr(request, "undo", False):
                transaction.set_rollback(True)
            elif outside is not None:
                # Only a test has a transaction of its own around the request.
                declaring.again(outside)
            return response

    def process_exception(self, request, exception):
        request.undo = True
