from django.apps import AppConfig
from django.core.checks import register


class AuditConfig(AppConfig):
    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "留痕"

    def ready(self):
        from audit.steps import check_registered

        register(check_registered)
