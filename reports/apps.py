from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "报告"

    def ready(self) -> None:
        from reports import covering, pathway  # noqa: F401 - the pathway registers its steps

        covering.claim_all()
