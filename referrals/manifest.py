"""Papers that go with a specimen: its label, and the manifest of a batch.

Name, sex, age, record number, specimen and test; never an ID number, a phone, an address, nor the doctor
(practice.md 4; Personal Information Protection Law art. 6: no more than the purpose needs).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from documents import code128, pdf, qr
from referrals import barcodes, cold_chain
from referrals.models import Referral, ShipmentBatch

# Label stock of 50 × 30 mm. A number of 17 to 19 places takes 156 to 167 modules: with the quiet zones 46.75 mm at 0.25 mm.
LABEL_CSS = """
@page { size: 50mm 30mm; margin: 1.2mm 1.6mm 0; @bottom-center { content: none } }
body { font-family: var(--sans); font-size: 6.5pt; line-height: 1.22; margin: 0 }
p { margin: 0 }
.label { height: 17.6mm; overflow: hidden; display: flex }
.label > .who { flex: 1; min-width: 0 }
.label > .place { width: 11.5mm; margin-left: 1mm; text-align: center; font-size: 5pt; line-height: 1.15 }
.label .qr { width: 11mm; height: 11mm; margin: 0 }
.name { font-size: 9.5pt; font-weight: bold; line-height: 1.2 }
.name.is-long { font-size: 6.5pt; line-height: 1.15 }
.test { font-size: 6pt; line-height: 1.18 }
.test.is-long { font-size: 5pt; line-height: 1.15 }
.code128 { width: 46.75mm; height: 7.4mm; display: block }
.code { font-size: 6.5pt; line-height: 1.3; text-align: center; letter-spacing: .08em }
"""
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


def _who(referral: Referral) -> dict[str, Any]:
    patient = referral.patient
    identity = getattr(patient, "identity", None)
    return {
        "name": identity.name if identity else "",
        "sex": patient.get_sex_display(),
        "age": timezone.localdate().year - patient.birth_year if patient.birth_year else None,
        "record_no": patient.record_no,
    }


def label(referral: Referral, barcode: str, kind: str = "") -> pdf.Paper:
    """The label of one specimen, 50 × 30 mm: its number as Code 128 for the hospital's scanners, as a QR code and in
    letters, beside the person's name and record number."""
    context = {
        "referral": referral,
        "who": _who(referral),
        "barcode": barcode,
        "kind": kind or referral.test.specimen.split("；")[0],
        "code": qr.svg(barcode, label=barcode, size=96),
        "bars": code128.svg(barcode, label=barcode),
    }
    return pdf.make(render_to_string("referrals/papers/label.html", context), css=LABEL_CSS)


# What of a person the setting may let a manifest name; more is never read here.
MAY_BE_NAMED = ("name", "sex", "age", "record_no")


def make(batch: ShipmentBatch) -> pdf.Paper:
    """The manifest of a batch: one row a specimen still in it, counted, with what the hospital's setting lets it name
    (`settings.MANIFEST_NAMES`: practice.md 4 leaves it to the hospital)."""
    specimens = batch.specimens.select_related("referral__patient__identity", "referral__test").order_by(
        "barcode", "pk"
    )
    rows = [
        {**_who(one.referral), "barcode": barcodes.code_of(one), "kind": one.kind, "test": one.referral.test.name,
         "cells": one.tumour_cell_percent, "collected_at": one.collected_at, "range": cold_chain.range_of(one.kind)}
        for one in specimens
    ]  # fmt: skip
    shows = {one: one in settings.MANIFEST_NAMES for one in MAY_BE_NAMED}
    return pdf.make(
        render_to_string("referrals/papers/manifest.html", {"batch": batch, "rows": rows, "shows": shows}),
        css=MANIFEST_CSS,
    )
