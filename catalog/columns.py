"""The columns of the starter library's file, `data/indications.csv`, by the fields they fill."""

from catalog.models import Grade

GRADES = {"常规": Grade.ROUTINE, "需科室讨论": Grade.DISCUSSION, "需MDT": Grade.MDT}
COLUMNS = {
    "id": "code",
    "tumor_zh": "tumour",
    "tumor_en": "tumour_english",
    "icd10": "icd10",
    "icd10_match": "icd10_match",
    "setting_zh": "setting",
    "genes_hgnc": "genes",
    "alteration_zh": "alteration",
    "method_primary": "method_primary",
    "method_alternative": "method_alternative",
    "specimen": "specimen",
    "purpose": "purpose",
    "drugs_zh": "drugs",
    "drug_note": "drug_note",
    "guideline": "guideline",
    "issuer": "issuer",
    "year": "year",
    "doc_no": "doc_no",
    "second_source": "second_source",
    "rec_level": "recommendation",
    "evidence_class": "evidence_class",
    "rec_confidence": "recommendation_confidence",
    "grade": "grade",
    "mdt_on_first_visit": "mdt_on_first_visit",
    "route_hint": "route_hint",
    "germline": "germline",
    "nucleic_acid_test": "is_nucleic_acid_test",
    "tat_days": "turnaround_days",
    "notes": "notes",
    "source_status": "source_status",
    "confidence": "confidence",
}
