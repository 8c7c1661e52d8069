from django.apps import AppConfig


class VendorsConfig(AppConfig):
    name = "vendors"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "第三方机构与价格"

    def ready(self):
        from django.utils.translation import gettext_lazy as _

        from accounts import reminding
        from vendors import covering, effects, lapsing, reminders  # noqa: F401  what a new edition of the catalog asks

        reminding.register("vendors.posting", _("Publications on site"), reminders.checks_due, leads=(7, 2))

        covering.claim_all()
        lapsing.register()
