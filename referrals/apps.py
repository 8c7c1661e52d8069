from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReferralsConfig(AppConfig):
    name = "referrals"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "检测申请"

    def ready(self):
        from policy import coverage
        from referrals import (  # noqa: F401
            pathway,  # the steps, and with them the gates X01-X16 but X05
            turn,  # what a case says to a step out of turn
        )

        cases = "referrals:list"
        coverage.claim(["A5", "A6"], "record", _("Request with diagnosis and indication"), cases)
        coverage.claim(["A7", "A22"], "record", _("Evidence and departmental discussion"), cases)
        coverage.claim(["A9", "B5"], "record", _("MDT conclusion"), cases)
        coverage.claim(["A24", "B8"], "record", _("Approval of outsourcing"), cases)
        coverage.claim("A28", "record", _("Hospital's own charge with receipt number"), cases)
        coverage.claim("B11", "record", _("Sampling, handing over and receipt with their times"), cases)
        coverage.claim(["A27", "B12"], "record", _("Three documents in the record"), cases)
        coverage.claim(["A48", "A49"], "record", _("Studies and ethics approvals"))
        coverage.claim("B18", "record", _("Encrypted identity, readings in the trail, letting in by name"), cases)
