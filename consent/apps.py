from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "知情同意"

    def ready(self):
        from catalog import changes
        from consent import carrying, covering, effects, gates, tasks  # noqa: F401  registers X05 and the effects of an edition
        from referrals import planning

        planning.COVERED_BY.append((carrying.covering, carrying.lay))
        changes.follow(tasks.lapse_stale)
        covering.claim_all()
