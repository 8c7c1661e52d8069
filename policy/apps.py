from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "policy"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "政策依据"

    def ready(self):
        from policy import covering, pathway  # noqa: F401  registers the steps of a rule

        covering.claim_all()
