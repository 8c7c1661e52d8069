from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "知情同意"

    def ready(self):
        from catalog import changes
        from consent import actions, carrying, covering, effects, gates, tasks  # noqa: F401  registers X05 and the effects of an edition
        from referrals import planning
        from referrals.actions import moving

        planning.COVERED_BY.append((carrying.covering, carrying.lay))
        moving.AFTERWARDS.append(lambda referral, at: actions.lapse_if_changed(referral=referral, at=at))
        changes.follow(tasks.lapse_stale)
        covering.claim_all()
