from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "目录"

    def ready(self):
        from catalog import covering

        covering.claim_all()
