"""The pharmacists' monthly review of drug and result, its notice, and the export for the national monitoring (A34, A35)."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Institution, User
from audit import declaring
from audit.gates import Refusal, Refused
from audit.refusing import may
from documents.spreadsheets import Column, SheetOut, workbook
from referrals.models import MatchReview, MatchSample, MonitoringExport, Prescription

DRAW = "referrals.draw_match_sample"
REVIEW = "referrals.review_match"
PUBLISH = "referrals.publish_match_sample"
EXPORT = "referrals.export_monitoring"
LARGEST = 200
SMALL = 5


def month_of(day: date) -> tuple[datetime, datetime]:
    """The first moment of the month and of the next."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    zone = timezone.get_default_timezone()
    start, end = (datetime(one.year, one.month, 1, tzinfo=zone) for one in (first, following))
    return start, end


def prescriptions_of(institution: Any, month: date) -> Any:
    start, end = month_of(month)
    return Prescription.objects.filter(
        referral__institution=institution, prescribed_at__gte=start, prescribed_at__lt=end
    ).order_by("pk")


@transaction.atomic
def draw(*, institution: Institution, month: date, size: int, by: User, seed: str = "") -> MatchSample:
    """A random sample of the month's prescriptions; the seed is kept, and draws the same sample again."""
    sample = MatchSample(institution=institution, month=month.replace(day=1))
    may(by, DRAW, sample)
    if not 1 <= size <= LARGEST:
        raise ValidationError({"size": _("From 1 to %(n)s.") % {"n": LARGEST}})
    if month_of(month)[0] > timezone.now():
        raise ValidationError({"month": _("This month has not begun.")})
    if MatchSample.objects.filter(institution=institution, month=sample.month).exists():
        raise ValidationError({"month": _("The sample of this month has been drawn already.")})
    keys = list(prescriptions_of(institution, month).values_list("pk", flat=True))
    if not keys:
        raise ValidationError({"month": _("No targeted drug was prescribed in this month.")})
    sample.seed = seed or secrets.token_hex(8)
    sample.population, sample.drawn_at, sample.drawn_by = len(keys), timezone.now(), by
    with declaring.step("match_sample.drawn", clause="A34"):
        sample.save()
        MatchReview.objects.bulk_create(
            MatchReview(sample=sample, prescription_id=pk) for pk in drawn(keys, size, sample.seed)
        )
    return sample


def drawn(keys: list[int], size: int, seed: str) -> list[int]:
    """Which of `keys`, in order, the seed draws."""
    chosen = random.Random(seed).sample(sorted(keys), min(size, len(keys)))  # noqa: S311  drawn again by its seed
    return sorted(chosen)


@transaction.atomic
def review(*, item: MatchReview, verdict: str, note: str, by: User) -> MatchReview:
    """Another than the prescriber says whether drug and result match; after the notice nothing changes any more."""
    may(by, REVIEW, item.sample)
    item = MatchReview.objects.select_for_update(of=("self",)).select_related("sample", "prescription").get(pk=item.pk)
    if item.prescription.prescribed_by_id == by.pk:
        raise Refused(Refusal("X14", _("Who prescribed the drug does not review it."), ("A34",)))
    if item.sample.published_at:
        raise Refused(Refusal("match_sample", _("The notice of this month is published."), ("A34",)))
    if verdict not in MatchReview.Verdict.values:
        raise ValidationError({"verdict": _("Choose a verdict.")})
    if verdict != MatchReview.Verdict.MATCH and not note.strip():
        raise ValidationError({"note": _("Say what does not match.")})
    with declaring.step("match_sample.reviewed", clause="A34"):
        item.verdict, item.note, item.reviewed_at, item.reviewed_by = verdict, note.strip()[:300], timezone.now(), by
        item.save(update_fields=["verdict", "note", "reviewed_at", "reviewed_by"])
    return item


