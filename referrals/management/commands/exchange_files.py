"""`manage.py exchange_files IN OUT --as STAFFNUMBER [--role R12]`: patients and charges in, results out, as files."""

from __future__ import annotations

import fcntl
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from referrals import exchanging


class Command(BaseCommand):
    help = (
        "Take in IN/patients*.csv and IN/charges*.csv and write OUT/results.csv with its PDFs. See docs/integration.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder_in", type=Path, metavar="IN")
        parser.add_argument("folder_out", type=Path, metavar="OUT")
        parser.add_argument("--as", dest="account", required=True, help="staff number of the account it runs as")
        parser.add_argument("--role", default="", help="the role of the post it acts in, if the account has several")
        parser.add_argument("--days", type=int, default=31, help="results of so many days")

    def handle(self, *args: Any, **options: Any) -> None:
        by = self.account(options["account"], options["role"])
        folder: Path = options["folder_in"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        with (folder / ".lock").open("w") as lock, override("zh-hans"):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError(_("Another exchange of this folder is still running.")) from None
            refused = 0
            for one in exchanging.take_in(folder, by=by):
                refused += len(one.refused)
                said = _("%(name)s: %(done)d done, %(already)d known already, %(refused)d refused")
                values = {"name": one.name, "done": one.done, "already": one.already, "refused": len(one.refused)}
                self.stdout.write(said % values)
            new = exchanging.hand_out(options["folder_out"], by=by, since=timedelta(days=options["days"]))
            self.stdout.write(_("results.csv written, %(n)d new reports") % {"n": new})
            if refused:
                raise CommandError(
                    _("%(n)d rows were refused: see the .errors.csv files.") % {"n": refused}, returncode=3
                )

    def account(self, number: str, role: str) -> User:
        user = User.objects.filter(username=number, is_active=True).first()
        posts = [one for one in user.posts_now if not role or one.role_id == role] if user else []
        if user is None or not posts:
            raise CommandError(f"No account {number} with such a post in force.")
        return user.act_as(posts[0])
