"""Exchange by files, for a hospital system that cannot speak HTTP: patients and charges come in, results go out.

Every row is an action of its own, by the account the exchange runs as. A row done before is done already: the same
file twice changes nothing. What a row is refused for stands beside the file, in the words of the pages.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import declaring
from documents import files
from referrals.actions import charging
from referrals.actions.patients import put_patient
from referrals.actions.requests import NewPatient
from referrals.models import Charge, Patient, Referral, Result

ROWS_MAX = 50_000
# The heads a Chinese system writes, and the words of its columns.
HEADS = {
    "病案号": "record_no", "姓名": "name", "性别": "sex", "出生年份": "birth_year", "证件号": "id_number",
    "证件类型": "id_type", "电话": "phone", "住址": "address", "申请号": "referral", "票据号": "receipt_no",
    "结算号": "receipt_no", "记账流水号": "receipt_no", "住院号": "inpatient_no", "票据代码": "invoice_code",
    "票据号码": "invoice_no", "类别": "kind", "金额": "amount",
}  # fmt: skip
WORDS = {
    "sex": {"男": "male", "女": "female", "1": "male", "2": "female"},
    "kind": {"门诊": "receipt", "住院记账": "inpatient", "欠费": "arrears", "绿色通道": "green_channel"},
    "id_type": {"身份证": "resident", "护照": "passport", "港澳台通行证": "travel_permit", "其他": "other"},
}
RESULTS = (
    "referral", "record_no", "test", "barcode", "reported_at", "outcome", "findings", "report_no", "superseded", "pdf",
    "sha256",
)  # fmt: skip


@dataclass
class Outcome:
    """What became of one file."""

    name: str
    done: int = 0
    already: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)


class NotReadable(Exception):
    """The file as a whole cannot be read."""


Row = dict[str, str]


def take_in(folder: Path, *, by: User) -> list[Outcome]:
    """Take in every `patients*.csv`, then every `charges*.csv`, by name; each goes to `done/` afterwards."""
    outcomes = []
    for pattern, act in (("patients*.csv", _patient), ("charges*.csv", _charge)):
        for path in sorted(folder.glob(pattern)):
            if not path.name.endswith(".errors.csv"):
                outcomes.append(_file(path, act, by))
    return outcomes


def _file(path: Path, act: Callable[[Row, User], bool], by: User) -> Outcome:
    outcome = Outcome(path.name)
    try:
        rows = _rows(path.read_bytes())
    except NotReadable as fault:
        outcome.refused.append((1, "", str(fault)))
        rows = []
    for line, row in rows:
        try:
            with _acting(by, "exchange.taken_in"):
                new = act(row, by)
            outcome.done += new
            outcome.already += not new
        except PermissionDenied:
            outcome.refused.append((line, _key(row), _("The account of the exchange may not do this.")))
        except ValidationError as fault:
            outcome.refused.append((line, _key(row), "；".join(fault.messages)))
    _report(path, outcome)
    done = path.parent / "done"
    done.mkdir(exist_ok=True)
    path.rename(done / f"{timezone.localtime():%Y%m%dT%H%M%S%f}-{path.name}")
    return outcome


def _acting(by: User, step: str) -> Any:
    return declaring.acting(
        by,
        step=step,
        post=by.post.pk if by.post else None,
        institutions=by.institution_ids,
        identity=by.institution_ids if by.sees_identity else (),
    )


def _rows(content: bytes) -> list[tuple[int, Row]]:
    """(line, row) with our names of the columns; UTF-8 or GB 18030, as hospital systems write."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise NotReadable(_("The file is neither UTF-8 nor GB 18030.")) from None
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        rows = [
            (reader.line_num, {_head(k): (v or "").strip() for k, v in row.items() if isinstance(k, str)})
            for row in reader
        ]
    except csv.Error as fault:
        raise NotReadable(_("The file is no table of comma-separated values: %(fault)s.") % {"fault": fault}) from None
    if len(rows) > ROWS_MAX:
        raise NotReadable(_("The file has more than %(n)d rows.") % {"n": ROWS_MAX})
    return [(line, {k: WORDS.get(k, {}).get(v, v) for k, v in row.items()}) for line, row in rows]


def _head(name: str) -> str:
    return HEADS.get(name.strip(), name.strip().lower())


def _key(row: Row) -> str:
    return row.get("referral") or row.get("record_no") or ""


