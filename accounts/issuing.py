"""Making and ending tokens of other programs: every write of them but the time of last use."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import notices
from accounts.models import ApiToken, Post, User
from accounts.tokens import PREFIX, digest
from audit import declaring
from audit.steps import STEPS

PERMISSION = "accounts.manage_tokens"
LONGEST = timedelta(days=400)
# What everybody may do in their own affairs; a token only when it names it.
READ_NOTICES = "accounts.own_notices"
LEND_POST = "accounts.own_delegations"
KEEP_EMAIL = "accounts.own_email"
OWN = (READ_NOTICES, LEND_POST, KEEP_EMAIL)
# What a permission opens that is no step of a case.
WORDS = {
    READ_NOTICES: gettext_lazy("Read the holder's notices"),
    LEND_POST: gettext_lazy("Lend the holder's post"),
    KEEP_EMAIL: gettext_lazy("Set the holder's e-mail address"),
    "accounts.delegate": gettext_lazy("Lend others' posts"),
    "accounts.let_in": gettext_lazy("Let people into single cases"),
    "accounts.manage_staff": gettext_lazy("Keep staff and posts"),
    "accounts.manage_tokens": gettext_lazy("See and end access tokens"),
    "accounts.view_staff": gettext_lazy("Read staff and posts"),
    "audit.acknowledge_alarm": gettext_lazy("Acknowledge alarms of the trail"),
    "audit.view_trail": gettext_lazy("Read alarms of the trail"),
    "catalog.view_catalog": gettext_lazy("Read the catalog and prices"),
    "referrals.allocate_again": gettext_lazy("Ask for the system's own steps again"),
    "referrals.call_discussion": gettext_lazy("Call and call off a departmental discussion"),
    "referrals.call_mdt": gettext_lazy("Call and call off an MDT"),
    "referrals.correct_referral": gettext_lazy("Correct a case"),
    "referrals.give_opinion": gettext_lazy("Give an opinion"),
    "referrals.manage_mdt_teams": gettext_lazy("Keep the MDT teams"),
    "referrals.request_block_loan": gettext_lazy("Ask for loans of blocks and slides"),
    "referrals.view_block_loans": gettext_lazy("Read loans of blocks and slides"),
    "referrals.watch_block_loans": gettext_lazy("Be told of loans for a test not requested here"),
    "referrals.manage_studies": gettext_lazy("Keep the register of studies"),
    "referrals.merge_patients": gettext_lazy("Merge two records of one patient"),
    "referrals.record_patient": gettext_lazy("Put patients on record"),
    "referrals.view_referral": gettext_lazy("Read cases and results"),
    "referrals.view_statement_differences": gettext_lazy("Read differences from laboratories' bills"),
    "reports.build_report": gettext_lazy("Ask for a report to be built"),
    "reports.view_indicators": gettext_lazy("Read indicators"),
    "reports.view_report": gettext_lazy("Read reports"),
    "supervision.import_ledger": gettext_lazy("Give in a ledger"),
    "supervision.view_findings": gettext_lazy("Read findings"),
    "vendors.publish_prices": gettext_lazy("Publish prices"),
    "vendors.view_vendors": gettext_lazy("Read laboratories and unpublished prices"),
}


def words(permission: str) -> str:
    """A permission for people: the steps it opens, or what it lets one read; its own name behind."""
    steps = dict.fromkeys(str(one.label) for one in STEPS.values() if one.permission == permission)
    said = WORDS.get(permission) or "、".join(steps)
    return f"{said}（{permission}）" if said else permission


RELATED = ("user", "post__institution", "post__department", "post__role", "made_by", "revoked_by")


def posts(by: User) -> QuerySet[Post]:
    """The posts `by` may make a token for: in force today, and of the very institution `by` works at."""
    if by.post is None:
        return Post.objects.none()
    found = Post.objects.in_force(timezone.localdate()).filter(institution_id=by.post.institution_id)
    return found.select_related("user", "institution", "department", "role")


def tokens(by: User) -> QuerySet[ApiToken]:
    """The tokens that act at the institution `by` works at, newest first."""
    if by.post is None:
        return ApiToken.objects.none()
    return ApiToken.objects.filter(post__institution_id=by.post.institution_id).select_related(*RELATED)


def own_tokens(user: User) -> QuerySet[ApiToken]:
    """The tokens that act in this person's name, whoever made them, newest first."""
    return ApiToken.objects.filter(user=user).select_related(*RELATED)


def _may(by: User, institution_id: int) -> bool:
    """The information department, for the posts of its own institution; and the shell."""
    return by.may(PERMISSION) and (by.is_machine or (by.post is not None and by.post.institution_id == institution_id))


@transaction.atomic
def make_token(*, name: str, post: Post, scopes: Iterable[str], expires_on: date, by: User) -> tuple[ApiToken, str]:
    """(the token, its secret, which is shown once and not kept). A token can do no more than its post, and whose post
    it is learns of it at once and may end it."""
    if not _may(by, post.institution_id):
        raise PermissionDenied(PERMISSION)
    today, wanted = timezone.localdate(), sorted(set(scopes))
    wrong = {}
    if not name.strip():
        wrong["name"] = _("Enter what the token is for.")
    if not wanted:
        wrong["scopes"] = _("Choose what the token may do.")
    elif beyond := [one for one in wanted if one not in (*post.role.permissions, *OWN)]:
        wrong["scopes"] = _("This post may not do that itself: %(names)s.") % {"names": "、".join(beyond)}
    if not today < expires_on <= today + LONGEST:
        wrong["expires_on"] = _("The last day lies between tomorrow and %(n)d days from now.") % {"n": LONGEST.days}
    if post.ends_on and post.ends_on < today:
        wrong["post"] = _("This post has ended.")
    if wrong:
        raise ValidationError(wrong)
    secret = PREFIX + secrets.token_urlsafe(32)
    with declaring.step("token.made"):
        token = ApiToken.objects.create(
            name=name.strip()[:60],
            user=post.user,
            post=post,
            scopes=wanted,
            digest=digest(secret),
            hint=secret[:9],
            expires_on=expires_on,
            made_by=by,
        )
        if by.pk != post.user_id:
            text = _(
                "%(by)s made an access token “%(name)s” that acts in your name as %(role)s until %(day)s. End it if "
                "you know nothing of it."
            )
            values = {"by": by.name, "name": token.name, "role": post.role.name, "day": expires_on}
            notices.tell(post.user, text % values, reverse("accounts:own_tokens"))
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """The token opens nothing from now on; what it did stays in the trail. By the information department, or by whose
    post it is; the other one is told."""
    if token.user_id != by.pk and not _may(by, token.post.institution_id):
        raise PermissionDenied(PERMISSION)
    with declaring.step("token.revoked"):
        standing = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if standing.update(revoked_at=timezone.now(), revoked_by=by):
            text = _("%(by)s ended the access token “%(name)s” of %(whose)s.")
            values = {"by": by.name, "name": token.name, "whose": token.user.name}
            told = [one for one in (token.user, token.made_by) if one.pk != by.pk]
            page = {token.user_id: reverse("accounts:own_tokens"), token.made_by_id: reverse("accounts:tokens")}
            for one in told:
                notices.tell(one, text % values, page[one.pk])
