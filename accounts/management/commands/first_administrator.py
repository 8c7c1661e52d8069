from django.core.management.base import BaseCommand

from accounts import actions
from accounts.models import User
from audit import declaring


class Command(BaseCommand):
    help = "On a house without an administrator, print a one-time link for the first administrator."

    def add_arguments(self, parser):
        parser.add_argument("--base-url", default="http://127.0.0.1:8000")

    def handle(self, base_url, **options):
        with declaring.acting(User.objects.machine(), step="staff.first_link_made"):
            secret = actions.make_first_administrator_link()
        if secret:
            self.stdout.write(f"首位管理员一次性链接（{actions.LINK_DAYS} 日内有效）：")
            self.stdout.write(f"  {base_url.rstrip('/')}/accounts/link/{secret}/")
