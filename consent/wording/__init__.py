"""The words a patient signs, made from the facts of the case as they stand at that moment.

`gather` freezes the facts, `compose` writes the consent, `compose_self_pay` the notice of what insurance does not
pay. A text is a list of sections without a name or an ID number, so that it can be kept, compared and hashed; who
the patient is stands beside it and is put in where it is shown.
"""

from consent.wording.consenting import compose
from consent.wording.facts import Facts, gather
from consent.wording.paying import compose_self_pay, needs_self_pay_notice
from consent.wording.section import FORM_VERSION, Section, Text, digest

__all__ = [
    "FORM_VERSION",
    "Facts",
    "Section",
    "Text",
    "compose",
    "compose_self_pay",
    "digest",
    "gather",
    "needs_self_pay_notice",
]
