from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PolicyConfig(AppConfig):
    name = "policy"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "政策依据"

    def ready(self):
        from policy import coverage

        coverage.claim("A1", "record", _("Register of policy documents"), "policy:coverage")
