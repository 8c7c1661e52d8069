from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "supervision"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "监督"

    def ready(self):
        from supervision import covering

        covering.claim_all()
