"""What a laboratory's bill costs from the file to its differences, against a bare SQL join on the same rows.

    createdb bench && DATABASE_URL=postgresql:///bench python -m tests.bench.bench_bills [lines]

Fills the database named by DATABASE_URL with one hospital, one laboratory and as many cases as the bill has lines, each
with shipment, result and charge; the bill, a CSV of 50,000 lines unless told otherwise, has known slips: every 500th
line too dear, every 1,000th without a referral, every 2,500th twice, every 5,000th patient refunded. It is checked,
recorded and matched as a worker does it, trail and walls included, and must come to exactly these differences. The
bare join is what psycopg needs, as the tables' owner, to bring lines, referrals, shipments, results, contract prices
and charges together once, and to fetch what differs.
"""

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from accounts.models import Institution, Post, Role, User  # noqa: E402
from audit import declaring  # noqa: E402
from audit.owner import owner  # noqa: E402
from catalog.models import GeneTest  # noqa: E402
from documents.spreadsheets import check_table  # noqa: E402
from referrals.actions import bill_running, bills  # noqa: E402
from referrals.matching import rematch  # noqa: E402
from referrals.models import Reconciliation, StatementDifference  # noqa: E402
from vendors.models import Laboratory, StatementUpload  # noqa: E402

MONTH = "2026-03"
JOIN = """
SELECT l.id, l.amount, ci.settlement_price, r.id, c.amount
  FROM vendors_statementline l
  LEFT JOIN referrals_referral r ON r.number = l.sample_no AND r.institution_id = l.institution_id
  LEFT JOIN referrals_shipment s ON s.referral_id = r.id
  LEFT JOIN referrals_result x ON x.referral_id = r.id
  LEFT JOIN vendors_contractitem ci ON ci.test_id = r.test_id AND ci.laboratory_id = s.laboratory_id
       AND ci.institution_id = r.institution_id
  LEFT JOIN referrals_charge c ON c.referral_id = r.id AND c.reversed_at IS NULL
 WHERE l.institution_id = %s
   AND (r.id IS NULL OR x.id IS NULL OR c.id IS NULL OR ci.settlement_price <> l.amount)
"""


def columns_without_default(cursor, table: str, known: set[str]) -> dict[str, str]:
    """Columns that must be filled and that we do not name, with an empty value of their type."""
    cursor.execute(
        "SELECT attname, format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attnotnull AND attidentity = '' AND NOT atthasdef AND attgenerated = ''",
        [table],
    )
    empty = {"boolean": "false", "jsonb": "'{}'", "smallint": "0", "integer": "0"}
    return {
        name: ("'{}'" if kind.endswith("[]") else empty.get(kind, "''"))
        for name, kind in cursor.fetchall()
        if name not in known
    }


def insert(cursor, table: str, values: dict[str, str], source: str, parameters: dict) -> None:
    more = columns_without_default(cursor, table, set(values))
    every = {**more, **values}
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(every)}) SELECT {', '.join(every.values())} FROM {source}", parameters
    )


def fill(lines: int) -> tuple[User, Laboratory]:
    call_command("migrate", verbosity=0)
    call_command("load_reference")
    machine = User.objects.machine()
    with owner(), declaring.acting(machine, step="bench"), connection.cursor() as cursor:
        hospital = Institution.objects.create(code=f"BENCH{time.time():.0f}"[-18:], name="某县医院")
        laboratory = Laboratory.objects.create(code=f"B{time.time():.0f}", name="某检验所")
        finance = User.objects.create(username=f"bench{time.time():.0f}", name="会计", password="!")
        Post.objects.create(user=finance, institution=hospital, role=Role.objects.get(pk="R12"))
        test = GeneTest.objects.order_by("pk")[0]
        values = {"hospital": hospital.pk, "lab": laboratory.pk, "test": test.pk, "n": lines, "by": finance.pk}
        prefix = f"B{hospital.pk}-"
        number = f"'{prefix}' || lpad(n::text, 7, '0')"
        series = "generate_series(1, %(n)s) n"
        cursor.execute("SET LOCAL session_replication_role = replica")
        insert(
            cursor, "vendors_contract",
            {"number": f"'HT{prefix}'", "institution_id": "%(hospital)s", "laboratory_id": "%(lab)s", "valid_from": "'2025-01-01'",
             "procurement_no": "'CG'", "origin": "'ledger'"},
            "(SELECT 1) one", values,
        )  # fmt: skip
        insert(
            cursor, "vendors_contractitem",
            {"contract_id": "(SELECT max(id) FROM vendors_contract)", "test_id": "%(test)s", "settlement_price": "600",
             "institution_id": "%(hospital)s", "laboratory_id": "%(lab)s", "valid_from": "'2025-01-01'", "origin": "'ledger'"},
            "(SELECT 1) one", values,
        )  # fmt: skip
        insert(
            cursor, "referrals_patient",
            {"institution_id": "%(hospital)s", "record_no": number, "sex": "'female'", "birth_year": "1960"}, series, values,
        )  # fmt: skip
        insert(
            cursor, "referrals_referral",
            {"institution_id": "%(hospital)s", "number": "p.record_no", "patient_id": "p.id", "test_id": "%(test)s",
             "laboratory_id": "%(lab)s", "nature": "'clinical'", "status": "'reported'", "origin": "'ledger'",
             "requested_at": "'2026-03-01 09:00+08'"},
            "referrals_patient p WHERE p.institution_id = %(hospital)s", values,
        )  # fmt: skip
        mine = "referrals_referral r WHERE r.institution_id = %(hospital)s"
        insert(
            cursor, "referrals_shipment",
            {"referral_id": "r.id", "laboratory_id": "%(lab)s", "shipped_at": "'2026-03-05 09:00+08'",
             "received_at": "'2026-03-06 09:00+08'", "origin": "'ledger'"},
            mine, values,
        )  # fmt: skip
        insert(
            cursor, "referrals_result",
            {"referral_id": "r.id", "reported_at": "'2026-03-10 09:00+08'", "outcome": "'positive'", "origin": "'ledger'"},
            mine, values,
        )  # fmt: skip
        refunded = "CASE WHEN right(r.number, 7)::int %% 5000 = 7 THEN '2026-03-20'::timestamptz END"
        insert(
            cursor, "referrals_charge",
            {"referral_id": "r.id", "charged_at": "'2026-03-02 09:00+08'", "amount": "1000", "receipt_no": "'P'", "kind": "'receipt'",
             "reversed_at": refunded, "origin": "'ledger'"},
            mine, values,
        )  # fmt: skip
    with owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return finance, laboratory