@transaction.atomic
def publish(*, sample: MatchSample, by: User) -> MatchSample:
    """The figures of the month as a notice that names no patient and no doctor."""
    may(by, PUBLISH, sample)
    sample = MatchSample.objects.select_for_update(of=("self",)).get(pk=sample.pk)
    if sample.published_at:
        raise Refused(Refusal("match_sample", _("The notice of this month is published."), ("A34",)))
    items = list(sample.reviews.select_related("prescription"))
    if waiting := sum(1 for one in items if not one.verdict):
        message = _("%(n)s prescriptions of the sample are not reviewed yet.") % {"n": waiting}
        raise Refused(Refusal("match_sample", message, ("A34",)))
    with declaring.step("match_sample.published", clause="A34"):
        sample.published_at, sample.published_by, sample.notice = timezone.now(), by, figures(sample, items)
        sample.save(update_fields=["published_at", "published_by", "notice"])
    return sample


def figures(sample: MatchSample, items: Iterable[MatchReview]) -> dict[str, Any]:
    """Counts by verdict, and by drug where a drug has enough cases not to point at a patient (practice.md 9)."""
    items = list(items)
    verdicts = Counter(one.verdict for one in items)
    drugs = Counter(one.prescription.drug for one in items)
    matched = Counter(one.prescription.drug for one in items if one.verdict == MatchReview.Verdict.MATCH)
    shown = {drug: n for drug, n in drugs.items() if n >= SMALL}
    return {
        "population": sample.population,
        "sampled": len(items),
        "verdicts": {name: verdicts.get(name, 0) for name in MatchReview.Verdict.values},
        "drugs": [{"drug": drug, "sampled": n, "matched": matched[drug]} for drug, n in sorted(shown.items())],
        "others": len(items) - sum(shown.values()),
    }


# The monitoring data set: what the monitoring asks for and nothing that tells who the patient is (A35).


def monitoring_columns() -> list[Column]:
    return [
        Column(_("Row"), 8, "integer"),
        Column(_("Month of the order"), 12),
        Column(_("Sex"), 6),
        Column(_("Age group"), 10),
        Column(_("Diagnosis (ICD-10)"), 12),
        Column(_("Drug"), 20),
        Column(_("Indication of the order"), 28),
        Column(_("Line or setting"), 20),
        Column(_("Test required"), 12),
        Column(_("Answer of the drug rules"), 14),
        Column(_("Beyond the label"), 10),
    ]


def monitoring_rows(institution: Any, month: date) -> Iterator[list[Any]]:
    found = prescriptions_of(institution, month).select_related("referral__patient", "check_made", "special_use")
    for number, one in enumerate(found.iterator(chunk_size=500), start=1):
        patient, check = one.referral.patient, one.check_made
        use = one.special_use
        yield [
            number,
            f"{timezone.localtime(one.prescribed_at):%Y-%m}",
            patient.get_sex_display(),
            age_group(patient.birth_year, one.prescribed_at.year),
            one.referral.diagnosis_code[:3],
            one.drug,
            one.indication,
            one.line,
            "" if check is None else _("no") if check.answer == "not_required" else _("yes"),
            check.get_answer_display() if check else "",
            _("yes") if use and use.kind == "extended" else _("no"),
        ]


def age_group(born: int | None, year: int) -> str:
    if not born:
        return ""
    decade = (year - born) // 10 * 10
    return _("under 20") if decade < 20 else _("80 and over") if decade >= 80 else f"{decade}—{decade + 9}"


@transaction.atomic
def export(*, institution: Institution, month: date, form: str, by: User) -> tuple[MonitoringExport, bytes]:
    """The file and its record; who took which month is in the trail."""
    made = MonitoringExport(institution=institution, month=month.replace(day=1), form=form)
    may(by, EXPORT, made)
    if form not in ("xlsx", "csv"):
        raise ValidationError({"form": _("XLSX or CSV.")})
    columns, rows = monitoring_columns(), list(monitoring_rows(institution, month))
    if form == "csv":
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([str(one.heading) for one in columns])
        writer.writerows(rows)
        content = out.getvalue().encode("utf-8-sig")
    else:
        content = workbook([SheetOut(_("Monitoring data"), columns, rows, [])], title=_("Monitoring data"))
    made.rows, made.sha256, made.made_at, made.made_by = (
        len(rows),
        hashlib.sha256(content).hexdigest(),
        timezone.now(),
        by,
    )
    with declaring.step("monitoring.exported", clause="A35"):
        made.save()
    return made, content
