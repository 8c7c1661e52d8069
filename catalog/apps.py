from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "目录"

    def ready(self):
        from catalog import covering, due, evidence_effects

        covering.claim_all()
        due.register_all()
        evidence_effects.register()
