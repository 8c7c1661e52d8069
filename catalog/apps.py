from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogConfig(AppConfig):
    name = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "目录"

    def ready(self):
        from policy import coverage

        coverage.claim(["B2", "B3"], "record", _("Indication catalog"), "catalog:browse")
        coverage.claim("B4", "form", _("Search of the indication catalog"), "catalog:browse")
        coverage.claim(["A23", "A42"], "record", _("Request authority"))
        coverage.claim(["A2", "A14"], "record", _("In-house capability"))
        coverage.claim("A31", "record", _("Drug–target rules"), "catalog:drug_rules")
