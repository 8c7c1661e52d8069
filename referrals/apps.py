from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "检测申请"

    def ready(self):
        from referrals import (  # noqa: F401
            covering,
            pathway,  # the steps, and with them the gates X01-X16 but X05
            turn,  # what a case says to a step out of turn
        )

        covering.claim_all()
