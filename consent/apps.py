from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "知情同意"

    def ready(self):
        from consent import covering, gates  # noqa: F401  registers X05

        covering.claim_all()
