"""The manifest that goes with a batch of specimens (labels: `referrals.labels`).

Name, sex, age, record number, specimen and test; never an ID number, a phone, an address, nor the doctor
(practice.md 4; Personal Information Protection Law art. 6: no more than the purpose needs).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from documents import pdf
from referrals import barcodes, cold_chain
from referrals.models import Referral, ShipmentBatch

MANIFEST_CSS = """
@page { size: A4 landscape; margin: 14mm 12mm 16mm; @bottom-center { content: "第 " counter(page) " 页，共 " counter(pages) " 页"; font-size: 9pt }
  @bottom-left { content: string(number); font-size: 9pt } }
.batch-number { string-set: number content() }
h1 { font-size: 15pt; text-align: center; margin: 0 0 4mm }
table { width: 100%; border-collapse: collapse; table-layout: fixed; font-size: 9pt }
th, td { border: .5pt solid #333; padding: 1.2mm 1.5mm; text-align: left; overflow-wrap: anywhere }
dl { display: flex; flex-wrap: wrap; gap: 0 8mm; font-size: 9.5pt; margin: 0 0 3mm }
dl div { display: flex; gap: 1.5mm; white-space: nowrap }
dd { margin: 0 }
.count { margin: 4mm 0 0; font-size: 9.5pt }
.signs { display: flex; justify-content: space-between; margin-top: 8mm; font-size: 9.5pt }
.signs span { flex: 1 }
"""


def who(referral: Referral) -> dict[str, Any]:
    patient = referral.patient
    identity = getattr(patient, "identity", None)
    return {
        "name": identity.name if identity else "",
        "sex": patient.get_sex_display(),
        "age": timezone.localdate().year - patient.birth_year if patient.birth_year else None,
        "record_no": patient.record_no,
    }


# What of a person the setting may let a manifest name; more is never read here.
MAY_BE_NAMED = ("name", "sex", "age", "record_no")


def make(batch: ShipmentBatch) -> pdf.Paper:
    """The manifest of a batch: one row a specimen still in it, counted, with what the hospital's setting lets it name
    (`settings.MANIFEST_NAMES`: practice.md 4 leaves it to the hospital)."""
    specimens = batch.specimens.select_related("referral__patient__identity", "referral__test").order_by(
        "barcode", "pk"
    )
    rows = [
        {**who(one.referral), "barcode": barcodes.code_of(one), "kind": one.kind, "test": one.referral.test.name,
         "cells": one.tumour_cell_percent, "collected_at": one.collected_at, "range": cold_chain.range_of(one.kind)}
        for one in specimens
    ]  # fmt: skip
    shows = {one: one in settings.MANIFEST_NAMES for one in MAY_BE_NAMED}
    return pdf.make(
        render_to_string("referrals/papers/manifest.html", {"batch": batch, "rows": rows, "shows": shows}),
        css=MANIFEST_CSS,
    )
