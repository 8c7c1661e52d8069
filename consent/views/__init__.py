"""The doors of the consent."""

from consent.views.desk import blank, disclose, on_paper, start, withdraw
from consent.views.papers import scan, self_pay_paper, signed_paper
from consent.views.tablet import done, refuse, self_pay, sign

__all__ = [
    "blank",
    "disclose",
    "done",
    "on_paper",
    "refuse",
    "scan",
    "self_pay",
    "self_pay_paper",
    "sign",
    "signed_paper",
    "start",
    "withdraw",
]