def _patient(row: Row, by: User) -> bool:
    year = row.get("birth_year", "")
    if year and not (year.isdecimal() and 1850 <= int(year) <= 2100):
        raise ValidationError({"birth_year": _("The year of birth has four digits.")})
    sex = row.get("sex") or Patient.Sex.UNKNOWN
    if sex not in Patient.Sex.values:
        raise ValidationError({"sex": _("The sex is 男, 女 or empty.")})
    new = NewPatient(
        record_no=row.get("record_no", ""),
        name=row.get("name", ""),
        sex=sex,
        birth_year=int(year) if year else None,
        id_number=row.get("id_number", ""),
        id_type=row.get("id_type") or "resident",
        phone=row.get("phone", ""),
        address=row.get("address", ""),
    )
    if len(new.record_no) > 40 or len(new.name) > 120:
        raise ValidationError(_("A record number has at most 40 characters, a name 120."))
    return put_patient(new=new, by=by)[1]


def _charge(row: Row, by: User) -> bool:
    """False when this very entry stands already."""
    number = row.get("referral", "")
    referral = Referral.objects.visible_to(by).filter(number=number).first() if number else None
    if referral is None:
        raise ValidationError(_("There is no request of this number, or not one of this hospital's."))
    receipt = row.get("receipt_no", "")
    if receipt and referral.charges.filter(receipt_no=receipt[:60], reversed_at__isnull=True).exists():
        return False
    try:
        amount = Decimal(row["amount"]) if row.get("amount") else None
    except InvalidOperation:
        raise ValidationError({"amount": _("The amount is a number of yuan.")}) from None
    kind = row.get("kind") or Charge.Kind.RECEIPT
    more: dict[str, Any] = {name: row.get(name, "") for name in ("inpatient_no", "invoice_code", "invoice_no")}
    charging.charge(referral=referral, by=by, kind=kind, receipt_no=receipt, amount=amount, **more)
    return True


def _report(path: Path, outcome: Outcome) -> None:
    """`NAME.errors.csv` beside the file, or none when every row is in."""
    beside = path.with_name(f"{path.stem}.errors.csv")
    if not outcome.refused:
        beside.unlink(missing_ok=True)
        return
    _write(beside, ("line", "key", "message"), outcome.refused)


def hand_out(folder: Path, *, by: User, since: timedelta) -> int:
    """Write `results.csv` with the reports of the last days, and each report's PDF under `pdf/`; how many PDFs are
    new. The table is replaced whole, so a reader never sees half of one."""
    if not by.may("referrals.view_referral"):
        raise PermissionDenied("referrals.view_referral")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pdf").mkdir(exist_ok=True)
    rows, new = [], 0
    with _acting(by, "exchange.handed_out"):
        for result in _results(by, timezone.now() - since):
            name = f"pdf/{result.referral.number}-{result.pk}.pdf" if result.pdf_id and by.sees_identity else ""
            if name and not (folder / name).exists():
                declaring.record_reading("referrals_referral", result.referral_id, "exchange")
                _put(folder / name, files.read(result.pdf))
                new += 1
            rows.append(_result_row(result, name))
        _write(folder / "results.csv", RESULTS, rows)
    return new


def _results(by: User, since: datetime) -> Any:
    found = Result.objects.filter(referral__in=Referral.objects.visible_to(by), reported_at__gte=since)
    return found.select_related("referral__patient", "referral__test", "specimen", "pdf", "superseded_by").order_by(
        "pk"
    )


def _result_row(result: Result, pdf: str) -> tuple[Any, ...]:
    return (
        result.referral.number,
        result.referral.patient.record_no,
        result.referral.test.code,
        result.specimen.barcode if result.specimen else "",
        timezone.localtime(result.reported_at).isoformat(timespec="seconds"),
        result.outcome,
        _harmless(result.findings),
        result.report_no,
        "yes" if hasattr(result, "superseded_by") else "",
        pdf,
        result.pdf.sha256 if result.pdf else "",
    )


def _harmless(text: str) -> str:
    """A spreadsheet does not take it for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _write(path: Path, heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """With a byte order mark, so that a spreadsheet reads the Chinese."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(heads)
    table.writerows(rows)
    _put(path, b"\xef\xbb\xbf" + text.getvalue().encode())


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all, and readable by the account alone."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False, prefix=".") as part:
        part.write(content)
    Path(part.name).replace(path)
