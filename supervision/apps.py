from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "supervision"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "监督"

    def ready(self):
        from referrals.matching import follow_off_book
        from supervision import alerting, covering

        follow_off_book(alerting.raise_alerts)
        covering.claim_all()
