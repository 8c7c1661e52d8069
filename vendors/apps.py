from django.apps import AppConfig


class VendorsConfig(AppConfig):
    name = "vendors"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "第三方机构与价格"

    def ready(self):
        from vendors import covering, effects  # noqa: F401  what a new edition of the catalog asks

        covering.claim_all()