def bill(prefix: str, lines: int) -> tuple[bytes, dict[str, int]]:
    rows, slips = ["样本号,检测项目,收样日期,结算金额"], {"no_referral": 0, "amount_differs": 0, "billed_twice": 0}
    for n in range(1, lines + 1):
        number, amount = f"{prefix}{n:07}", "600.00"
        if n % 1000 == 3:
            number, slips["no_referral"] = f"X{n}", slips["no_referral"] + 1
        elif n % 500 == 1:
            amount, slips["amount_differs"] = "650.00", slips["amount_differs"] + 1
        rows.append(f"{number},某项目,2026-03-06,{amount}")
        if n % 2500 == 2:
            rows.append(rows[-1])
            slips["billed_twice"] += 1
    return ("\n".join(rows) + "\n").encode(), slips


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    finance, laboratory = fill(lines)
    while bill_running.run_next():
        """What an earlier run that was broken off has left."""
    place = finance.post.institution_id
    content, slips = bill(f"B{place}-", lines)
    slips |= {
        "charge_missing": sum(1 for n in range(1, lines + 1) if n % 5000 == 7),
        "not_billed": slips["no_referral"],
    }
    columns = {"sample_no": "样本号", "test_name": "检测项目", "received_on": "收样日期", "amount": "结算金额"}
    took: dict[str, float] = {}

    def timed(what: str, act):
        begun = time.perf_counter()
        made = act()
        took[what] = time.perf_counter() - begun
        return made

    with declaring.acting(finance, step="bench", institutions=[place], identity=[place]):
        job = bills.give_in(
            upload=check_table(content, name="账单.csv"), laboratory=laboratory, month=MONTH, by=finance
        )
        bills.name_columns(upload=job, columns=columns, by=finance)
    timed("check", bill_running.run_next)
    with declaring.acting(finance, step="bench", institutions=[place], identity=[place]):
        bills.confirm(upload=StatementUpload.objects.get(pk=job.pk), by=finance)
    timed("record and match", bill_running.run_next)
    machine = User.objects.machine()
    with declaring.acting(machine, step="bench"):
        done = StatementUpload.objects.get(pk=job.pk)
        assert done.status == "done", (done.status, done.message)
        found: dict[str, int] = {}
        for kind in StatementDifference.objects.filter(institution=place).values_list("kind", flat=True):
            found[kind] = found.get(kind, 0) + 1
        assert found == slips, (found, slips)
        timed("match again", lambda: rematch([place]))
        from referrals.billing import figures

        month = Reconciliation.objects.get(institution=place, month=MONTH)
        timed("figures of the month", lambda: figures.of(month))
    with owner(), connection.cursor() as cursor:

        def join():
            cursor.execute(JOIN, [place])
            return cursor.fetchall()

        join()
        timed("bare SQL join", join)
    print(f"{lines:,} lines, differences {found}")
    for what, seconds in took.items():
        print(f"{what:>24}  {seconds:8.2f} s  {seconds / took['bare SQL join']:8.1f} × the bare join")


if __name__ == "__main__":
    main()
