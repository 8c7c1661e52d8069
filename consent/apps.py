from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConsentConfig(AppConfig):
    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "知情同意"

    def ready(self):
        from consent import gates  # noqa: F401  registers X05
        from policy import coverage

        coverage.claim(["A11", "B17"], "record", _("Written informed consent"), "referrals:list")
