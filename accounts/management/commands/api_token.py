"""`manage.py api_token make NUMBER --role R12 --name HIS --scope …` and `manage.py api_token revoke ID`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import issuing
from accounts.models import ApiToken, User
from audit import declaring


class Command(BaseCommand):
    help = "Make a token for another program, or end one. The secret is printed once and not kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parts = parser.add_subparsers(dest="what", required=True)
        make = parts.add_parser("make")
        make.add_argument("username", help="staff number of the account")
        make.add_argument("--role", required=True, help="the post the token acts in, by role, e.g. R12")
        make.add_argument("--name", required=True, help="what the token is for")
        make.add_argument("--scope", action="append", default=[], help="a permission of the post; may be repeated")
        make.add_argument("--days", type=int, default=365)
        revoke = parts.add_parser("revoke")
        revoke.add_argument("id", type=int)
        parts.add_parser("list")

    def handle(self, *args: Any, **options: Any) -> None:
        with declaring.acting(User.objects.machine(), step=f"token.{options['what']}"):
            getattr(self, options["what"])(**options)

    def make(self, username: str, role: str, name: str, scope: list[str], days: int, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        post = (
            next((one for one in user.posts_now if one.role_id == role and one.user_id == user.pk), None)
            if user
            else None
        )
        if post is None:
            raise CommandError(f"{username} has no post {role} in force.")
        expires_on = timezone.localdate() + timedelta(days=days)
        try:
            token, secret = issuing.make_token(
                name=name, post=post, scopes=scope, expires_on=expires_on, by=User.objects.machine()
            )
        except ValidationError as wrong:
            allowed = ", ".join(post.role.permissions)
            raise CommandError(f"{' '.join(wrong.messages)} ({allowed})") from None
        self.stdout.write(f"{token.pk}\t{post}\t{token.expires_on}\t{secret}")

    def revoke(self, id: int, **options: Any) -> None:
        token = ApiToken.objects.select_related("post").filter(pk=id).first()
        if token is None:
            raise CommandError(f"There is no token {id}.")
        issuing.revoke_token(token=token, by=User.objects.machine())

    def list(self, **options: Any) -> None:
        for one in ApiToken.objects.select_related("user", "post__role", "post__institution", "post__department"):
            state = "revoked" if one.revoked_at else one.expires_on
            self.stdout.write(
                f"{one.pk}\t{one.hint}…\t{one.user.username}\t{one.post}\t{one.name}\t{state}\t{one.last_used_at}"
            )
