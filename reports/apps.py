from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "报告"

    def ready(self) -> None:
        from policy import coverage
        from reports import indicators, pathway  # noqa: F401 - the pathway registers its steps

        for one in indicators.recorded():
            coverage.claim(one.clauses, "indicator", f"{one.code} {one.name}", "reports:indicators")
        reports = "reports:list"
        coverage.claim(["A59", "B21"], "record", _("Reports by period, with the findings of self-inspection"), reports)
        coverage.claim("B45", "form", _("Work status table"), reports)
        coverage.claim("B46", "record", _("The bureau's county overview"), "reports:county")
