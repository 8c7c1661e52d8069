from django.core.management.base import BaseCommand

from accounts import queries
from accounts.models import User
from audit import declaring


class Command(BaseCommand):
    help = "Print the demo logins by role."

    def handle(self, **options):
        with declaring.acting(User.objects.machine(), step="demo.listed"):
            logins = queries.demo_logins()
        if not logins:
            return
        self.stdout.write(f"演示账号（密码均为 {queries.DEMO_PASSWORD}）：")
        for role, post in logins:
            self.stdout.write(f"  {post.user.username:<10}{role.name}　{post.user.name}　{post.institution.name}")
