from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "检测申请"

    def ready(self):
        from catalog import changes
        from referrals import (  # noqa: F401
            block_loans,  # its steps
            covering,
            effects,  # what a new edition of the catalog does to open requests
            falling_due,
            pathway,  # the steps, and with them the gates X01-X16 but X05
            tasks,
            turn,  # what a case says to a step out of turn
        )

        changes.follow(tasks.go_on)
        changes.follow(tasks.watch_ways)
        covering.claim_all()
        falling_due.register()
