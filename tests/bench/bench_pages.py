"""What a page costs on a hundred thousand referrals, against the bare SQL that fetches the same rows.

    createdb bench && DATABASE_URL=postgresql:///bench python -m tests.bench.bench_pages [referrals] [times]

Fills the database named by DATABASE_URL once (migrations, reference data, the demo county, then its two years copied
back over many, each copy with patients and names of its own, some put back under way, trail included); a second run
finds it filled. Then page and SQL take turns, so that a busy machine slows both. A page is a whole request through every
layer: session, post, declaration, row level security, gates, template, worklists. The SQL is what psycopg needs to read
the rows shown, as the tables' owner, without any wall. The table gives milliseconds, the processor's
share of the page (what a busy machine cannot hide), and the ratio of the medians.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psycopg  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.models import Post, User  # noqa: E402
from audit import declaring  # noqa: E402
from audit.owner import owner  # noqa: E402
from referrals import barcodes, queries  # noqa: E402
from referrals.identity import name_fields  # noqa: E402
from referrals.models import Identity, Referral, Specimen, Status  # noqa: E402

# Tables of one case, in the order of their keys, and the columns that point at another table copied with them.
COPIED = {
    "referrals_patient": {},
    "referrals_identity": {"patient_id": "referrals_patient"},
    "referrals_referral": {"patient_id": "referrals_patient"},
    **{
        table: {"referral_id": "referrals_referral"}
        for table in (
            "referrals_evidence", "referrals_departmentaldiscussion", "referrals_mdtreview", "consent_consent",
            "referrals_outsourcingapproval", "referrals_charge", "referrals_specimen", "referrals_shipment",
            "referrals_result", "referrals_filing", "referrals_prescription",
            "supervision_finding",
        )
    },
}  # fmt: skip
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰萍鹏辉玲宁建国志文春晓雪梅海燕红梅子轩浩然"
LIVE = [one for one in Status if one not in ("draft", "filed", "discussion_disagreed", "mdt_disagreed",
        "patient_refused", "withdrawn", "cancelled", "voided")]  # fmt: skip
# Of a hundred filed copies so many are put back under way.
UNDER_WAY_IN_100 = 4


def fill(wanted: int) -> None:
    call_command("migrate", verbosity=0)
    with owner():
        if Referral.objects.count() >= wanted:
            return
    call_command("load_reference")
    call_command("load_demo")
    machine = User.objects.machine()
    with owner(), declaring.acting(machine, step="bench"), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM referrals_referral")
        copies = -(-wanted // cursor.fetchone()[0]) - 1
        _names(cursor)
        offsets = {}
        for table in COPIED:
            key = "patient_id" if table == "referrals_identity" else "id"
            cursor.execute(f"SELECT coalesce(max({key}), 0) FROM {table}")
            offsets[table] = cursor.fetchone()[0]
        for table, pointers in COPIED.items():
            _copy(cursor, table, pointers, offsets, copies)
    with owner(), connection.cursor() as cursor:
        for table in COPIED:
            if table != "referrals_identity":
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        cursor.execute("VACUUM (ANALYZE)")


def _names(cursor: Any) -> None:
    chosen = random.Random(7)
    cursor.execute("CREATE TEMPORARY TABLE bench_name (id int, name text, initials text, grams text[])")
    for number in range(4000):
        fields = name_fields(chosen.choice(SURNAMES) + "".join(chosen.choices(GIVEN, k=chosen.choice([1, 2, 2]))))
        values = [number, fields["name"], fields["name_initials"], fields["name_grams"]]
        cursor.execute("INSERT INTO bench_name VALUES (%s, %s, %s, %s)", values)


def _copy(cursor: Any, table: str, pointers: dict[str, str], offsets: dict[str, int], copies: int) -> None:
    """Every row `copies` times, each copy thirty-three days further back."""
    cursor.execute(
        "SELECT attname, format_type(atttypid, -1), attnotnull FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        [table],
    )
    columns = cursor.fetchall()
    source = f"SELECT t.*, k FROM {table} t, generate_series(1, {copies}) k"
    values = []
    for name, kind, _required in columns:
        value = f"t.{name}"
        if name in pointers:
            value = f"t.{name} + t.k * {offsets[pointers[name]]}"
        elif name == "id":
            value = f"t.id + t.k * {offsets[table]}"
        elif name in ("number", "record_no") and table in ("referrals_referral", "referrals_patient"):
            value = f"t.{name} || lpad(t.k::text, 3, '0')"
        elif table == "referrals_identity" and name in ("name", "name_initials", "name_grams"):
            value = f"n.{name.removeprefix('name_')}"
        elif name.endswith("_index"):
            value = "NULL"
        elif kind.startswith("timestamp"):
            value = f"t.{name} - t.k * interval '33 days'"
        elif name == "barcode":
            value = f"'X' || (t.id + t.k * {offsets[table]})"
        elif (table, name) == ("referrals_referral", "status"):
            live = "ARRAY[" + ", ".join(f"'{one.value}'" for one in LIVE) + "]"
            value = (
                f"CASE WHEN t.status = 'filed' AND (t.id * 7 + t.k * 13) % 100 < {UNDER_WAY_IN_100}"
                f" THEN ({live})[1 + (t.id + t.k) % {len(LIVE)}] ELSE t.status END"
            )
        values.append(value)
    names = ", ".join(name for name, _kind, _required in columns)
    named = "JOIN bench_name n ON n.id = (t.patient_id * 31 + t.k * 17) % 4000" if table == "referrals_identity" else ""
    cursor.execute(f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM ({source}) t {named}")
    print(f"{table}: {cursor.rowcount:,} rows copied", flush=True)


class Person:
    """A signed-in client of one post."""

    def __init__(self, role: str, institution: str):
        posts = Post.objects.filter(role_id=role, institution__code=institution, user__is_active=True)
        # The doctor with the most requests.
        found = Referral.objects.filter(requester__posts__in=posts).values_list("requester", flat=True)
        asked = found.order_by().distinct() if role == "R01" else []
        most = max(asked, key=lambda pk: Referral.objects.filter(requester=pk).count(), default=None)
        self.post = posts.filter(user=most).first() if most else posts.order_by("-user__is_demo", "pk").first()
        self.client = Client()
        self.client.force_login(self.post.user, backend="django.contrib.auth.backends.ModelBackend")
        session = self.client.session
        session["post"] = self.post.pk
        session.save()

    @property
    def where(self) -> str:
        scope = f"r.institution_id = {self.post.institution_id}"
        if self.post.role.scope == "own":
            scope += f" AND r.requester_id = {self.post.user_id}"
        elif self.post.role.scope == "department":
            scope += f" AND r.department_id = {self.post.department_id}"
        elif self.post.role.scope == "county":
            scope = "true"
        return scope

    def get(self, address: str) -> None:
        answer = self.client.get(address)
        if answer.status_code not in (200, 302):
            raise SystemExit(f"{address} answers {answer.status_code}")


LINE = (
    "SELECT r.*, p.*, i.name, t.name, d.name, u.name FROM referrals_referral r JOIN referrals_patient p ON p.id = r.patient_id"
    " LEFT JOIN referrals_identity i ON i.patient_id = p.id JOIN catalog_genetest t ON t.id = r.test_id"
    " LEFT JOIN accounts_department d ON d.id = r.department_id LEFT JOIN accounts_user u ON u.id = r.requester_id"
)
NEWEST = " ORDER BY r.requested_at DESC, r.id DESC LIMIT 26"


def line(where: str, order: str = NEWEST) -> list[str]:
    return [f"{LINE} WHERE {where}{order}"]


def case_sql(pk: int) -> list[str]:
    tables = [table for table, pointers in COPIED.items() if "referral_id" in pointers]
    return [f"{LINE} WHERE r.id = {pk}", *(f"SELECT * FROM {table} WHERE referral_id = {pk}" for table in tables)]


Pair = tuple[str, Callable[[], None], list[str]]


def pairs(round_: int, people: dict[str, Person]) -> list[Pair]:
    """Each page once, with other rows every round."""
    chosen = random.Random(round_)
    affairs, doctor, head, bureau = (people[one] for one in ("affairs", "doctor", "head", "bureau"))
    here = Referral.objects.filter(institution=affairs.post.institution_id)
    known = list(here.order_by("pk").values_list("pk", flat=True)[chosen.randrange(20000) :][:1])
    one = Referral.objects.select_related("patient__identity").get(pk=known[0])
    status = "r.status = ANY(ARRAY[" + ",".join(f"'{item.value}'" for item in LIVE) + "])"
    made: list[Pair] = []

    def add(what: str, person: Person, address: str, sql: list[str]) -> None:
        made.append((what, lambda: person.get(address), sql))

    add("case", affairs, f"/cases/{one.pk}/", case_sql(one.pk))
    for who, person in (("affairs", affairs), ("doctor", doctor), ("head", head), ("bureau", bureau)):
        add(f"list under way · {who}", person, "/cases/", line(f"{person.where} AND {status}"))
        add(f"list all · {who}", person, "/cases/?stage=all", line(person.where))
    key = f"{one.requested_at.timestamp():.6f}_{one.pk}"
    deep = f"{affairs.where} AND (r.requested_at, r.id) < ('{one.requested_at.isoformat()}', {one.pk})"
    add("list all, deep page", affairs, f"/cases/?stage=all&after={key}", line(deep))
    add(
        "list by number",
        affairs,
        f"/cases/?q={one.number[:11]}",
        line(f"{affairs.where} AND r.number LIKE '{one.number[:11]}%'"),
    )
    for code in queries.WAITING_CODES:
        keys = ",".join(str(pk) for pk in queries.waiting(here, code).values_list("pk", flat=True)[:26]) or "0"
        add(f"worklist {code}", affairs, f"/cases/?stage={code}", line(f"r.id IN ({keys})"))
    secretary = people["secretary"]
    add(
        "awaiting MDT",
        secretary,
        "/cases/mdt/",
        line(f"{secretary.where} AND r.status = 'awaiting_mdt'", " ORDER BY r.requested_at LIMIT 26"),
    )
    add(
        "awaiting discussion",
        head,
        "/cases/discussion/",
        line(f"{head.where} AND r.status = 'awaiting_discussion'", " ORDER BY r.requested_at LIMIT 26"),
    )
    add("my opinions", head, "/cases/deliberations/", ["SELECT 1"])
    add("home", affairs, "/", ["SELECT 1"])
    found = Identity.objects.get(pk=one.patient_id)
    specimen = Specimen.objects.filter(referral=one).first()
    searches = {
        "number": (one.number, f"r.number = '{one.number}'"),
        "number's beginning": (one.number[:13], f"r.number LIKE '{one.number[:13]}%'"),
        "record number": (one.patient.record_no, f"p.record_no = '{one.patient.record_no}'"),
        "name": (found.name, f"i.name_grams @> ARRAY['{found.name[:2]}']::varchar[] AND i.name LIKE '%{found.name}%'"),
        "surname": (found.name[0], f"i.name_grams @> ARRAY['{found.name[0]}']::varchar[]"),
        "pinyin": (found.name_initials, f"i.name_initials LIKE '{found.name_initials}%'"),
    }
    for what, (text, where) in searches.items():
        add(
            f"search {what}",
            affairs,
            f"/search/?q={text}",
            line(f"{affairs.where} AND {where}", NEWEST.replace("26", "51")),
        )
    if specimen:
        code = barcodes.barcode(one.number, 1)
        with owner(), declaring.acting(User.objects.machine(), step="bench"):
            Specimen.objects.filter(pk=specimen.pk).update(barcode=code)
        add(
            "search scan",
            affairs,
            f"/search/?q={code}",
            line(f"r.id IN (SELECT referral_id FROM referrals_specimen WHERE barcode = '{code}')"),
        )
    add("API list", affairs, "/api/v1/referrals/", line(affairs.where, NEWEST.replace("26", "51")))
    add(
        "API list by status",
        affairs,
        "/api/v1/referrals/?status=charged",
        line(f"{affairs.where} AND r.status = 'charged'", NEWEST.replace("26", "51")),
    )
    return made


def main(wanted: int = 100_000, times: int = 15) -> None:
    fill(wanted)
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = []
    with declaring.acting(User.objects.machine(), step="bench"):
        people = {
            "affairs": Person("R10", "LXZ"), "doctor": Person("R01", "LXZ"), "head": Person("R02", "LXZ"),
            "secretary": Person("R03", "LXZ"), "bureau": Person("R25", "LXW"),
        }  # fmt: skip
    took: dict[str, list[list[float]]] = {}
    parameters = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("dbname", "user", "host", "port", "password")
    }
    with psycopg.connect(**parameters, autocommit=True) as bare:
        for round_ in range(times + 1):
            with declaring.acting(User.objects.machine(), step="bench"):
                pages = pairs(round_, people)
            for what, page, sql in pages:
                started, cpu = time.perf_counter(), time.process_time()
                page()
                between, cpu = time.perf_counter(), time.process_time() - cpu
                for statement in sql:
                    bare.execute(statement).fetchall()
                ended = time.perf_counter()
                # The first round warms up.
                if round_:
                    pair = took.setdefault(what, [[], [], []])
                    pair[0].append((between - started) * 1000)
                    pair[1].append((ended - between) * 1000)
                    pair[2].append(cpu * 1000)
    with declaring.acting(User.objects.machine(), step="bench"):
        print(f"{Referral.objects.count():,} referrals, {times} rounds; milliseconds")
    print(f"{'page':<34}{'p50':>8}{'p95':>8}{'of it CPU':>11}{'SQL p50':>10}{'SQL p95':>9}{'ratio':>8}")
    for what, (page_took, sql_took, cpu_took) in took.items():
        middle, bare_middle = statistics.median(page_took), statistics.median(sql_took)
        print(
            f"{what:<34}{middle:8.1f}{_p95(page_took):8.1f}{statistics.median(cpu_took):11.1f}{bare_middle:10.2f}{_p95(sql_took):9.2f}"
            f"{middle / bare_middle:8.1f}"
        )


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(len(values) * 0.95))]


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
